//! Puts the window's pages, the icons and the capabilities into the program; fails where the pages were not built.

use std::path::Path;

const PAGES: &str = "../ui/dist";

fn main() {
    println!("cargo:rerun-if-changed={PAGES}");
    let wants_pages = std::env::var_os("CARGO_FEATURE_CUSTOM_PROTOCOL").is_some();
    assert!(
        !wants_pages || Path::new(PAGES).join("index.html").is_file(),
        "The window's pages are missing: ui/dist/index.html was not built. `make build` builds all; \
         for the pages alone: npm --prefix ui ci && npm --prefix ui run build"
    );
    tauri_build::build();
}
