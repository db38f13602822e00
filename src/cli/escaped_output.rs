//! The one way out for text: on a terminal every character that would act on it is shown instead (I14).
//! A pipe or a file gets the bytes as they are.

use std::fmt::{self, Write as _};
use std::io::{self, BufWriter, Write};

use serde::Serialize;

use crate::model::sanitise;

/// How a character that must not reach a terminal is written there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EscapeForm {
    /// As a picture or a number, as on the dashboard's screens.
    Shown,
    /// As JSON has it: what was printed can still be copied and parsed.
    Json,
}

/// A stream of the process.
pub struct EscapedOutput {
    inner: BufWriter<Box<dyn Write + Send>>,
    /// Whether what reads it may act on characters.
    escapes: bool,
    /// Columns of the terminal; `None` where it is none, or has none.
    columns: Option<usize>,
    /// The beginning of a character whose rest was not written yet.
    partial: Vec<u8>,
}

impl EscapedOutput {
    /// Writes to `inner`, and lets nothing through that acts on a terminal where it `escapes`.
    pub fn new(inner: Box<dyn Write + Send>, escapes: bool) -> Self {
        Self {
            inner: BufWriter::with_capacity(0, inner),
            escapes,
            columns: None,
            partial: Vec::new(),
        }
    }

    /// It is a terminal of so many columns.
    #[must_use]
    pub fn with_columns(self, columns: Option<usize>) -> Self {
        Self { columns, ..self }
    }

    /// Columns of the terminal, where it is one.
    pub(crate) fn columns(&self) -> Option<usize> {
        self.columns
    }

    /// Leads nowhere.
    pub(crate) fn sink() -> Self {
        Self::new(Box::new(io::sink()), false)
    }

    /// Hands on so many bytes at once.
    pub(crate) fn buffered(self, capacity: usize) -> Self {
        // Without room of its own it has nothing that could be lost.
        let (inner, _nothing) = self.inner.into_parts();
        let inner = BufWriter::with_capacity(capacity, inner);
        Self { inner, ..self }
    }

    /// Writes a control sequence of our own, or text that holds some and nothing of anyone else's.
    ///
    /// # Errors
    /// The stream could not be written.
    pub(crate) fn write_own(&mut self, sequence: &str) -> io::Result<()> {
        self.end_partial(EscapeForm::Shown)?;
        self.inner.write_all(sequence.as_bytes())
    }

    /// For text that is JSON.
    pub(crate) fn json(&mut self) -> JsonOutput<'_> {
        JsonOutput { output: self }
    }

    fn write_as(&mut self, bytes: &[u8], form: EscapeForm) -> io::Result<usize> {
        if !self.escapes {
            return self.inner.write(bytes);
        }
        let mut whole = std::mem::take(&mut self.partial);
        whole.extend_from_slice(bytes);
        let mut rest = whole.as_slice();
        let mut text = String::with_capacity(rest.len());
        loop {
            match std::str::from_utf8(rest) {
                Ok(valid) => {
                    push_text(&mut text, valid, form);
                    break;
                }
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    push_text(&mut text, &String::from_utf8_lossy(valid), form);
                    let Some(length) = error.error_len() else {
                        self.partial = after.to_vec();
                        break;
                    };
                    let (invalid, after) = after.split_at(length);
                    for byte in invalid {
                        push_byte(&mut text, *byte, form);
                    }
                    rest = after;
                }
            }
        }
        self.inner.write_all(text.as_bytes())?;
        Ok(bytes.len())
    }

    /// What began like a character and was none.
    fn end_partial(&mut self, form: EscapeForm) -> io::Result<()> {
        let mut text = String::new();
        for byte in std::mem::take(&mut self.partial) {
            push_byte(&mut text, byte, form);
        }
        self.inner.write_all(text.as_bytes())
    }
}

impl Write for EscapedOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_as(bytes, EscapeForm::Shown)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.end_partial(EscapeForm::Shown)?;
        self.inner.flush()
    }
}

impl fmt::Debug for EscapedOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("EscapedOutput");
        debug
            .field("escapes", &self.escapes)
            .finish_non_exhaustive()
    }
}

/// JSON on its way out.
pub(crate) struct JsonOutput<'a> {
    output: &'a mut EscapedOutput,
}

impl Write for JsonOutput<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.write_as(bytes, EscapeForm::Json)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

/// A value as JSON for a file, on one line: it means the same, and nothing in it acts on the terminal of whoever looks at it.
///
/// # Errors
/// The value cannot be JSON.
pub(crate) fn json_line(value: &impl Serialize) -> serde_json::Result<String> {
    let mut line = String::new();
    push_text(&mut line, &serde_json::to_string(value)?, EscapeForm::Json);
    line.push('\n');
    Ok(line)
}

/// Lines and tabs are ours: in a cell, a sentence or a string of JSON they have been escaped before.
fn push_text(text: &mut String, valid: &str, form: EscapeForm) {
    for c in valid.chars() {
        if matches!(c, '\n' | '\t') || !sanitise::acts(c) {
            text.push(c);
        } else if form == EscapeForm::Shown {
            text.push_str(&sanitise::line(c.encode_utf8(&mut [0; 4])));
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // A string takes all that is written to it.
                let _infallible = write!(text, "\\u{unit:04x}");
            }
        }
    }
}

fn push_byte(text: &mut String, byte: u8, form: EscapeForm) {
    let _infallible = match form {
        EscapeForm::Shown => write!(text, "\\x{byte:02x}"),
        // JSON has no bytes, and none of ours holds any.
        EscapeForm::Json => text.write_str("\\ufffd"),
    };
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(escapes: bool, write: impl FnOnce(&mut EscapedOutput)) -> Vec<u8> {
        let written = Written::default();
        let mut output = EscapedOutput::new(Box::new(written.clone()), escapes).buffered(64);
        write(&mut output);
        output.flush().unwrap();
        drop(output);
        let bytes = written.0.lock().unwrap();
        bytes.clone()
    }

    #[test]
    fn no_byte_sequence_acts_on_a_terminal_however_it_is_cut() {
        let hostile = "é\u{1b}]52;c;aGk=\u{7}\u{9b}2J\u{202e}漢\u{e0001}\r\n\tz".as_bytes();
        let hostile = [hostile, b"\x9b31m\xff\xe6\xbc", b"end"].concat();
        let whole = written(true, |out| out.write_all(&hostile).unwrap());
        for cut in 0..=hostile.len() {
            let cut = written(true, |out| {
                out.write_all(&hostile[..cut]).unwrap();
                out.write_all(&hostile[cut..]).unwrap();
            });
            assert_eq!(cut, whole);
        }
        let shown = String::from_utf8(whole).unwrap();
        let ours = |c: char| matches!(c, '\n' | '\t');
        assert!(!shown.chars().any(|c| sanitise::acts(c) && !ours(c)));
        assert_eq!(
            shown,
            "é␛]52;c;aGk=␇\\x9b2J\\u{202e}漢\\u{e0001}␍\n\tz\\x9b31m\\xff\\xe6\\xbcend"
        );
    }

    #[test]
    fn json_means_the_same_on_a_terminal() {
        let value = serde_json::json!({"a\u{9b}": "\u{85}\u{202e}\u{7f}\u{e0001}\u{1b}\n\t😀é"});
        let text = written(true, |out| {
            serde_json::to_writer(out.json(), &value).unwrap();
        });
        let text = String::from_utf8(text).unwrap();
        assert!(!text.chars().any(sanitise::acts), "{text}");
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read, value);
    }

    #[test]
    fn a_pipe_gets_the_bytes_and_our_own_sequences_stay() {
        let bytes = b"\x1b[2J\x9b\xff\r\n";
        assert_eq!(written(false, |out| out.write_all(bytes).unwrap()), bytes);
        let bold = written(true, |out| {
            out.write_all(b"a\xc3").unwrap();
            out.write_own("\u{1b}[1m").unwrap();
        });
        assert_eq!(bold, b"a\\xc3\x1b[1m");
    }
}
