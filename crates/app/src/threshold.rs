//! Before which deletions homes ask, in words.

use offsync_core::guard::Threshold;
use offsync_engine::HeardThreshold;

/// Says which deletions wait for a yes.
pub fn many_deletions(threshold: &Threshold) -> String {
    let (least, percent, most) = (threshold.least(), threshold.percent(), threshold.most());
    let part = match (least, percent) {
        (1, 0) => Some("any file".to_owned()),
        (least, 0) => Some(format!("{least} files or more")),
        (_, 100) => None,
        (1, percent) => Some(format!(
            "any number of files that is more than {percent} % of the archive"
        )),
        (least, percent) => Some(format!(
            "{least} files or more that are more than {percent} % of the archive"
        )),
    };
    // Where the lowest number alone decides, the highest says nothing.
    let any_case = match (part.is_some(), percent) {
        (_, 0) => None,
        (true, _) => Some(format!("more than {most} in any case")),
        (false, _) => Some(format!("more than {most} files")),
    };
    let all = "all there are, with nothing new in their place".to_owned();
    match (part, any_case) {
        (Some(part), Some(any_case)) => format!("{part}, {any_case}, or {all}"),
        (Some(part), None) | (None, Some(part)) => format!("{part}, or {all}"),
        (None, None) => all,
    }
}

/// Says that another home changed before which deletions all homes ask.
pub(crate) fn threshold_changed(heard: &HeardThreshold) -> String {
    format!(
        "'{}' changed, for all homes, before which deletions a sync asks. They are now: {}. `offsync deletions FOLDER` changes it back",
        heard.by,
        many_deletions(&heard.threshold)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_a_yes_is_said_of_each_threshold() {
        let said = |least, percent, most| many_deletions(&Threshold::new(least, percent, most).expect("a threshold"));
        let all = "or all there are, with nothing new in their place";
        for (told, words) in [
            (
                said(5, 25, 1_000),
                "5 files or more that are more than 25 % of the archive, more than 1000 in any case, ",
            ),
            (
                said(1, 10, 20),
                "any number of files that is more than 10 % of the archive, more than 20 in any case, ",
            ),
            (said(1, 0, 20), "any file, "),
            (said(3, 0, 20), "3 files or more, "),
            (said(3, 100, 20), "more than 20 files, "),
        ] {
            assert_eq!(told, format!("{words}{all}"));
        }
    }
}
