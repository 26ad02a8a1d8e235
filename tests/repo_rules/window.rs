//! The window's pages reach Tauri through one folder, so that everything else is tested in a plain browser.

use crate::tree::{self, TreeFile};

const BACKEND: &str = "ui/src/lib/backend/";

#[test]
fn only_the_backend_folder_imports_tauri() {
    let offences: Vec<String> = tree::texts().iter().flat_map(tauri_imports).collect();
    crate::none(&format!("only {BACKEND} imports @tauri-apps"), &offences);
}

fn tauri_imports(file: &TreeFile) -> Vec<String> {
    let page = file.path.starts_with("ui/") && file.has_extension(&["ts", "js", "mjs", "svelte"]);
    if !page || file.path.starts_with(BACKEND) {
        return Vec::new();
    }
    let imports = |line: &str| line.contains("\"@tauri-apps/") || line.contains("'@tauri-apps/");
    let lines = file.text.lines().enumerate().filter(|(_, line)| imports(line));
    lines.map(|(at, _)| format!("{}:{}", file.path, at + 1)).collect()
}

#[test]
fn an_import_of_tauri_elsewhere_is_seen() {
    let check = |path: &str| {
        tauri_imports(&TreeFile::new(
            path,
            "a\nimport { invoke } from \"@tauri-apps/api/core\";\n",
        ))
    };
    assert_eq!(check("ui/src/views/Home.svelte"), ["ui/src/views/Home.svelte:2"]);
    assert_eq!(check("ui/src/lib/status.svelte.ts"), ["ui/src/lib/status.svelte.ts:2"]);
    assert!(check("ui/src/lib/backend/tauri.ts").is_empty() && check("docs/architecture.md").is_empty());
}
