//! Deletions that wait for a yes, as people read them: which, and what to type.

use offsync_app::view::HeldView;

use super::safe;

/// What to type for a yes and for a no.
const ANSWERS: &str = "If that is meant: `offsync sync FOLDER --yes`; if not, and the files are to stay: `offsync sync FOLDER --keep-files`.";

/// Tells which deletions wait for a yes.
pub(crate) fn held(held: &HeldView) -> Vec<String> {
    let mut lines = vec![format!(
        "  {} of {} files would be deleted. Nothing was deleted. {ANSWERS}",
        held.deletions, held.of
    )];
    lines.extend(sample(held));
    lines
}

/// Tells what to type, where it was said already that deletions wait.
pub(crate) fn answers(held: &HeldView) -> Vec<String> {
    let mut lines = vec![format!("  {ANSWERS}")];
    lines.extend(sample(held));
    lines
}

/// Names some of them.
fn sample(held: &HeldView) -> Vec<String> {
    let mut lines: Vec<String> = held.sample.iter().map(|path| format!("    {}", safe(path))).collect();
    if held.deletions > lines.len() as u64 {
        lines.push("    …".into());
    }
    lines
}
