//! A block of a recording: some records, compressed on their own, with their length and checksum, so that a file that was cut
//! short or damaged gives everything up to there.

use std::io::{self, Read, Write};

use bytes::Bytes;
use ruzstd::decoding::StreamingDecoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::segments::Segments;
use crate::model::Timestamp;

/// Bytes of a block's own head: length, length of what comes out, checksum, flags, first and last time.
const HEAD: usize = 4 + 4 + 4 + 1 + 8 + 8;

/// Bytes that come out of a block at most: a view of a hundred thousand partitions, and more. A damaged file may ask for more.
const MOST_RAW: u32 = 512 << 20;

/// Some records, compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Whether its records need none of the blocks before it to be read.
    pub starts_group: bool,
    /// The time of its first record.
    pub first: Timestamp,
    /// The time of its last record.
    pub last: Timestamp,
    raw: u32,
    bytes: Bytes,
}

impl Block {
    /// Compresses records.
    pub(super) fn seal(
        raw: &Segments,
        starts_group: bool,
        (first, last): (Timestamp, Timestamp),
    ) -> Self {
        Self {
            starts_group,
            first,
            last,
            raw: u32::try_from(raw.len()).unwrap_or(u32::MAX),
            bytes: compress_to_vec(raw.reader(), CompressionLevel::Fastest).into(),
        }
    }

    /// Bytes that it takes in a file or in memory.
    pub fn size(&self) -> usize {
        HEAD + self.bytes.len()
    }

    /// Appends it to a file.
    ///
    /// # Errors
    /// What the file said.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let length = u32::try_from(self.bytes.len()).map_err(io::Error::other)?;
        out.write_all(&length.to_le_bytes())?;
        out.write_all(&self.raw.to_le_bytes())?;
        out.write_all(&self.checksum().to_le_bytes())?;
        out.write_all(&[u8::from(self.starts_group)])?;
        out.write_all(&self.first.0.to_le_bytes())?;
        out.write_all(&self.last.0.to_le_bytes())?;
        out.write_all(&self.bytes)
    }

    /// The next block of a file; `None` where it is cut short or damaged. What is read is taken from the front.
    pub(super) fn read(rest: &mut Bytes) -> Option<Self> {
        let mut head = rest.get(..HEAD)?;
        let length = usize::try_from(u32::from_le_bytes(take(&mut head)?)).ok()?;
        let raw = u32::from_le_bytes(take(&mut head)?);
        let checksum = u32::from_le_bytes(take(&mut head)?);
        let [flags] = take(&mut head)?;
        let first = Timestamp(i64::from_le_bytes(take(&mut head)?));
        let last = Timestamp(i64::from_le_bytes(take(&mut head)?));
        if flags > 1 || raw > MOST_RAW || rest.len() - HEAD < length {
            return None;
        }
        let block = Self {
            starts_group: flags != 0,
            first,
            last,
            raw,
            bytes: rest.slice(HEAD..HEAD + length),
        };
        if block.checksum() != checksum {
            return None;
        }
        *rest = rest.slice(HEAD + length..);
        Some(block)
    }

    /// Its records; `None` where it holds none that can be read.
    pub(super) fn open(&self) -> Option<Vec<u8>> {
        let decoder = StreamingDecoder::new(&*self.bytes).ok()?;
        let mut raw = Vec::new();
        decoder
            .take(u64::from(self.raw))
            .read_to_end(&mut raw)
            .ok()?;
        (u32::try_from(raw.len()) == Ok(self.raw)).then_some(raw)
    }

    fn checksum(&self) -> u32 {
        let times = [self.first, self.last].map(|time| time.0.to_le_bytes());
        let flags = [u8::from(self.starts_group)];
        let head = [&self.raw.to_le_bytes()[..], &flags, &times[0], &times[1]];
        let head = head
            .iter()
            .fold(0, |sum, part| crc32c::crc32c_append(sum, part));
        crc32c::crc32c_append(head, &self.bytes)
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (front, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*front)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block() -> Block {
        let raw: Vec<u8> = (0..50_000_u32)
            .map(|at| (at / 7).to_le_bytes()[0])
            .collect();
        Block::seal(&raw[..].into(), true, (Timestamp(3), Timestamp(9)))
    }

    fn written(block: &Block) -> Vec<u8> {
        let mut file = Vec::new();
        block.write(&mut file).unwrap();
        file
    }

    #[test]
    fn a_block_comes_back_and_is_smaller() {
        let mut file = Bytes::from(written(&block()));
        assert_eq!(file.len(), block().size());
        assert!(file.len() < 10_000, "{}", file.len());
        let back = Block::read(&mut file).unwrap();
        assert_eq!(back, block());
        assert_eq!(back.open().unwrap().len(), 50_000);
        assert!(file.is_empty());
    }

    #[test]
    fn no_byte_may_be_another_and_none_may_miss() {
        let file = written(&block());
        for at in 0..file.len() {
            let mut damaged = file.clone();
            damaged[at] ^= 4;
            assert_eq!(Block::read(&mut Bytes::from(damaged)), None, "byte {at}");
            let cut = file[..at].to_vec();
            assert_eq!(Block::read(&mut Bytes::from(cut)), None, "cut at {at}");
        }
    }
}
