//! Makes text safe to show (I14): whatever acts on a terminal is shown, not obeyed.
//!
//! Every text that a broker or a message brings passes through here on its way to the terminal.

use std::borrow::Cow;
use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

/// Text as one line that is safe to show.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        push(&mut shown, c);
    }
    Cow::Owned(shown)
}

/// How many columns a grapheme takes when it is shown.
pub(crate) fn columns(grapheme: &str) -> usize {
    UnicodeWidthStr::width(&*line(grapheme))
}

/// The beginning of bytes as one line that is safe to show: UTF-8 where they are, `\xNN` where they are not. Reads no
/// more than so many characters.
pub(crate) fn bytes(bytes: &[u8], limit: usize) -> String {
    beginning(bytes, limit).0
}

/// Both ends of bytes as [`bytes()`] shows them, so many characters of each, with a sign where something between them is left
/// out: what is cut in its middle ends as the whole does.
pub(crate) fn both_ends(bytes: &[u8], limit: usize) -> String {
    let (mut shown, read) = beginning(bytes, limit);
    let rest = bytes.get(read..).unwrap_or_default();
    // A character takes four bytes at most.
    let from = rest.len().saturating_sub(limit.saturating_mul(4));
    let mut end = rest.get(from..).unwrap_or_default();
    while from > 0
        && rest.len() - end.len() < from + 3
        && let [0x80..=0xbf, after @ ..] = end
    {
        end = after;
    }
    let marks: Vec<Mark> = marks(end).collect();
    let skipped = marks.len().saturating_sub(limit);
    if from > 0 || skipped > 0 {
        shown.push(LEFT_OUT);
    }
    for mark in marks.into_iter().skip(skipped) {
        mark.show(&mut shown);
    }
    shown
}

/// Stands for what is left out between two ends.
const LEFT_OUT: char = '…';

/// A character, or a byte that is part of none.
#[derive(Clone, Copy)]
enum Mark {
    Char(char),
    Byte(u8),
}

impl Mark {
    fn show(self, shown: &mut String) {
        match self {
            Self::Char(c) => push(shown, c),
            Self::Byte(byte) => push_hex(shown, u32::from(byte)),
        }
    }

    fn len(self) -> usize {
        match self {
            Self::Char(c) => c.len_utf8(),
            Self::Byte(_) => 1,
        }
    }
}

fn marks(bytes: &[u8]) -> impl Iterator<Item = Mark> {
    bytes.utf8_chunks().flat_map(|chunk| {
        let bytes = chunk.invalid().iter();
        let chars = chunk.valid().chars().map(Mark::Char);
        chars.chain(bytes.map(|byte| Mark::Byte(*byte)))
    })
}

/// So many characters as they are shown, and how many bytes they are.
fn beginning(bytes: &[u8], limit: usize) -> (String, usize) {
    let (mut shown, mut read) = (String::new(), 0);
    // Chunks are looked through whole, however little of them is taken.
    let most = bytes.get(..limit.saturating_mul(4)).unwrap_or(bytes);
    for mark in marks(most).take(limit) {
        mark.show(&mut shown);
        read += mark.len();
    }
    (shown, read)
}

fn push(shown: &mut String, c: char) {
    match c {
        '\0'..='\x1f' => shown.push(picture(c)),
        '\x7f' => shown.push('␡'),
        '\u{80}'..='\u{9f}' => push_hex(shown, u32::from(c)),
        _ if acts(c) => {
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
        }
        _ => shown.push(c),
    }
}

fn push_hex(shown: &mut String, value: u32) {
    let _ = write!(shown, "\\x{value:02x}");
}

/// Unicode has a picture of each control character: `␛` for escape.
fn picture(c: char) -> char {
    char::from_u32(0x2400 + u32::from(c)).unwrap_or('␀')
}

/// Whether a character acts on a terminal, or on how others are read: control characters, marks of direction, characters
/// without width, and those that are no characters.
pub(crate) fn acts(c: char) -> bool {
    matches!(
        c,
        '\0'..='\x1f'
            | '\x7f'..='\u{9f}'
            | '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
            | '\u{e000}'..='\u{f8ff}'
            | '\u{f0000}'..='\u{10ffff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts_on_the_terminal() {
        for (text, shown) in [
            ("plain é 漢", "plain é 漢"),
            ("\x1b[31mred\x07", "␛[31mred␇"),
            ("a\tb\nc", "a␉b␊c"),
            ("\u{9b}31m", "\\x9b31m"),
            ("abc\u{202e}def", "abc\\u{202e}def"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
            ("\x7f", "␡"),
        ] {
            assert_eq!(line(text), shown);
            assert_eq!(line(&line(text)), shown, "twice is once");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_told_apart_from_those_that_are() {
        assert_eq!(bytes(b"ok\xff\xfe!", 100), "ok\\xff\\xfe!");
        assert_eq!(bytes("é\u{1b}".as_bytes(), 100), "é␛");
        assert_eq!(bytes(b"abcdef", 3), "abc");
        assert_eq!(bytes(b"\xff\xff\xff", 2), "\\xff\\xff");
    }

    #[test]
    fn both_ends_are_those_of_the_whole() {
        for (whole, limit, shown) in [
            ("", 3, ""),
            ("abc", 3, "abc"),
            ("abcdef", 3, "abcdef"),
            ("abcdefg", 3, "abc…efg"),
            ("äöüßáéí", 3, "äöü…áéí"),
            ("a𝄞b𝄞c𝄞d𝄞e", 2, "a𝄞…𝄞e"),
            ("ab\x1bxyz\x07", 2, "ab…z␇"),
        ] {
            assert_eq!(both_ends(whole.as_bytes(), limit), shown, "{whole}");
        }
        assert_eq!(
            both_ends(b"\xff\xfe\xfd\xfc\xfb", 2),
            "\\xff\\xfe…\\xfc\\xfb"
        );
        assert_eq!(both_ends(&[0x80; 9], 2), r"\x80\x80…\x80\x80");
        let long = "w000 ".to_owned() + &"ä".repeat(100_000) + " w149";
        assert_eq!(both_ends(long.as_bytes(), 5), "w000 … w149");
    }

    #[test]
    fn no_control_character_is_left_of_any_byte() {
        let all: Vec<u8> = (0..=255).collect();
        assert!(!bytes(&all, 1000).chars().any(char::is_control));
    }
}
