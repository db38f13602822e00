//! Where blocks go: the last minutes in memory, and everything to a file where one was asked for.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{RecorderOptions, RecordingFile};
use crate::config::expand_home;
use crate::model::{ErrorKind, Failure, Target, Timestamp};
use crate::recording::{Block, Head, write_head};

/// Why there is nothing to be saved or shown.
pub(in crate::runtime) const NOTHING_KEPT: &str =
    "nothing is kept; the config file says so: [recorder] minutes = 0";

/// Blocks that are kept, as they are at one time.
#[derive(Debug)]
pub(in crate::runtime) struct KeptBlocks {
    /// What the recording says of itself.
    pub(in crate::runtime) head: Head,
    /// The number of the first one, counted since recording began.
    pub(in crate::runtime) first: usize,
    /// The blocks, the oldest first; none where nothing is kept, or nothing came since.
    pub(in crate::runtime) blocks: Vec<Block>,
}

/// Blocks, as long as they are kept.
pub(super) struct BlockRing {
    head: Head,
    /// The file that gets everything, until it fails, and what it is called.
    file: Option<(String, Arc<File>)>,
    /// The blocks of the last minutes; the first one can be read on its own.
    blocks: VecDeque<Block>,
    /// How many blocks were dropped before the first one.
    dropped: usize,
    bytes: usize,
    kept: Duration,
    most: usize,
    create: RecordingFile,
    panic_folder: Option<PathBuf>,
}

impl BlockRing {
    /// An empty one.
    ///
    /// # Errors
    /// The file could not be written.
    pub(super) fn new(options: RecorderOptions) -> io::Result<Self> {
        let head = Head {
            liftui: env!("CARGO_PKG_VERSION").to_owned(),
            messages: options.messages,
        };
        if let Some((_, file)) = &options.file {
            let mut file = &**file;
            // A dashboard after another one goes on in the same file.
            if file.stream_position()? == 0 {
                write_head(&head, &mut file)?;
            }
        }
        Ok(Self {
            head,
            file: options.file,
            blocks: VecDeque::new(),
            dropped: 0,
            bytes: 0,
            kept: options.kept,
            most: options.most,
            create: options.create,
            panic_folder: options.panic_folder,
        })
    }

    /// Keeps a block, writes it, and forgets what is too old or too much.
    ///
    /// # Errors
    /// A sentence, once: the file gets no more.
    pub(super) fn keep(&mut self, block: Option<Block>) -> Result<(), Failure> {
        let Some(block) = block else {
            return Ok(());
        };
        let written = self.write(&block);
        if !self.kept.is_zero() {
            self.bytes += block.size();
            self.blocks.push_back(block);
            self.trim();
        }
        written
    }

    fn write(&mut self, block: &Block) -> Result<(), Failure> {
        let Some((name, file)) = &self.file else {
            return Ok(());
        };
        // In one piece, so that a file that is copied meanwhile is cut between blocks as a rule.
        let mut bytes = Vec::with_capacity(block.size());
        let written = block
            .write(&mut bytes)
            .and_then(|()| (&**file).write_all(&bytes));
        let Err(error) = written else {
            return Ok(());
        };
        let sentence = format!("{name} gets no more of the recording: {error}");
        self.file = None;
        Err(Failure::new(ErrorKind::Local, Target::Cluster, sentence))
    }

    /// Drops the oldest group while the ones behind it are enough, or too much.
    fn trim(&mut self) {
        let now = self
            .blocks
            .back()
            .map_or(Timestamp::NEVER, |block| block.last);
        loop {
            let mut groups = self.blocks.iter().enumerate().skip(1);
            let next = groups.find(|(_, block)| block.starts_group);
            let Some((length, next)) = next else {
                return;
            };
            if self.bytes <= self.most && next.first.age(now) < self.kept {
                return;
            }
            self.dropped += length;
            let dropped = self.blocks.drain(..length);
            self.bytes -= dropped.map(|block| block.size()).sum::<usize>();
        }
    }

    /// What is kept from the block of that number on. The bytes are not copied.
    pub(super) fn kept_from(&self, number: usize) -> KeptBlocks {
        let blocks = self.blocks.iter().skip(number.saturating_sub(self.dropped));
        KeptBlocks {
            head: self.head.clone(),
            first: self.dropped.max(number),
            blocks: blocks.cloned().collect(),
        }
    }

    /// Writes what is kept to a new file; returns when that begins.
    ///
    /// # Errors
    /// Nothing is kept, or the file could not be made or written.
    pub(super) fn save(&self, path: &str) -> io::Result<Timestamp> {
        self.save_to(&expand_home(Path::new(path)))
    }

    /// Writes what is kept to a new file of the folder for that; returns what it is called.
    pub(super) fn save_after_panic(&self) -> Option<String> {
        let time = Timestamp::now().to_utc().format("%Y-%m-%dT%H-%M-%SZ");
        let path = self
            .panic_folder
            .as_ref()?
            .join(format!("panic-{time}.rec"));
        self.save_to(&path).ok()?;
        Some(path.display().to_string())
    }

    fn save_to(&self, path: &Path) -> io::Result<Timestamp> {
        let Some(first) = self.blocks.front() else {
            return Err(io::Error::other(NOTHING_KEPT));
        };
        let mut bytes = Vec::with_capacity(self.bytes);
        write_head(&self.head, &mut bytes)?;
        self.blocks
            .iter()
            .try_for_each(|block| block.write(&mut bytes))?;
        let mut file = (self.create)(path)?;
        file.write_all(&bytes)?;
        Ok(first.first)
    }
}
