//! People at a terminal, which `script` of Debian's bsdutils stands for: what they are asked, and Ctrl-C at a question.

use std::io::{Read, Write};
use std::path::Path;
use std::process::Stdio;

use crate::output::Output;
use crate::world::{Home, World};

/// A shell's code of what Ctrl-C ended.
const ENDED_BY_CTRL_C: i32 = 130;

/// Runs a command at a terminal; types each answer once its question stands there.
pub(crate) fn typed(home: &Home, at: &Path, command: &str, answers: &[(&str, &str)]) -> Output {
    let line = format!("{} {command}", offsync_tests::program("offsync").display());
    let mut script = home.command_of("script", ["-qefc", &line, "/dev/null"]);
    script.current_dir(at).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut run = script.spawn().expect("script is there");
    let mut keys = run.stdin.take().expect("it is piped");
    let mut screen = run.stdout.take().expect("it is piped");
    let (mut shown, mut some) = (Vec::new(), [0; 4096]);
    let mut answers = answers.iter().peekable();
    while let read @ 1.. = screen.read(&mut some).expect("it can be read") {
        shown.extend_from_slice(&some[..read]);
        let text = String::from_utf8_lossy(&shown);
        if let Some((_, answer)) = answers.next_if(|(question, _)| text.contains(question)) {
            keys.write_all(answer.as_bytes()).expect("it listens");
        }
    }
    let rest = run.wait_with_output().expect("it ends");
    let told = Output::new(&script, &std::process::Output { stdout: shown, ..rest });
    assert_eq!(answers.next(), None, "that was not asked: {told}");
    told
}

#[test]
fn ctrl_c_at_a_question_ends_the_command_and_changes_nothing() {
    let world = World::new();
    let pep = world.home("pep");
    let add = "account add cloud webdav+http://127.0.0.1:9/offsync";
    for answers in [&[("User: ", "\x03")][..], &[("User: ", "pep\n"), ("Password", "\x03")]] {
        let told = typed(&pep, &pep.folder, add, answers);
        told.expect_code(ENDED_BY_CTRL_C)
            .expect_out("Stopped. Nothing is lost.");
        assert!(!told.stdout.contains("This account needs"), "{told}");
    }
    pep.run(["account", "list"])
        .expect_code(0)
        .expect_out("This computer has no account.");
}
