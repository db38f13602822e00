//! Bytes as hex digits, and back.

use bytes::Bytes;

/// Two small digits a byte.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

/// Reads hex digits, small or capital, white space between them or not; `None` where the text is not of those.
pub(crate) fn decode(text: &[u8]) -> Option<Bytes> {
    let digits = std::str::from_utf8(text).ok()?.chars();
    let digits = digits.filter(|c| !c.is_whitespace());
    let digits = digits.map(|c| u8::try_from(c.to_digit(16)?).ok());
    let digits: Vec<u8> = digits.collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    Some(pairs.map(|pair| pair[0] << 4 | pair[1]).collect())
}
