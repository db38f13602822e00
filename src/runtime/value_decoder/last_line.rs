//! The last line that a program wrote on standard error, which mostly says what went wrong. The rest is read and forgotten.

use tokio::io::AsyncReadExt;
use tokio::process::ChildStderr;

/// Bytes of a line that are kept.
const MOST_LINE: usize = 1_000;

/// Reads standard error.
pub(super) struct LastLine {
    from: Option<ChildStderr>,
    /// The line that is not at its end.
    line: Vec<u8>,
    /// The last one that was, and had anything in it.
    last: Vec<u8>,
}

impl LastLine {
    /// Nothing was read yet.
    pub(super) fn new(from: Option<ChildStderr>) -> Self {
        Self {
            from,
            line: Vec::new(),
            last: Vec::new(),
        }
    }

    /// Reads until the program closes it. May be dropped at any time, and called again.
    pub(super) async fn read_to_end(&mut self) {
        let mut bytes = [0; 4096];
        while let Some(from) = &mut self.from {
            match from.read(&mut bytes).await {
                Ok(0) | Err(_) => self.from = None,
                Ok(length) => self.add(bytes.get(..length).unwrap_or_default()),
            }
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = MOST_LINE.saturating_sub(self.line.len());
            self.line.extend(piece.iter().take(room));
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                if !line.trim_ascii().is_empty() {
                    self.last = line;
                }
            }
        }
    }

    /// What it said last; empty where it said nothing.
    pub(super) fn text(&self) -> String {
        let line = self.line.trim_ascii();
        let line = if line.is_empty() { &self.last } else { line };
        String::from_utf8_lossy(line.trim_ascii()).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_with_anything_in_it_is_kept_and_no_more_than_its_beginning() {
        let mut line = LastLine::new(None);
        assert_eq!(line.text(), "");
        line.add(b"Traceback\n  at x\nKeyErr");
        assert_eq!(line.text(), "KeyErr");
        line.add(b"or: 'id'\n\n  \n");
        assert_eq!(line.text(), "KeyError: 'id'");
        line.add(&[b'x'; 5_000]);
        line.add(b"\n");
        assert_eq!(line.text().len(), MOST_LINE);
    }
}
