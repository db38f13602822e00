//! Everything the dashboard can cause, as plain data; the executor carries it out elsewhere.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::app::command::ReplayCommand;
use crate::app::decoded_values::ValueToDecode;
use crate::app::ids::{RequestId, ScanId, TableId, TailId};
use crate::app::kept_queries::QueryChange;
use crate::app::kept_view::KeptView;
use crate::app::row_settings::KeptRow;
use crate::app::schemas::Schemas;
use crate::health::{Alert, Incident};
use crate::model::{
    CursorEntry, CursorMoveSpec, Locator, Offset, Operation, PartitionId, StartAt, StopAt,
    StreamName,
};
use crate::store::decode::Schema;
use crate::store::{
    Chunk, ExportForm, ExportRows, Query, ReadableCopies, RowField, RowId, StatisticsOptions,
    TableOrder,
};

/// Something to be done elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Ask every broker for its view now.
    Refresh,
    /// Ask every broker for its view this often from now on.
    AskEvery(Duration),
    /// Say that it goes on, once what waits has been heard: a large cluster is assessed in steps, between which keys come.
    ContinueAssessment,
    /// Ask the leaders of these partitions whether they really are paused or readonly.
    Probe(Vec<(StreamName, PartitionId)>),
    /// Subscribe to what a tail shows.
    OpenTail(TailId, TailSpec),
    /// Stop reading for a tail, or go on: its memory is full, or has room again.
    ThrottleTail(TailId, bool),
    /// End a tail's subscriptions.
    CloseTail(TailId),
    /// Fetch messages from before those that a tail keeps.
    FetchOlder(TailId, OlderSpec),
    /// Look for matches in these chunks, the first one first.
    Scan(ScanId, Arc<Query>, Vec<Arc<Chunk>>),
    /// Stop a scan.
    CancelScan(ScanId),
    /// Find out which fields these messages have, the newest chunk first.
    IndexFields(ScanId, Vec<Arc<Chunk>>, Schemas),
    /// Decode these values by their programs, the first one first, and no others that were asked for before.
    DecodeValues(Vec<ValueToDecode>),
    /// End the programs that decode values; the next value starts its one anew.
    RestartDecoders,
    /// Change the cluster.
    Perform(RequestId, Operation),
    /// Find out what moving a cursor would do.
    PlanCursorMove(RequestId, Vec<CursorMoveSpec>),
    /// Read all cursors and groups.
    FetchCursors,
    /// Read the first message that each of these cursors has not read.
    ReadFirstUnread(Vec<CursorEntry>),
    /// Keep `__activity` coming, or stop.
    FollowActivity(bool),
    /// Keep these incidents for later runs: all that are remembered, the oldest first.
    SaveIncidents(Vec<Arc<Incident>>),
    /// Keep what the rows of these streams show for later runs; `None`: no longer.
    SaveRow(String, Option<KeptRow>),
    /// Keep what became of a query for later runs.
    SaveQuery(QueryChange),
    /// Hand this to whoever is alerted outside of the terminal.
    Alert(Box<Alert>),
    /// Read what this program has logged.
    ReadLog,
    /// Write messages to a file.
    Export(RequestId, ExportSpec),
    /// Count what is in a range of messages.
    ReadStatistics(RequestId, StatisticsSpec, StatisticsOptions),
    /// Stop counting.
    CancelStatistics(RequestId),
    /// Read a stream as a table, and show it so.
    OpenTable(TableId, TableSpec, TableView),
    /// Show a table so from now on.
    ViewTable(TableId, TableView),
    /// Write the rows of a table to a file.
    ExportTable(TableId, TableExport),
    /// Stop reading for a table.
    CloseTable(TableId),
    /// Read what became of a key.
    ReadKeyHistory(RequestId, KeyHistorySpec),
    /// Stop reading what became of a key.
    CancelKeyHistory(RequestId),
    /// Compare the copies of a partition.
    Verify(RequestId, VerifySpec),
    /// Stop comparing.
    CancelVerify(RequestId),
    /// Stop an export and remove what it wrote.
    CancelExport(RequestId),
    /// Read a line as the command line does.
    ParseLine(String),
    /// Send a line to the demo cluster's console.
    Console(RequestId, String),
    /// Keep how the dashboard looks for later runs.
    SaveView(Box<KeptView>),
    /// Something for whoever owns the terminal.
    Loop(LoopEffect),
}

/// What only the event loop can do: it owns the terminal and decides which cluster is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoopEffect {
    /// Ring and show this, as far as it is wanted, where the dashboard is shown.
    Announce(Announcement),
    /// Give the terminal this title.
    SetTitle(String),
    /// Put a text on the clipboard; the first is what it is called.
    Copy(String, String),
    /// Draw the next frame whole: something else has written to the terminal.
    Repaint,
    /// Draw in the theme of that name or file.
    SetTheme(String),
    /// Take the mouse, or leave it to the terminal.
    CaptureMouse(bool),
    /// Open text in `$EDITOR`.
    Edit(RequestId, String),
    /// Write what is kept of the last minutes to this file.
    SaveRecording(String),
    /// Go to another cluster of the config file, and open that there.
    SwitchContext(String, Option<Box<Locator>>),
    /// Leave this cluster for the demo.
    OpenDemo,
    /// Do this with the recording that is shown.
    Replay(ReplayCommand),
    /// Suspend the process, as ctrl-z does in a shell.
    Suspend,
    /// End the program.
    Quit,
}

impl From<LoopEffect> for Effect {
    fn from(effect: LoopEffect) -> Self {
        Self::Loop(effect)
    }
}

/// What a tail reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailSpec {
    /// Streams and their partitions.
    pub partitions: Vec<(StreamName, PartitionId)>,
    /// Where to start.
    pub start: StartAt,
    /// Where to stop.
    pub stop: StopAt,
    /// Newest first.
    pub newest_first: bool,
    /// Only messages that it finds; of all others it is said that they were looked at.
    pub only: Option<Arc<Query>>,
}

/// Which older messages to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OlderSpec {
    /// The stream.
    pub stream: StreamName,
    /// The partition.
    pub partition: PartitionId,
    /// The oldest offset that is kept: fetch what lies before it; `None`: nothing is kept, fetch the newest ones.
    pub before: Option<Offset>,
    /// How many at most.
    pub count: u32,
}

/// What to write, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportSpec {
    /// The file to make; it appears when it is whole.
    pub path: String,
    /// The format.
    pub form: ExportForm,
    /// The messages, in their order.
    pub rows: ExportRows,
    /// What is shown of them as columns and is not of every record.
    pub columns: Vec<RowField>,
}

/// Which messages to count.
#[derive(Clone, Debug, PartialEq)]
pub struct StatisticsSpec {
    /// Streams and their partitions.
    pub partitions: Vec<(StreamName, PartitionId)>,
    /// Where to start.
    pub start: StartAt,
    /// Where to stop.
    pub stop: StopAt,
    /// Only messages that it finds.
    pub query: Option<Query>,
}

/// Which messages make a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableSpec {
    /// A stream and its partitions.
    pub partitions: Vec<(StreamName, PartitionId)>,
    /// As of when; [`StopAt::Never`]: it goes on.
    pub stop: StopAt,
    /// Only keys whose latest message it finds.
    pub query: Option<Query>,
}

/// What is in sight of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableView {
    /// The order of its rows.
    pub order: TableOrder,
    /// The text that the key or the value has to contain.
    pub filter: String,
    /// The rows that are wanted with what stands in them.
    pub rows: Vec<RowId>,
}

/// Where the rows of a table are written, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableExport {
    /// Whom to answer.
    pub id: RequestId,
    /// The file to make; it appears when it is whole.
    pub path: String,
    /// The format.
    pub form: ExportForm,
}

/// Which key to read the history of.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyHistorySpec {
    /// The stream.
    pub stream: StreamName,
    /// The partition.
    pub partition: PartitionId,
    /// The key.
    pub key: Arc<[u8]>,
    /// Where it ends.
    pub stop: StopAt,
    /// The type of its values, where one is known.
    pub schema: Option<Schema>,
}

/// Which copies to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifySpec {
    /// The stream.
    pub stream: StreamName,
    /// The partition.
    pub partition: PartitionId,
    /// Its copies, as far as they can be compared.
    pub copies: ReadableCopies,
    /// How many messages a second at most.
    pub rate: u32,
}

/// What the terminal is to make of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Whether its bell rings.
    pub bell: bool,
    /// By which sequence it shows the text as a notification of the desktop.
    pub desktop: Option<DesktopForm>,
    /// What is said: one line, and nothing in it that a terminal acts on.
    pub text: String,
}

/// A sequence by which terminals show notifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DesktopForm {
    /// OSC 9, with the text alone.
    Osc9,
    /// OSC 777, with a title and the text.
    Osc777,
}
