//! Shared pieces of the suites.

use std::path::{Path, PathBuf};

/// Gives the folder of the whole repository.
///
/// Asks the runner first: a suite that was built from another clone into the same target folder is reused by cargo.
pub fn repository() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map_or(env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    package
        .parent()
        .expect("the suites lie one folder below the repository's root")
        .to_owned()
}

/// Finds a program of the workspace, such as `offsync`, beside the suite that is running.
///
/// Cargo does not build the programs of other packages for a suite; `make test` does before it starts them.
///
/// # Panics
/// If the program was not built; the message says how to build it.
pub fn program(name: &str) -> PathBuf {
    let suite = std::env::current_exe().expect("a running suite has a path");
    let built = suite
        .parent()
        .and_then(Path::parent)
        .expect("suites are built in target/PROFILE/deps");
    let program = built.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.is_file(),
        "{name} was not built; `make test` builds it, or: cargo build --workspace --bins --tests"
    );
    program
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_where_the_workspace_is_written_down() {
        assert!(repository().join("Cargo.toml").is_file());
    }

    #[test]
    #[should_panic(expected = "cargo build --workspace")]
    fn a_program_that_was_not_built_is_named_with_the_way_to_build_it() {
        program("no-such-program");
    }
}
