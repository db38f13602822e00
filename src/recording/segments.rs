//! Bytes in pieces: the first views of a large cluster take tens of megabytes, and one piece that grew to hold them would
//! have the allocator keep as much for good.

use std::io::{self, Read, Write};

/// Bytes that a piece takes.
const PIECE_BYTES: usize = 64 << 10;

/// Bytes that are appended, and read in order.
#[derive(Debug, Default)]
pub(super) struct Segments {
    pieces: Vec<Vec<u8>>,
    length: usize,
}

impl Segments {
    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Takes all bytes out; the first piece is kept for the next.
    pub(super) fn clear(&mut self) {
        self.pieces.truncate(1);
        self.pieces.iter_mut().for_each(Vec::clear);
        self.length = 0;
    }

    /// The bytes from the first on.
    pub(super) fn reader(&self) -> impl Read {
        SegmentReader {
            pieces: &self.pieces,
            taken: 0,
        }
    }
}

#[cfg(test)]
impl From<&[u8]> for Segments {
    fn from(bytes: &[u8]) -> Self {
        let mut segments = Self::default();
        segments.write_all(bytes).expect("memory takes it");
        segments
    }
}

impl Write for Segments {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self
            .pieces
            .last()
            .is_none_or(|last| last.len() >= PIECE_BYTES)
        {
            self.pieces.push(Vec::with_capacity(PIECE_BYTES));
        }
        let Some(piece) = self.pieces.last_mut() else {
            return Ok(0);
        };
        let part = bytes.len().min(PIECE_BYTES - piece.len());
        piece.extend_from_slice(bytes.get(..part).unwrap_or_default());
        self.length += part;
        Ok(part)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct SegmentReader<'a> {
    pieces: &'a [Vec<u8>],
    /// What was read of the first of them.
    taken: usize,
}

impl Read for SegmentReader<'_> {
    fn read(&mut self, mut out: &mut [u8]) -> io::Result<usize> {
        while let Some((piece, after)) = self.pieces.split_first() {
            let rest = piece.get(self.taken..).unwrap_or_default();
            if rest.is_empty() {
                (self.pieces, self.taken) = (after, 0);
                continue;
            }
            let part = rest.len().min(out.len());
            self.taken += part;
            return out.write(rest);
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_written_is_read_in_order(
            lengths in prop::collection::vec(0_usize..200_000, 0..8),
            before in 0_usize..200_000,
        ) {
            let mut segments = Segments::default();
            segments.write_all(&vec![9; before]).expect("memory takes it");
            segments.clear();
            prop_assert!(segments.is_empty());
            let mut written = Vec::new();
            for length in lengths {
                let from = written.len();
                let bytes: Vec<u8> = (0..=250).cycle().skip(from % 251).take(length).collect();
                segments.write_all(&bytes).expect("memory takes it");
                written.extend(bytes);
            }
            prop_assert_eq!(segments.len(), written.len());
            let mut read = Vec::new();
            segments.reader().read_to_end(&mut read).expect("memory gives it");
            prop_assert!(read == written);
            let largest = segments.pieces.iter().map(Vec::capacity).max();
            prop_assert!(largest <= Some(PIECE_BYTES));
        }
    }
}
