//! Rust source as the rules read it: code without comments, texts and the tests at a file's end. No parser, no types.

/// A Rust file, read for words and paths.
pub(crate) struct Source<'a> {
    text: &'a str,
}

/// A piece of code: an identifier or a single sign, with its line (from 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

impl Token {
    pub(crate) fn is_word(&self) -> bool {
        self.text
            .starts_with(|first: char| first.is_alphabetic() || first == '_')
    }
}

impl<'a> Source<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// Counts the lines before the tests at the end.
    pub(crate) fn lines_without_tests(&self) -> usize {
        self.text.lines().take(self.tail_line()).count()
    }

    /// Gives all code, tests included.
    pub(crate) fn tokens(&self) -> Vec<Token> {
        tokens(self.text)
    }

    /// Gives the code before the tests at the end.
    pub(crate) fn tokens_without_tests(&self) -> Vec<Token> {
        let tail = self.tail_line();
        self.tokens().into_iter().filter(|token| token.line <= tail).collect()
    }

    /// Counts the lines before `#[cfg(test)]` with a module written out below it; all lines where there is none.
    fn tail_line(&self) -> usize {
        let lines: Vec<&str> = self.text.lines().collect();
        let opens_tests = |at: usize| {
            let item = lines[at + 1..].iter().find(|line| !line.starts_with("#["));
            lines[at] == "#[cfg(test)]" && item.is_some_and(|item| item.contains("mod ") && item.ends_with('{'))
        };
        (0..lines.len()).find(|&at| opens_tests(at)).unwrap_or(lines.len())
    }
}

/// Cuts code into words and signs; comments, texts, characters, lifetimes and numbers fall away.
fn tokens(text: &str) -> Vec<Token> {
    let mut rest = text;
    let mut line = 1;
    let mut found = Vec::new();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => block_comment(rest),
            '"' => quoted(rest, 1),
            'b' | 'c' if rest[1..].starts_with('"') => quoted(rest, 2),
            'r' | 'b' | 'c' if raw_text(rest).is_some() => raw_text(rest).unwrap_or(1),
            '\'' => character_or_lifetime(rest),
            _ if first.is_alphanumeric() || first == '_' => {
                let length = rest
                    .find(|c: char| !c.is_alphanumeric() && c != '_')
                    .unwrap_or(rest.len());
                if !first.is_numeric() {
                    found.push(Token {
                        text: rest[..length].to_owned(),
                        line,
                    });
                }
                length
            }
            _ => {
                if !first.is_whitespace() {
                    found.push(Token {
                        text: first.to_string(),
                        line,
                    });
                }
                first.len_utf8()
            }
        };
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    found
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// Measures a text in double quotes that begins before `from`.
fn quoted(rest: &str, from: usize) -> usize {
    let mut escaped = false;
    for (at, sign) in rest.char_indices().skip_while(|&(at, _)| at < from) {
        match sign {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

fn raw_text(rest: &str) -> Option<usize> {
    let opening = rest.trim_start_matches(['b', 'c']).strip_prefix('r')?;
    let marks = opening.len() - opening.trim_start_matches('#').len();
    let body = opening[marks..].strip_prefix('"')?;
    let closing = format!("\"{}", "#".repeat(marks));
    let end = body.find(&closing).map_or(body.len(), |end| end + closing.len());
    Some(rest.len() - body.len() + end)
}

fn character_or_lifetime(rest: &str) -> usize {
    let mut signs = rest.char_indices().skip(1);
    match (signs.next(), signs.next()) {
        (Some((_, '\\')), Some((at, escaped))) => {
            let from = at + escaped.len_utf8();
            rest[from..].find('\'').map_or(rest.len(), |end| from + end + 1)
        }
        (_, Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        Source::new(text)
            .tokens()
            .into_iter()
            .filter(Token::is_word)
            .map(|token| token.text)
            .collect()
    }

    #[test]
    fn comments_texts_and_characters_are_no_code() {
        let text = r##"a /* b /* c */ d */ e // f
            "g \" h" i 'j' '\'' k 'l: m r#"n " o"# p b"q" br"r" 's"##;
        assert_eq!(words(text), ["a", "e", "i", "k", "l", "m", "p", "s"]);
    }

    #[test]
    fn a_token_knows_its_line() {
        let tokens = Source::new("a\n\"x\ny\"\n/*\n*/ b").tokens();
        assert_eq!(tokens.iter().map(|token| token.line).collect::<Vec<_>>(), [1, 5]);
    }

    #[test]
    fn only_tests_written_out_at_the_end_are_left_out() {
        let tail = "a\nb\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n c\n}\n";
        assert_eq!(Source::new(tail).lines_without_tests(), 2);
        assert_eq!(Source::new(tail).tokens_without_tests().len(), 2);
        assert_eq!(Source::new("a\n#[cfg(test)]\nmod tests;\nb\n").lines_without_tests(), 4);
        assert_eq!(Source::new("a\n#[cfg(test)]\nfn b() {\n}\n").lines_without_tests(), 4);
    }
}
