//! Lists of folders as servers tell them: in facts, where they know those, or as people read them.
//!
//! Never passes over a line that it cannot read: what is not listed would be taken for gone.

use suppaftp::list::ListParser;

/// What a folder holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) size_bytes: u64,
    pub(super) is_file: bool,
    /// When it was written last, by its server's clock, in seconds; `None` where that is not told to the second.
    pub(super) changed: Option<u64>,
}

/// Reads a list; `None` where a line of it makes no sense. What stands for the folder itself is left out.
pub(super) fn rows(text: &str, in_facts: bool) -> Option<Vec<Row>> {
    let lines = text.lines().map(|line| line.trim_end_matches('\r'));
    let lines = lines.filter(|line| !line.trim().is_empty() && (in_facts || !line.starts_with("total ")));
    let rows = lines.map(if in_facts { by_facts } else { by_words });
    let rows: Option<Vec<Option<Row>>> = rows.collect();
    let is_entry = |row: &Row| row.name != "." && row.name != "..";
    Some(rows?.into_iter().flatten().filter(is_entry).collect())
}

/// `type=file;size=7;modify=20261123120000; name`, as RFC 3659 has it.
fn by_facts(line: &str) -> Option<Option<Row>> {
    let (facts, name) = line.split_once(' ')?;
    let fact = |wanted: &str| {
        let mut facts = facts.split(';').filter_map(|fact| fact.split_once('='));
        facts
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value)
    };
    let kind = fact("type")?.to_ascii_lowercase();
    if kind == "cdir" || kind == "pdir" {
        return Some(None);
    }
    let is_file = kind == "file";
    let size_bytes = match fact("size") {
        Some(size) => size.parse().ok()?,
        None if is_file => return None,
        None => 0,
    };
    Some(Some(Row {
        name: name.to_owned(),
        size_bytes,
        is_file,
        changed: fact("modify").and_then(seconds),
    }))
}

/// As `ls -l` and `dir` write it.
fn by_words(line: &str) -> Option<Option<Row>> {
    let read = ListParser::parse_posix(line).or_else(|_| ListParser::parse_dos(line));
    let read = read.ok()?;
    Some(Some(Row {
        name: read.name().to_owned(),
        size_bytes: read.size() as u64,
        is_file: read.is_file(),
        // Without seconds, and of an old file without an hour.
        changed: None,
    }))
}

/// Reads `20261123120000`, in seconds since 1970.
fn seconds(stamp: &str) -> Option<u64> {
    let digits = stamp.get(..14)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| digits[from..to].parse::<u64>().ok();
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    if year < 1970 || !(1..=12).contains(&month) || day == 0 {
        return None;
    }
    // Years that begin in March end with the leap day; before 1970 lie 719,468 days of them.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some(((days * 24 + part(8, 10)?) * 60 + part(10, 12)?) * 60 + part(12, 14)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, size_bytes: u64, is_file: bool) -> Row {
        Row {
            name: name.into(),
            size_bytes,
            is_file,
            changed: None,
        }
    }

    #[test]
    fn facts_are_read_in_whatever_order_and_spelling() {
        let text = "type=cdir;modify=20261123120000; .\r\n\
                    Type=file;Size=7;Modify=20261123120000.25;UNIX.mode=0644; head.00ff\r\n\
                    size=4096;type=dir; a b; c\r\n\
                    type=OS.unix=slink:/x;size=1; link\r\n";
        let read = rows(text, true).expect("it makes sense");
        let names: Vec<&str> = read.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["head.00ff", "a b; c", "link"]);
        assert_eq!((read[0].size_bytes, read[0].is_file), (7, true));
        assert!(!read[1].is_file && !read[2].is_file);
        assert_eq!(read[0].changed, Some(1_795_435_200));
        assert_eq!(read[1].changed, None);
        for (stamp, since) in [
            ("19700101000000", Some(0)),
            ("20240229235959", Some(1_709_251_199)),
            ("20240301000000", Some(1_709_251_200)),
            ("20241301000000", None),
            ("2024", None),
        ] {
            assert_eq!(seconds(stamp), since, "{stamp}");
        }
        assert_eq!(rows("", true), Some(Vec::new()));
    }

    #[test]
    fn what_people_read_is_read() {
        let text = "total 8\r\n\
                    drwxr-xr-x    2 1000     1000         4096 Nov 23 12:00 .\r\n\
                    -rw-r--r--    1 1000     1000            7 Nov 23 12:00 head.00ff\r\n\
                    -rw-r--r--    1 1000     1000       123456 Jan 01  2024 .tmp-x y\r\n\
                    drwxr-xr-x    2 anna     users        4096 Nov 23 12:00 folder\r\n";
        assert_eq!(
            rows(text, false),
            Some(vec![
                row("head.00ff", 7, true),
                row(".tmp-x y", 123_456, true),
                row("folder", 4096, false)
            ])
        );
        let dos =
            "11-23-26  12:00PM       <DIR>          folder\r\n11-23-26  12:00PM                    7 head.00ff\r\n";
        assert_eq!(
            rows(dos, false),
            Some(vec![row("folder", 0, false), row("head.00ff", 7, true)])
        );
    }

    #[test]
    fn a_line_that_makes_no_sense_is_not_passed_over() {
        for (text, in_facts) in [
            ("type=file;size=x; a", true),
            ("type=file; a", true),
            ("nothing", true),
            ("<html>", true),
            ("<html>", false),
            ("-rw-r--r-- a", false),
        ] {
            assert_eq!(rows(text, in_facts), None, "{text}");
        }
    }
}
