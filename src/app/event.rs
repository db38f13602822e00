//! Everything that can happen to the dashboard, as plain data: facts, never requests.
//!
//! Any run can be replayed from its events (I9), so they hold no closures, senders or instants. What serde skips is recorded in
//! a form of its own: it is large, or follows from less.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crossterm::event::{KeyEvent, MouseEvent};

use super::decoded_values::{DecodedValue, ValueId};
use super::ids::{RequestId, ScanId, TableId, TailId};
use super::read_settings::ReadSettings;
use super::shell_commands::ShellTask;
use super::viewport::Viewport;
use crate::model::{
    ActivityEvent, BrokerView, CursorEntry, CursorMove, Failure, FirstUnread, GroupInfo, Offset,
    Outcome, PartitionId, Probe, StreamName, SubscriptionEvent, Timestamp,
};
use crate::store::{
    Chunk, FieldIndex, KeyHistory, RowId, RowOrder, StatisticsReport, TableEntry, TableTotals,
    VerifyReport,
};

/// A fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// A key was pressed or repeats.
    Key(KeyEvent),
    /// No key has come for a moment, and what is shown has been on the screen for as long.
    KeysQuiet,
    /// Text was pasted.
    Paste(String),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// The terminal has another size now.
    Resized {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// The last frame has another layout than the one before.
    Viewport(Viewport),
    /// Time has passed: the wall clock, now.
    Tick(Timestamp),
    /// A first broker was found, or not yet.
    Connection(ConnectionState),
    /// One broker answered for itself, or did not.
    #[serde(skip)]
    BrokerView(Arc<BrokerView>),
    /// The next step of assessing a large cluster may come.
    ContinueAssessment,
    /// A partition's leader was asked whether it really is paused or readonly.
    Probe(Probe),
    /// Something happened to a tail.
    Tail(TailId, TailEvent),
    /// A scan over kept messages went on.
    Scan(ScanId, ScanEvent),
    /// Which fields messages have was found out.
    Fields(ScanId, Arc<FieldIndex>),
    /// A program has decoded a value, or could not. Not recorded: it is what messages hold, which is read anew.
    #[serde(skip)]
    ValueDecoded(ValueId, DecodedValue),
    /// The cursors were read.
    Cursors(Result<Arc<Vec<CursorEntry>>, Failure>),
    /// The first unread messages of cursors were read, as far as they could be.
    FirstUnread(Vec<FirstUnread>),
    /// The consumer groups were read.
    Groups(Result<Arc<Vec<GroupInfo>>, Failure>),
    /// Events of `__activity` came.
    Activity(Result<Arc<Vec<ActivityEvent>>, Failure>),
    /// An operation ended.
    Done(RequestId, Result<Outcome, Failure>),
    /// What moving a cursor would do in each partition.
    CursorMovePlanned(RequestId, Result<Vec<CursorMove>, Failure>),
    /// The external editor was closed with this text.
    Edited(RequestId, Result<String, Failure>),
    /// An export went on or ended.
    Exported(RequestId, Progress),
    /// Some of a range was counted, or with `true` all of it.
    Statistics(RequestId, Result<(Arc<StatisticsReport>, bool), Failure>),
    /// Something came of a table.
    Table(TableId, TableEvent),
    /// Some of what became of a key was read, or with `true` all of it.
    KeyHistory(RequestId, Result<(Arc<KeyHistory>, bool), Failure>),
    /// Some of the copies of a partition was compared, or with `true` all of it.
    Verification(RequestId, Result<(Arc<VerifyReport>, bool), Failure>),
    /// The console of the demo cluster answered a `:fault` line.
    Console(RequestId, Result<String, String>),
    /// What a typed line means, by the parser of the command line; the first is the line.
    #[serde(skip)]
    LineParsed(String, Result<ShellTask, String>),
    /// The config file has changed and was read again, or cannot be read any more.
    SettingsRead(Result<Box<ReadSettings>, Failure>),
    /// The dashboard is drawn in the theme of that name or file from now on.
    ThemeSet(String),
    /// The last lines that this program has logged, the oldest first.
    LogRead(Vec<String>),
    /// A text was put on the clipboard, or sent to where it may reach one; the first is what it is called.
    Copied(String, Result<CopyOutcome, Failure>),
    /// What was kept of the last minutes is in a file.
    Recorded {
        /// The file.
        path: String,
        /// When it begins.
        since: Timestamp,
    },
    /// Something failed on this side that nobody waits for: a switch to another context.
    Failed(Failure),
    /// The process was asked to end.
    Shutdown,
    /// So many cursors are there beside those that were just read and are followed.
    CursorsLeftOut(usize),
}

/// Whether a text that was copied has arrived, as far as anybody says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CopyOutcome {
    /// On the clipboard.
    #[default]
    Copied,
    /// The terminal has it, which may be far away and does not say what it did with it.
    Sent,
    /// tmux has it, which passes it on or not.
    SentToTmux,
}

/// Whether a first broker was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConnectionState {
    /// Addresses are being tried.
    Connecting {
        /// The addresses.
        addresses: Vec<String>,
        /// How many rounds, from 1.
        attempt: u32,
    },
    /// None answered; the next round comes.
    Waiting {
        /// How many rounds have failed.
        attempt: u32,
        /// When the next one begins.
        next: Timestamp,
        /// What the last one ran into.
        failure: Failure,
    },
    /// At least one broker answers.
    Connected,
}

/// Something that happened to a tail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TailEvent {
    /// The subscription to one of its partitions was opened, cut, resumed or ended.
    Subscription {
        /// The stream.
        stream: StreamName,
        /// The partition.
        partition: PartitionId,
        /// What happened.
        event: SubscriptionEvent,
    },
    /// Messages came, newer than those before of their partition (older, in a newest-first tail).
    #[serde(skip)]
    Chunk(Arc<Chunk>),
    /// Messages of a tail that wants only what its query finds were looked at.
    Looked {
        /// The stream.
        stream: StreamName,
        /// The partition.
        partition: PartitionId,
        /// The lowest and the highest offset of them.
        offsets: (Offset, Offset),
        /// How many.
        messages: u64,
        /// For how many of them the expression costs more than it may.
        undecided: u64,
    },
    /// Messages from before the oldest kept ones, fetched on request.
    #[serde(skip)]
    Older(Arc<Chunk>),
    /// The request for older messages is done: the oldest offset that there is, if it was reached.
    OlderDone {
        /// The stream.
        stream: StreamName,
        /// The partition.
        partition: PartitionId,
        /// The oldest kept offset of the broker, where this fetch began at it.
        start: Option<Offset>,
        /// Why it ended early.
        failure: Option<Failure>,
    },
    /// The tail could not be opened at all.
    Failed(Failure),
}

/// What came of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TableEvent {
    /// What is known of it, and the order of its rows.
    Report(Arc<TableReport>),
    /// What stands in the rows that are in sight.
    Entries(Vec<(RowId, Arc<TableEntry>)>),
    /// There is no table.
    Failed(Failure),
}

/// What is known of a table at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableReport {
    /// What its messages came to.
    pub totals: TableTotals,
    /// The rows that are shown, in their order.
    pub order: RowOrder,
    /// Whether values found room in memory.
    pub keeps_values: bool,
    /// How far it is.
    pub progress: TableProgress,
    /// What could not be read, a sentence each.
    pub notes: Vec<String>,
}

/// How far the reading of a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TableProgress {
    /// Messages that were there at its beginning are still to come.
    Reading,
    /// All that was there at its beginning was read, and it goes on with what comes.
    Live,
    /// Nothing more comes.
    Done,
}

/// What a scan found. Chunks are counted in the order in which the effect passed them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScanEvent {
    /// Messages of one chunk that match, by index, ascending.
    Matches {
        /// Which of the chunks.
        chunk: usize,
        /// Indices in that chunk.
        indices: Arc<[u32]>,
    },
    /// All chunks were scanned.
    Finished {
        /// Messages for which the expression costs more than it may.
        undecided: u64,
    },
    /// It broke: what is in these chunks is not known.
    Failed,
}

/// How far something long has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// So many messages so far.
    Going(u64),
    /// Done: messages written, and where to.
    Finished {
        /// Messages.
        messages: u64,
        /// The file.
        path: String,
    },
    /// The work failed; nothing half-done is left behind.
    Failed(Failure),
}
