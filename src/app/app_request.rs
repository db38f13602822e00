//! What screens and overlays ask of the app: whatever reaches beyond their own state.

use super::command::Command;
use super::effect::{KeyHistorySpec, TableSpec};
use super::focus::Pane;
use super::kept_queries::{QueryChange, SavedQuery};
use super::row_key::{CursorKey, DetailTarget, PartitionKey};
use crate::model::{CursorMove, Offset, Operation, PartitionId, StreamName};
use crate::store::PinnedMessage;

/// Something that a screen or an overlay cannot do by itself.
#[derive(Clone, Debug)]
pub(super) enum AppRequest {
    /// Carry out a command as if its key had been pressed.
    Run(Command),
    /// Carry out a command with the words typed behind it.
    RunWith(Command, String),
    /// Focus a pane one level deeper.
    Descend(Pane),
    /// Go back one level.
    GoBack,
    /// Show a broker in the list of brokers.
    ShowBroker(String),
    /// Show a cursor in the list of cursors.
    ShowCursor(CursorKey),
    /// Show a stream in the list of streams, or a partition of it.
    ShowStream(StreamName, Option<PartitionId>),
    /// The user knows what that stream has lost: its findings about that end.
    Acknowledge(StreamName),
    /// Tail these partitions.
    Tail(Vec<PartitionKey>),
    /// Tail this partition from that offset on.
    TailFrom(PartitionKey, Offset),
    /// Show this as a table; the text is as of when, where that was typed.
    Table(TableSpec, Option<String>),
    /// Show what that stream stores and who else does; of none: which streams overlap.
    ShowSubjects(Option<StreamName>),
    /// Show what became of a key.
    ShowKeyHistory(KeyHistorySpec),
    /// Open a text.
    ShowDetail(DetailTarget),
    /// Open a menu of texts to copy.
    CopyMenu(Vec<CopyEntry>),
    /// Ask before these operations; the partitions are those for which it was wanted too and cannot be done.
    Confirm(Vec<Operation>, Vec<PartitionKey>),
    /// These cursors are moved now.
    ExpectMoves(Vec<(CursorKey, CursorMove)>),
    /// Open the command line with this in it.
    TypeCommand(String),
    /// Open the form for a message, with the stream and partition that were selected.
    Publish(Option<(StreamName, Option<PartitionId>)>),
    /// Open the form filled in with a message, its value replaced where it was edited elsewhere.
    PublishAgain(PinnedMessage, Option<String>),
    /// Open the form for a new stream.
    CreateStream,
    /// Show the column of that number of the list in focus, or hide it.
    ToggleColumn(usize),
    /// Do something with kept queries.
    Query(QueryRequest),
}

/// What is asked about kept queries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum QueryRequest {
    /// Let one be chosen: the saved ones, then those typed, the newest first.
    Menu(Vec<SavedQuery>, Vec<String>),
    /// Search for this in the tail that is shown.
    Search(String),
    /// Ask for a name for this, typed in a tail of these streams.
    Name(String, Vec<StreamName>),
    /// Save this; where another one has its place, ask first.
    Save(SavedQuery),
    /// Ask before this is done.
    Confirm(QueryChange),
    /// Do this.
    Change(QueryChange),
}

/// A text that can be copied.
#[derive(Clone, Debug)]
pub(super) struct CopyEntry {
    /// What it is.
    pub(super) label: &'static str,
    /// The text.
    pub(super) text: String,
    /// Whether it is a `liftui` command that has yet to be told which cluster it is for.
    pub(super) lacks_cluster: bool,
}

impl CopyEntry {
    /// A text to copy.
    pub(super) fn new(label: &'static str, text: impl Into<String>) -> Self {
        Self {
            label,
            text: text.into(),
            lacks_cluster: false,
        }
    }

    /// A `liftui` command to copy.
    pub(super) fn command(command: &[&str], names: &[&str], options: &[&str]) -> Self {
        let mut words = vec!["liftui".to_owned()];
        words.extend(crate::model::command_words(command, names, options));
        Self {
            lacks_cluster: true,
            ..Self::new("as a liftui command", crate::model::shell_line(&words))
        }
    }
}
