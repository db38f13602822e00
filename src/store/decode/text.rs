//! Text in the encodings that turn up: UTF-8, UTF-16 of either order, Latin-1.
//! Control characters stay in it: the screen makes them visible.

use super::Reading;
use super::lines::Class;

impl Reading<'_> {
    /// Reads it as UTF-8 where that reads like text: no control characters but line ends, tabs and escapes.
    pub(super) fn utf8_text(&mut self) -> bool {
        let text = utf8(self.bytes, self.whole).filter(|text| is_readable(text));
        text.is_some_and(|text| self.text_lines(text))
    }

    /// As much for UTF-16 and Latin-1, which nearly any bytes can be: most of them must be printable.
    pub(super) fn other_text(&mut self) -> bool {
        let Some((text, encoding)) = readable(self.bytes) else {
            return false;
        };
        self.layers.push(encoding);
        self.text_lines(&text)
    }

    /// Reads it as text whatever it is: Latin-1 has a character for every byte.
    pub(super) fn any_text(&mut self) -> bool {
        if let Some(text) = utf8(self.bytes, self.whole) {
            return self.text_lines(text);
        }
        let (text, encoding) = utf16(self.bytes).unwrap_or_else(|| (latin1(self.bytes), "latin-1"));
        self.layers.push(encoding);
        self.text_lines(&text)
    }

    fn text_lines(&mut self, text: &str) -> bool {
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            if self.writer.is_full() {
                break;
            }
            self.writer.plain(Class::Text, line);
        }
        true
    }
}

/// Whether the bytes are UTF-8 as they stand: neither another encoding, nor UTF-16 of Latin letters.
pub(in crate::store) fn is_plain(bytes: &[u8]) -> bool {
    memchr::memchr(0, bytes).is_none() && std::str::from_utf8(bytes).is_ok()
}

/// The text that bytes are shown as which are not UTF-8, where they read like text.
pub(in crate::store) fn other_text(bytes: &[u8]) -> Option<String> {
    if is_plain(bytes) {
        return None;
    }
    let is_utf8_text = utf8(bytes, true).is_some_and(is_readable);
    (!is_utf8_text)
        .then(|| readable(bytes))
        .flatten()
        .map(|(text, _)| text)
}

/// UTF-16 or Latin-1 that reads like text, and which of the two it is.
fn readable(bytes: &[u8]) -> Option<(String, &'static str)> {
    if let Some(found) = utf16(bytes).filter(|(text, _)| is_readable(text)) {
        return Some(found);
    }
    let printable = |byte: &&u8| byte.is_ascii_graphic() || **byte == b' ';
    let printed = bytes.iter().filter(printable).count();
    // Most bytes of what is no text are no letters: those are seen without being decoded.
    if printed * 10 < bytes.len() * 7 {
        return None;
    }
    let text = latin1(bytes);
    is_readable(&text).then_some((text, "latin-1"))
}

/// The bytes as UTF-8. Of bytes that were cut the last character may be incomplete.
fn utf8(bytes: &[u8], whole: bool) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if !whole && error.error_len().is_none() => {
            std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()
        }
        Err(_) => None,
    }
}

/// UTF-16 where a mark at the start says so, or where every other byte of the start is 0.
fn utf16(bytes: &[u8]) -> Option<(String, &'static str)> {
    let (little, text) = match bytes {
        [0xff, 0xfe, rest @ ..] => (true, rest),
        [0xfe, 0xff, rest @ ..] => (false, rest),
        _ => (
            has_zeros(bytes, 1).or_else(|| has_zeros(bytes, 0).map(|_| false))?,
            bytes,
        ),
    };
    let (units, []) = text.as_chunks::<2>() else {
        return None;
    };
    let units = units.iter().map(|unit| {
        if little {
            u16::from_le_bytes(*unit)
        } else {
            u16::from_be_bytes(*unit)
        }
    });
    let text: Result<String, _> = char::decode_utf16(units).collect();
    Some((text.ok()?, if little { "utf-16le" } else { "utf-16be" }))
}

/// Whether the bytes at every second place are mostly 0: Latin letters in UTF-16.
fn has_zeros(bytes: &[u8], at: usize) -> Option<bool> {
    let start = bytes.get(..bytes.len().min(256))?;
    let places = start.iter().skip(at).step_by(2);
    let zeros = places.clone().filter(|byte| **byte == 0).count();
    (zeros > 1 && zeros * 10 >= places.len() * 9).then_some(true)
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// Whether a reader would take it for text; the start tells.
fn is_readable(text: &str) -> bool {
    let allowed = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{1b}');
    text.chars().take(64 * 1024).all(allowed)
}
