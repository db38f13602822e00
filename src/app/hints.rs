//! Which keys the footer shows: those that one is likely to want here, with a word each.
//!
//! Which key it is, the keymap tells; a command without a key here is left out.

use super::command::{Act, Answer, AppCommand, FormCommand, ListCommand, TailCommand, TextCommand};
use super::{App, Command, Context};

/// A command and its word in the footer.
type Hint = (Command, &'static str);

const OPEN: Hint = (Command::List(ListCommand::Open), "open");
const FILTER: Hint = (Command::List(ListCommand::Filter), "filter");
const FAULTS: Hint = (Command::List(ListCommand::FaultsOnly), "faults only");
const DESCRIBE: Hint = (Command::List(ListCommand::Describe), "describe");
const TAIL: Hint = (Command::Act(Act::Tail), "tail");
const PUBLISH: Hint = (Command::Act(Act::Publish), "publish");
const WHAT_IF: Hint = (Command::Act(Act::WhatIf), "what if");
const HELP: Hint = (Command::App(AppCommand::Help), "help");
const LINE: Hint = (Command::App(AppCommand::CommandLine), "command");
const CLOSE: Hint = (Command::App(AppCommand::Escape), "close");

impl App {
    /// The footer: keys and what they do, the likeliest first.
    pub fn key_hints(&self) -> Vec<(String, &'static str)> {
        let contexts = self.contexts();
        let keymap = &self.desk.settings.keymap;
        let shown = contexts.first().map_or(&[][..], |context| hints(*context));
        let keys = |command: &Command| keymap.hint(contexts, *command).map(ToString::to_string);
        shown
            .iter()
            .filter_map(|(command, word)| Some((keys(command)?, *word)))
            .collect()
    }
}

fn hints(context: Context) -> &'static [Hint] {
    match context {
        Context::Overview => &[OPEN, FAULTS, WHAT_IF, TAIL, FILTER, HELP, LINE],
        Context::Brokers => &[OPEN, WHAT_IF, DESCRIBE, FILTER, HELP, LINE],
        Context::Streams => &[
            OPEN,
            TAIL,
            PUBLISH,
            (Command::Act(Act::Pause), "pause"),
            (Command::Act(Act::Readonly), "readonly"),
            (Command::Act(Act::Create), "create"),
            FILTER,
            HELP,
            LINE,
        ],
        Context::Cursors => &[OPEN, TAIL, DESCRIBE, FILTER, HELP, LINE],
        Context::Activity => &[OPEN, DESCRIBE, FILTER, HELP, LINE],
        Context::Tail => TAILS,
        Context::Inspector => INSPECTOR,
        Context::Global | Context::List => &[HELP, LINE],
        Context::Form => &[
            (Command::Form(FormCommand::Submit), "send"),
            (Command::Form(FormCommand::Next), "next field"),
            (Command::Form(FormCommand::NextChoice), "next choice"),
            CLOSE,
        ],
        Context::Text => &[
            (Command::Text(TextCommand::Accept), "take"),
            (Command::Text(TextCommand::Complete), "complete"),
            CLOSE,
        ],
        Context::Confirm => &[
            (Command::Answer(Answer::Press), "press"),
            (Command::Answer(Answer::Other), "other button"),
            (Command::Answer(Answer::Copy), "copy as a command"),
            CLOSE,
        ],
        Context::Menu => &[OPEN, CLOSE],
        Context::Reader => &[CLOSE],
    }
}

const TAILS: &[Hint] = &[
    (Command::Tail(TailCommand::Freeze), "freeze"),
    (Command::Tail(TailCommand::Query), "query"),
    (Command::Tail(TailCommand::Seek), "seek"),
    OPEN,
    (Command::Tail(TailCommand::Follow), "follow"),
    PUBLISH,
    (Command::Tail(TailCommand::Export), "export"),
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
