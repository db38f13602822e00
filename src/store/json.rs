//! Reads JSON where it lies: token by token, without recursion, without building anything.
//! What is done with the tokens is their reader's: the inspector draws them, queries and columns follow paths.

/// A piece of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `{` or `[`.
    Open(Container),
    /// `}` or `]`.
    Close(Container),
    /// The key of a member, quotes and escapes as written.
    Key(&'a str),
    /// A string, quotes and escapes as written.
    String(&'a str),
    /// A number as written: no digit is lost.
    Number(&'a str),
    /// `true`, `false` or `null`.
    Literal(&'a str),
}

/// Which kind of bracket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    /// Members by key.
    Object,
    /// Elements by index.
    Array,
}

/// The text is not JSON from this byte on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) usize);

/// Tokens of one JSON value, which must be all there is. Depth costs one byte a level.
#[derive(Clone, Debug)]
pub(super) struct Tokens<'a> {
    text: &'a str,
    /// Where the last token ends.
    at: usize,
    /// Where it began.
    start: usize,
    open: Vec<Container>,
    expect: Expect,
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Value,
    FirstElement,
    FirstKey,
    AfterValue,
    End,
}

impl<'a> Tokens<'a> {
    /// The tokens of this text.
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            start: 0,
            open: Vec::new(),
            expect: Expect::Value,
        }
    }

    /// Whether the text is one whole JSON value.
    pub(super) fn are_whole(text: &str) -> bool {
        Tokens::new(text).all(|token| token.is_ok())
    }

    /// The text up to the end of the last token.
    pub(super) fn read(&self) -> &'a str {
        self.text.get(..self.at).unwrap_or_default()
    }

    /// The text from the start of the last token on.
    fn last_on(&self) -> &'a str {
        self.text.get(self.start..).unwrap_or_default()
    }

    /// Reads to the end of the containers that are open beyond this depth.
    pub(super) fn skip_to(&mut self, depth: usize) -> Option<()> {
        while self.open.len() > depth {
            self.next()?.ok()?;
        }
        Some(())
    }

    fn end(&mut self) {
        self.expect = Expect::End;
        self.at = self.text.len();
        self.open.clear();
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn cut(&self, from: usize) -> &'a str {
        self.text.get(from..self.at).unwrap_or_default()
    }

    fn token(&mut self) -> Result<Option<Token<'a>>, Malformed> {
        self.skip_spaces();
        match (self.expect, self.peek()) {
            (Expect::End, None) => Ok(None),
            (Expect::FirstElement, Some(b']')) => Ok(Some(self.close(Container::Array))),
            (Expect::FirstKey, Some(b'}')) => Ok(Some(self.close(Container::Object))),
            (Expect::FirstKey, Some(b'"')) => self.key().map(Some),
            (Expect::AfterValue, Some(next)) => self.after_value(next).map(Some),
            (Expect::Value | Expect::FirstElement, Some(next)) => self.value(next).map(Some),
            (Expect::End | Expect::FirstKey, Some(_)) | (_, None) => Err(Malformed(self.at)),
        }
    }

    fn value(&mut self, next: u8) -> Result<Token<'a>, Malformed> {
        let from = self.at;
        self.start = from;
        let token = match next {
            b'{' => return Ok(self.open(Container::Object, Expect::FirstKey)),
            b'[' => return Ok(self.open(Container::Array, Expect::FirstElement)),
            b'"' => Token::String(self.string()?),
            b't' => Token::Literal(self.word("true")?),
            b'f' => Token::Literal(self.word("false")?),
            b'n' => Token::Literal(self.word("null")?),
            _ => Token::Number(self.number(from)?),
        };
        self.expect = self.after();
        Ok(token)
    }

    fn open(&mut self, container: Container, expect: Expect) -> Token<'a> {
        self.at += 1;
        self.open.push(container);
        self.expect = expect;
        Token::Open(container)
    }

    fn close(&mut self, container: Container) -> Token<'a> {
        self.at += 1;
        self.open.pop();
        self.expect = self.after();
        Token::Close(container)
    }

    fn after(&self) -> Expect {
        if self.open.is_empty() {
            Expect::End
        } else {
            Expect::AfterValue
        }
    }

    fn after_value(&mut self, next: u8) -> Result<Token<'a>, Malformed> {
        match (self.open.last(), next) {
            (Some(Container::Array), b']') => Ok(self.close(Container::Array)),
            (Some(Container::Object), b'}') => Ok(self.close(Container::Object)),
            (Some(Container::Array), b',') => {
                self.at += 1;
                self.skip_spaces();
                let next = self.peek().ok_or(Malformed(self.at))?;
                self.value(next)
            }
            (Some(Container::Object), b',') => {
                self.at += 1;
                self.skip_spaces();
                self.key()
            }
            _ => Err(Malformed(self.at)),
        }
    }

    fn key(&mut self) -> Result<Token<'a>, Malformed> {
        if self.peek() != Some(b'"') {
            return Err(Malformed(self.at));
        }
        let key = self.string()?;
        self.skip_spaces();
        if self.peek() != Some(b':') {
            return Err(Malformed(self.at));
        }
        self.at += 1;
        self.expect = Expect::Value;
        Ok(Token::Key(key))
    }

    /// The string that begins here, quotes included.
    fn string(&mut self) -> Result<&'a str, Malformed> {
        let from = self.at;
        self.at += 1;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let plain = rest
                .iter()
                .position(|&byte| byte == b'"' || byte == b'\\' || byte < 0x20);
            self.at += plain.ok_or(Malformed(self.text.len()))?;
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                _ => return Err(Malformed(self.at)),
            }
        }
        self.at += 1;
        Ok(self.cut(from))
    }

    fn escape(&mut self) -> Result<(), Malformed> {
        let bytes = self.text.as_bytes();
        let length = match bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') => 6,
            _ => return Err(Malformed(self.at)),
        };
        let digits = bytes
            .get(self.at + 2..self.at + length)
            .ok_or(Malformed(self.at))?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(Malformed(self.at));
        }
        self.at += length;
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<&'a str, Malformed> {
        let from = self.at;
        let rest = self.text.get(from..).unwrap_or_default();
        if !rest.starts_with(word) {
            return Err(Malformed(from));
        }
        self.at += word.len();
        Ok(self.cut(from))
    }

    /// `-`? digits without a leading zero, then a fraction and an exponent, both optional.
    fn number(&mut self, from: usize) -> Result<&'a str, Malformed> {
        self.accept(b"-");
        let first = self.peek();
        let whole = self.digits()?;
        if first == Some(b'0') && whole > 1 {
            return Err(Malformed(from));
        }
        if self.accept(b".") {
            self.digits()?;
        }
        if self.accept(b"eE") {
            self.accept(b"+-");
            self.digits()?;
        }
        Ok(self.cut(from))
    }

    fn accept(&mut self, any: &[u8]) -> bool {
        let found = self.peek().is_some_and(|byte| any.contains(&byte));
        self.at += usize::from(found);
        found
    }

    fn digits(&mut self) -> Result<usize, Malformed> {
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == from {
            Err(Malformed(from))
        } else {
            Ok(self.at - from)
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Result<Token<'a>, Malformed>;

    /// Ends after the value, or after the first error.
    fn next(&mut self) -> Option<Self::Item> {
        let token = self.token().transpose();
        if matches!(token, Some(Err(_))) {
            self.end();
        }
        token
    }
}

/// The members or elements of the container with which a text begins: the key as written, and the text from the value
/// on. Ends where the container does, or where it is malformed.
#[derive(Clone, Debug)]
pub(super) struct Children<'a> {
    tokens: Tokens<'a>,
}

impl<'a> Children<'a> {
    /// None where the text begins with something else.
    pub(super) fn first_token(text: &'a str) -> Self {
        let mut tokens = Tokens::new(text);
        if !matches!(tokens.next(), Some(Ok(Token::Open(_)))) {
            tokens.end();
        }
        Self { tokens }
    }

    /// How many bytes of the text were read.
    pub(super) fn read(&self) -> usize {
        self.tokens.at
    }
}

impl<'a> Iterator for Children<'a> {
    type Item = (Option<&'a str>, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        self.tokens.skip_to(1)?;
        match self.tokens.next()?.ok()? {
            Token::Close(_) => None,
            Token::Key(key) => {
                self.tokens.next()?.ok()?;
                Some((Some(key), self.tokens.last_on()))
            }
            Token::Open(_) | Token::String(_) | Token::Number(_) | Token::Literal(_) => {
                Some((None, self.tokens.last_on()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serde_json_takes_is_whole_and_nothing_else() {
        let texts = [
            "{}",
            "[]",
            "[1,2]",
            "{\"a\":[{}]}",
            "\"\\u00e9\\n\"",
            "-0.5e+7",
            " [ null , true ] ",
            "0",
            "false",
            "",
            "{",
            "[1,]",
            "{\"a\"}",
            "{\"a\":}",
            "01",
            "1.",
            "+1",
            "\"\\x\"",
            "\"\u{1}\"",
            "nul",
            "[1 2]",
            "{1:2}",
            "[]]",
            "1 2",
            "\"",
            "\"\\u12\"",
            "{\"a\":1,}",
            "-",
            "1e",
            "]",
        ];
        for text in texts {
            let expected = serde_json::from_str::<serde_json::Value>(text).is_ok();
            assert_eq!(Tokens::are_whole(text), expected, "{text}");
        }
    }

    #[test]
    fn depth_does_not_matter() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(Tokens::are_whole(&deep));
    }
}
