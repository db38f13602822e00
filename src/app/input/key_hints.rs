//! Which keys the footer shows in each context: the most used ones, each with a label.
//!
//! The keys come from the keymap; a command that has none in that place is left out.

use crate::app::command::{
    AppCommand, ClusterCommand, Command, FormCommand, GoCommand, ListCommand, Motion, PaneCommand,
    ReplayCommand, TailCommand, TextCommand,
};
use crate::app::key_context::KeyContext;

/// A command and its label in the footer.
pub(in crate::app) type Hint = (Command, &'static str);

/// A command as the footer shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyHint {
    /// Its keys.
    pub(crate) keys: String,
    /// What it does, in a word or two.
    pub(crate) label: &'static str,
    /// What a click on it does.
    pub(in crate::app) command: Command,
}

const OPEN: Hint = (Command::List(ListCommand::Open), "open");
const FILTER: Hint = (Command::List(ListCommand::Filter), "filter");
const FAULTS: Hint = (Command::List(ListCommand::FaultsOnly), "faults only");
const DESCRIBE: Hint = (Command::List(ListCommand::Describe), "describe");
const TAIL: Hint = (Command::Cluster(ClusterCommand::Tail), "tail");
const PUBLISH: Hint = (Command::Cluster(ClusterCommand::Publish), "publish");
const WHAT_IF: Hint = (Command::Cluster(ClusterCommand::WhatIf), "what if");
const HELP: Hint = (Command::App(AppCommand::Help), "help");
const LINE: Hint = (Command::App(AppCommand::CommandLine), "command");
/// Leaves what is open.
pub(in crate::app) const CLOSE: Hint = (Command::App(AppCommand::Escape), "close");

/// While a recording is shown as it was.
pub(in crate::app) const REPLAYING: &[Hint] = &[
    (Command::Replay(ReplayCommand::Pause), "play"),
    (Command::Replay(ReplayCommand::Back), "back"),
    (Command::Replay(ReplayCommand::Forward), "forward"),
    (Command::Replay(ReplayCommand::NextMark), "next finding"),
    (Command::Replay(ReplayCommand::Faster), "faster"),
];

/// While somebody looks around in a state that was recorded.
pub(in crate::app) const LOOKING_AROUND: &[Hint] =
    &[(Command::Replay(ReplayCommand::Return), "the recording")];

/// While the last minutes are looked at.
pub(in crate::app) const IN_THE_PAST: &[Hint] = &[
    (Command::Replay(ReplayCommand::Return), "to now"),
    (Command::Replay(ReplayCommand::Back), "back"),
    (Command::Replay(ReplayCommand::Forward), "forward"),
    (
        Command::Replay(ReplayCommand::PreviousMark),
        "finding before",
    ),
];

/// While the filter of a list is typed.
pub(in crate::app) const FILTERING: &[Hint] = &[
    (Command::Text(TextCommand::Accept), "keep the filter"),
    (Command::App(AppCommand::Escape), "leave it, again to clear"),
];

/// Besides, where several tails are on the screen.
pub(in crate::app) const AMONG_TAILS: &[Hint] = &[
    (Command::Go(GoCommand::NextPane), "next tail"),
    (Command::Pane(PaneCommand::Only), "this one alone"),
];

/// In the form for a new stream.
pub(in crate::app) const CREATING: &[Hint] = &[
    (Command::Form(FormCommand::Submit), "create"),
    (Command::Form(FormCommand::Next), "next field"),
    // Where there is no room the third last goes first.
    (Command::Form(FormCommand::Copy), "copy as a command"),
    (Command::Form(FormCommand::NextChoice), "next choice"),
    CLOSE,
];

/// Besides, where copies are compared.
pub(in crate::app) const VERIFYING: &[Hint] = &[
    (
        Command::Cluster(ClusterCommand::Verify),
        "stop, or compare again",
    ),
    (Command::List(ListCommand::Copy), "copy the command"),
];

/// Where it is offered.
pub(in crate::app) const OPEN_DEMO: Hint = (Command::App(AppCommand::Demo), "demo");

/// Before any broker has answered.
pub(in crate::app) const UNCONNECTED: &[Hint] = &[
    (Command::App(AppCommand::Refresh), "try now"),
    (Command::App(AppCommand::Contexts), "another cluster"),
    (Command::App(AppCommand::Back), "quit"),
    HELP,
    LINE,
];

/// The keys of a context, the likeliest first.
pub(in crate::app) fn hints_of(context: KeyContext) -> &'static [Hint] {
    match context {
        KeyContext::Overview => &[OPEN, FAULTS, WHAT_IF, TAIL, FILTER, HELP, LINE],
        KeyContext::Brokers => &[
            OPEN,
            WHAT_IF,
            (
                Command::Cluster(ClusterCommand::RestartPlan),
                "restart plan",
            ),
            (Command::Cluster(ClusterCommand::Balance), "balance"),
            DESCRIBE,
            FILTER,
            HELP,
            LINE,
        ],
        KeyContext::Streams => &[
            OPEN,
            TAIL,
            PUBLISH,
            (Command::Cluster(ClusterCommand::Pause), "pause"),
            (Command::Cluster(ClusterCommand::Readonly), "readonly"),
            (Command::Cluster(ClusterCommand::Create), "create"),
            FILTER,
            HELP,
            LINE,
        ],
        KeyContext::Cursors => CURSORS,
        KeyContext::Activity => &[OPEN, DESCRIBE, FILTER, HELP, LINE],
        KeyContext::Table => TABLE,
        KeyContext::Tail => TAILS,
        KeyContext::Inspector => INSPECTOR,
        KeyContext::Global | KeyContext::List => &[HELP, LINE],
        KeyContext::Form => &[
            (Command::Form(FormCommand::Submit), "publish"),
            (Command::Form(FormCommand::Next), "next field"),
            (Command::Form(FormCommand::NextChoice), "next choice"),
            (Command::Form(FormCommand::Edit), "edit the value"),
            CLOSE,
        ],
        KeyContext::Text | KeyContext::Query => &[
            (Command::Text(TextCommand::Accept), "take"),
            (Command::Text(TextCommand::Complete), "complete"),
            CLOSE,
        ],
        KeyContext::Replay => REPLAYING,
        KeyContext::Past => IN_THE_PAST,
        KeyContext::Confirm => &[CLOSE],
        KeyContext::Menu => &[(Command::List(ListCommand::Open), "choose"), CLOSE],
        KeyContext::Reader => &[
            (Command::Move(Motion::Up), "up"),
            // The last two are left where there is room for no more.
            (Command::Move(Motion::Down), "down"),
            CLOSE,
        ],
    }
}

const CURSORS: &[Hint] = &[
    OPEN,
    TAIL,
    (Command::Cluster(ClusterCommand::MoveCursor), "move"),
    DESCRIBE,
    FILTER,
    HELP,
    LINE,
];

const TABLE: &[Hint] = &[
    (Command::List(ListCommand::Open), "history"),
    (Command::List(ListCommand::Deleted), "deleted keys"),
    (Command::List(ListCommand::Sort), "sort"),
    FILTER,
    TAIL,
    (Command::Tail(TailCommand::Export), "export"),
    HELP,
    LINE,
];

const TAILS: &[Hint] = &[
    (Command::Tail(TailCommand::Freeze), "freeze"),
    (Command::Tail(TailCommand::Query), "query"),
    (Command::Tail(TailCommand::Seek), "seek"),
    OPEN,
    (Command::Tail(TailCommand::Follow), "follow"),
    (Command::Tail(TailCommand::Row), "columns"),
    PUBLISH,
    (Command::Tail(TailCommand::Export), "export"),
    (Command::Pane(PaneCommand::Split), "side by side"),
    HELP,
    LINE,
];

const INSPECTOR: &[Hint] = &[
    (Command::Tail(TailCommand::PreviousMessage), "previous"),
    (Command::Tail(TailCommand::NextMessage), "next"),
    (Command::Tail(TailCommand::View), "view"),
    (Command::Tail(TailCommand::Fold), "fold"),
    (Command::List(ListCommand::Copy), "copy"),
    (Command::Tail(TailCommand::PublishAgain), "publish again"),
    (Command::Tail(TailCommand::Diff), "diff"),
    HELP,
];
