//! Sheets survive being typed in again; a slip is named by its line.

use proptest::prelude::*;

use super::*;

fn sheet() -> RecoverySheet {
    RecoverySheet {
        archive_id: ArchiveId::new([1; 16]),
        archive_name: "Photos".into(),
        archive_key: [2; 32].into(),
        location: LocationId::new([3; 16]),
        label: "Pep's home".into(),
        person: "Pep".into(),
        signing_seed: [4; 32].into(),
        exchange_seed: [5; 32].into(),
        mailbox: "fs:///media/stick".into(),
        allowance_bytes: Some(1 << 30),
        park_after_days: 180,
    }
}

fn typed(sheet: &RecoverySheet) -> Vec<String> {
    sheet.lines().iter().map(|line| line.to_string()).collect()
}

fn check(lines: &[String], expected: Result<RecoverySheet, SheetError>) {
    assert_eq!(RecoverySheet::parse(&lines.join("\n")), expected, "{lines:#?}");
}

#[test]
fn a_sheet_of_the_first_version_is_read_for_ever() {
    let golden = include_str!("golden/v1/recovery.txt");
    let written = typed(&sheet()).join("\n");
    assert_eq!(golden.trim_end(), written, "written now:\n{written}");
    assert_eq!(RecoverySheet::parse(golden), Ok(sheet()));
}

#[test]
fn a_sheet_survives_being_typed_by_hand() {
    let lines = typed(&sheet());
    let as_read_out = |line: &String| {
        line.to_lowercase()
            .replace('0', "o")
            .replace('1', "l")
            .replace(' ', "-")
    };
    let numbers = |(at, line): (usize, &String)| format!("  {}.{}", at + 1, &line[2..].replace(' ', ""));
    check(&lines.iter().enumerate().map(numbers).collect::<Vec<_>>(), Ok(sheet()));
    let run_together = |line: &String| line.replace(' ', "").to_lowercase();
    check(&lines.iter().map(run_together).collect::<Vec<_>>(), Ok(sheet()));
    let mut shuffled: Vec<String> = lines
        .iter()
        .map(|line| line[..3].to_owned() + &as_read_out(&line[3..].to_owned()))
        .collect();
    shuffled.reverse();
    shuffled.insert(
        0,
        "2026-11-20  Photos, of Pep, who keeps it as one keeps a passport and tells nobody".into(),
    );
    shuffled.push(lines[2].clone());
    check(&shuffled, Ok(sheet()));
}

#[test]
fn every_slip_is_named_by_its_line() {
    let sound = typed(&sheet());
    for at in 0..sound.len() {
        let line = at + 1;
        let spoil = |how: &dyn Fn(&mut String)| {
            let mut lines = sound.clone();
            how(&mut lines[at]);
            lines
        };
        let wrong = spoil(&|line| {
            let other = if line.as_bytes()[9] == b'7' { "8" } else { "7" };
            line.replace_range(9..10, other);
        });
        check(&wrong, Err(SheetError::Slip { line }));
        check(
            &spoil(&|line| line.truncate(40)),
            Err(SheetError::Length { line, found: 29 }),
        );
        check(
            &spoil(&|line| line.replace_range(9..10, "u")),
            Err(SheetError::Character { line, found: 'u' }),
        );
        check(&spoil(&String::clear), Err(SheetError::Missing { line }));
        let mut renumbered = sound.clone();
        renumbered[at].replace_range(..2, "98");
        check(&renumbered, Err(SheetError::Slip { line: 98 }));
    }
}

#[test]
fn lines_that_do_not_belong_together_are_no_sheet() {
    let mut other = sheet();
    other.signing_seed = [9; 32].into();
    let mut mixed = typed(&sheet());
    let line = typed(&other)[5].clone();
    assert_ne!(mixed[5], line);
    let twice = [mixed.clone(), vec![line.clone()]].concat();
    check(&twice, Err(SheetError::Twice { line: 6 }));
    mixed[5] = line;
    check(&mixed, Err(SheetError::Mixed));
    check(
        &["Dear Pep, here are my 99 photos of the long summer at the sea".into()],
        Err(SheetError::NotASheet),
    );
}

#[test]
fn a_sheet_of_a_newer_version_says_so() {
    let mut bytes = sheet().padded().to_vec();
    bytes[0] = 2;
    let lines: Vec<String> = bytes
        .chunks(LINE_BYTES)
        .enumerate()
        .map(|(at, data)| write_line(at + 1, data))
        .collect();
    check(&lines, Err(SheetError::Newer { version: 2 }));
}

proptest! {
    #[test]
    fn any_sheet_survives(
        name in "\\PC{0,40}", label in "\\PC{0,40}", mailbox in "\\PC{0,80}", seed: [u8; 32], allowance: Option<u64>, days: u32,
    ) {
        let sheet = RecoverySheet {
            archive_name: name,
            label,
            mailbox,
            signing_seed: seed.into(),
            allowance_bytes: allowance,
            park_after_days: days,
            ..sheet()
        };
        prop_assert_eq!(RecoverySheet::parse(&typed(&sheet).join("\n")), Ok(sheet));
    }

    #[test]
    fn any_text_is_read_without_harm(text in "\\PC{0,200}", line in "[0-9]{1,3}[ .][0-9A-Za-z ]{20,60}") {
        let _ = RecoverySheet::parse(&format!("{text}\n{line}"));
    }
}
