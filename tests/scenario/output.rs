//! What the program answered: its code, its one document, what it told the person.

use std::process::Command;

use serde_json::Value;

/// One run of the program.
pub(crate) struct Output {
    command: String,
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    /// Runs a command to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().expect("the program can be started");
        Self::new(command, &output)
    }

    pub(crate) fn new(command: &Command, output: &std::process::Output) -> Self {
        let arguments: Vec<String> = command.get_args().map(|argument| format!("{argument:?}")).collect();
        Self {
            command: arguments.join(" "),
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout.clone()).expect("what is printed is UTF-8"),
            stderr: String::from_utf8(output.stderr.clone()).expect("what is told is UTF-8"),
        }
    }

    /// Expects an exit code.
    #[track_caller]
    pub(crate) fn expect_code(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "the exit code of {self}");
        self
    }

    /// Expects words for people on standard output.
    #[track_caller]
    pub(crate) fn expect_out(&self, words: &str) -> &Self {
        assert!(self.stdout.contains(words), "{words:?} is not said: {self}");
        self
    }

    /// Gives the one document on standard output; anything beside it is an error.
    #[track_caller]
    pub(crate) fn document(&self) -> Value {
        let mut documents = serde_json::Deserializer::from_str(&self.stdout).into_iter::<Value>();
        match (documents.next(), documents.next()) {
            (Some(Ok(document)), None) => document,
            _ => panic!("standard output is not exactly one document: {self}"),
        }
    }

    /// Gives the only report of a `sync`.
    #[track_caller]
    pub(crate) fn only_report(&self) -> Value {
        let document = self.document();
        let reports = document.as_array().unwrap_or_else(|| panic!("not a list: {self}"));
        assert_eq!(reports.len(), 1, "one report for one archive: {self}");
        reports[0].clone()
    }

    /// Expects a failure: its code, its stable word, and sentences that hold all of `words`.
    #[track_caller]
    pub(crate) fn expect_failure(&self, exit: i32, code: &str, words: &[&str]) {
        self.expect_code(exit);
        let document = self.document();
        let error = &document["error"];
        assert_eq!(error["code"], code, "{self}");
        let part = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        let (message, hint) = (part("message"), part("hint"));
        for sentence in [&message, &hint] {
            assert!(is_sentence(sentence), "not a sentence: {sentence:?} in {self}");
        }
        let said = format!("{message} {hint}");
        for word in words {
            assert!(said.contains(word), "{word:?} is not said: {self}");
        }
    }
}

/// Tells whether a text begins like a sentence, ends like one, and is on one line.
fn is_sentence(text: &str) -> bool {
    let ends = text.ends_with(['.', '?', '!', '`', ')']);
    let begins = text.chars().next().is_some_and(|first| !first.is_lowercase());
    ends && begins && !text.chars().any(char::is_control) && !text.contains("..") && !text.contains("os error")
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            command,
            code,
            stdout,
            stderr,
        } = self;
        write!(f, "offsync {command}\n  code {code}\n  out: {stdout}\n  err: {stderr}")
    }
}
