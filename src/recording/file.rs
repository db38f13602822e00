//! The file of a recording: what it begins with, and the blocks behind that, as far as they can be read.

use std::fmt;
use std::io::{self, Write};

use bytes::Bytes;

use super::block::Block;
use super::record::Head;
use super::segments::Segments;
use crate::model::Timestamp;

/// What every recording begins with.
const MAGIC: &[u8] = b"liftui-rec";

/// The version of the format. A change that older programs cannot read counts it up.
const VERSION: u16 = 1;

/// Writes what stands before the blocks.
///
/// # Errors
/// What the file said.
pub fn write_head(head: &Head, out: &mut impl Write) -> io::Result<()> {
    let mut encoded = Segments::default();
    ciborium::into_writer(head, &mut encoded).map_err(io::Error::other)?;
    out.write_all(MAGIC)?;
    out.write_all(&VERSION.to_le_bytes())?;
    Block::seal(&encoded, false, (Timestamp::NEVER, Timestamp::NEVER)).write(out)
}

/// Why a file is not replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// It is something else.
    NotARecording,
    /// A newer program wrote it, in this version of the format.
    Newer(u16),
    /// It is damaged before anything that could be shown.
    Damaged,
    /// Nothing was recorded yet.
    Empty,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotARecording => f.write_str(
                "this is no recording; `liftui --record FILE` and `:record FILE` make one",
            ),
            Self::Newer(version) => write!(
                f,
                "a newer liftui made this recording (format {version}, here {VERSION}); replay it with that one"
            ),
            Self::Damaged => f.write_str(
                "this recording is damaged before its first event, so that there is nothing to show; copy it anew from where it was made",
            ),
            Self::Empty => f.write_str(
                "this recording ends before its first event; what is recorded is written every second",
            ),
        }
    }
}

impl std::error::Error for OpenError {}

/// A recording that was read.
#[derive(Clone, Debug)]
pub struct Recording {
    /// What it says of itself.
    pub head: Head,
    pub(super) blocks: Vec<Block>,
    /// Whether bytes behind the blocks could not be read: the file is damaged, or was cut short.
    pub is_damaged: bool,
}

impl Recording {
    /// Blocks that are in memory already.
    pub fn new(head: Head, blocks: Vec<Block>) -> Self {
        Self {
            head,
            blocks,
            is_damaged: false,
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// There is nothing in it that can be shown.
    pub fn read(file: impl Into<Bytes>) -> Result<Self, OpenError> {
        let mut rest: Bytes = file.into();
        if !rest.starts_with(MAGIC) {
            return Err(OpenError::NotARecording);
        }
        let version = rest.get(MAGIC.len()..MAGIC.len() + 2);
        let version: &[u8; 2] = version
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(OpenError::Damaged)?;
        let version = u16::from_le_bytes(*version);
        if version > VERSION {
            return Err(OpenError::Newer(version));
        }
        rest = rest.slice(MAGIC.len() + 2..);
        let head = Block::read(&mut rest).and_then(|block| block.open());
        let head = head.and_then(|encoded| ciborium::from_reader(encoded.as_slice()).ok());
        let head = head.ok_or(OpenError::Damaged)?;
        let mut blocks = Vec::new();
        while !rest.is_empty() {
            let Some(block) = Block::read(&mut rest) else {
                break;
            };
            blocks.push(block);
        }
        let is_damaged = !rest.is_empty();
        match (blocks.is_empty(), is_damaged) {
            (true, true) => Err(OpenError::Damaged),
            (true, false) => Err(OpenError::Empty),
            (false, _) => Ok(Self {
                head,
                blocks,
                is_damaged,
            }),
        }
    }

    /// Writes it as a file.
    ///
    /// # Errors
    /// What the file said.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        write_head(&self.head, out)?;
        self.blocks.iter().try_for_each(|block| block.write(out))
    }

    /// All records as they are encoded, one behind the other, as far as they can be decompressed.
    pub fn decompressed(&self) -> Vec<u8> {
        let opened = self.blocks.iter().map_while(Block::open);
        opened.flatten().collect()
    }

    /// The time of the first record.
    pub fn begin(&self) -> Timestamp {
        self.blocks
            .first()
            .map_or(Timestamp::NEVER, |one| one.first)
    }

    /// The time of the last record.
    pub fn end(&self) -> Timestamp {
        self.blocks.last().map_or(Timestamp::NEVER, |one| one.last)
    }
}
