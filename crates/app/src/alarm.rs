//! What no sound world shows, in a sentence each: what is wrong, that nothing was changed, and the one thing to do.

use offsync_engine::{Alarm, AlarmKind};

/// Puts an alarm into words: what is wrong, and the one thing to do.
pub(crate) fn alarm_words(alarm: &Alarm) -> (String, String) {
    let who = match alarm.label.as_str() {
        "" => format!("location {}", alarm.location),
        label => format!("'{label}'"),
    };
    match alarm.kind {
        AlarmKind::SaidTwice => (
            format!(
                "ALARM: {who} went back to a backup, the mailbox too, and now sends other changes under numbers that it had used before. Nothing of that was taken in, and what is here stays."
            ),
            format!("Sync {who} twice: it then sends its changes anew under another id."),
        ),
        AlarmKind::Diverged => (
            format!(
                "ALARM: {who} has heard just what was heard here, and holds something else. Nothing was changed."
            ),
            "Sync there and here in turn, a few times: one of the two then begins again from the other, and no file is lost.".into(),
        ),
    }
}

/// Puts an alarm into one sentence after the other.
pub(crate) fn alarm_sentence(alarm: &Alarm) -> String {
    let (message, hint) = alarm_words(alarm);
    format!("{message} {hint}")
}

#[cfg(test)]
mod tests {
    use offsync_core::ids::LocationId;

    use super::*;

    #[test]
    fn an_alarm_names_whose_sync_heals_it() {
        let check = |label: &str, kind, said: &str| {
            let alarm = Alarm {
                location: LocationId::new([0xab; 16]),
                label: label.into(),
                kind,
            };
            let sentence = alarm_sentence(&alarm);
            assert!(sentence.contains(said), "{sentence}");
        };
        check("Pep's home", AlarmKind::SaidTwice, "Sync 'Pep's home' twice");
        check("", AlarmKind::Diverged, "location abababab");
    }
}
