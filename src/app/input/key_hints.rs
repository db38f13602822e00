//! Which keys the footer shows: those that one is likely to want here, with a word each.
//!
//! Which key it is, the keymap tells; a command without a key here is left out.

use crate::app::command::{
    Act, Answer, AppCommand, FormCommand, ListCommand, Move, TailCommand, TextCommand,
};
use crate::app::overlays::Overlay;
use crate::app::overlays::confirm::{Button, Confirm};
use crate::app::overlays::form::FormKind;
use crate::app::screens::tails::{Prompt, PromptKind, Tail};
use crate::app::{App, Command, KeyContext};

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
    /// The footer: keys and what they do, the likeliest first, with the two ways to all others at the end.
    pub fn key_hints(&self) -> Vec<(String, &'static str)> {
        let contexts = self.contexts();
        let keymap = &self.context.settings.keymap;
        let keys = |command: &Command| keymap.hint(contexts, *command).map(ToString::to_string);
        let shown = self.hints_here().into_iter();
        shown
            .filter_map(|(command, word)| Some((keys(&command)?, word)))
            .collect()
    }

    fn hints_here(&self) -> Vec<Hint> {
        match &self.overlay {
            Some(Overlay::Confirm(confirm)) => questions(confirm),
            None if self.filter_is_open() => FILTERING.to_vec(),
            None if self.truth().as_of.is_none() => UNCONNECTED.to_vec(),
            None if self.tail_takes_text() => self.asking(),
            Some(Overlay::Form(form)) if form.kind() == FormKind::Create => CREATING.to_vec(),
            Some(
                Overlay::Reader(_) | Overlay::Form(_) | Overlay::Menu(_) | Overlay::CommandLine(_),
            )
            | None => {
                let context = self.contexts().first();
                let mut hints = context.map_or(Vec::new(), |context| hints(*context).to_vec());
                if self.tails.exported_so_far().is_some() {
                    let export = |hint: &&mut Hint| hint.0 == TailCommand::Export.into();
                    hints
                        .iter_mut()
                        .filter(export)
                        .for_each(|hint| hint.1 = "stop the export");
                }
                hints
            }
        }
    }
}

impl App {
    /// The keys of a line that is typed in a tail.
    fn asking(&self) -> Vec<Hint> {
        let asked = self.tails.shown().and_then(Tail::prompt).map(Prompt::ask);
        let accept = |word| (Command::Text(TextCommand::Accept), word);
        match asked {
            Some(PromptKind::Query) => vec![
                accept("search"),
                (Command::Text(TextCommand::Back), "earlier ones"),
                CLOSE,
            ],
            Some(PromptKind::Seek) => vec![accept("go there"), CLOSE],
            Some(PromptKind::Export) => vec![accept("write"), CLOSE],
            None => vec![CLOSE],
        }
    }
}

/// The keys of a question: Enter does what its button says.
fn questions(confirm: &Confirm) -> Vec<Hint> {
    let act = confirm.button() == Button::Act;
    let word = if act { confirm.verb() } else { "Cancel" };
    if confirm.asks_for_name() {
        return vec![(Command::Text(TextCommand::Accept), confirm.verb()), CLOSE];
    }
    vec![
        (Command::Answer(Answer::Press), word),
        (Command::Answer(Answer::Other), "other button"),
        (Command::Answer(Answer::Copy), "copy as a command"),
        CLOSE,
    ]
}

const FILTERING: &[Hint] = &[
    (Command::Text(TextCommand::Accept), "keep the filter"),
    (Command::App(AppCommand::Escape), "leave it, again to clear"),
];

const CREATING: &[Hint] = &[
    (Command::Form(FormCommand::Submit), "create"),
    (Command::Form(FormCommand::Next), "next field"),
    (Command::Form(FormCommand::NextChoice), "next choice"),
    CLOSE,
];

const UNCONNECTED: &[Hint] = &[
    (Command::App(AppCommand::Refresh), "try now"),
    (Command::App(AppCommand::Contexts), "another cluster"),
    (Command::App(AppCommand::Back), "quit"),
    HELP,
    LINE,
];

fn hints(context: KeyContext) -> &'static [Hint] {
    match context {
        KeyContext::Overview => &[OPEN, FAULTS, WHAT_IF, TAIL, FILTER, HELP, LINE],
        KeyContext::Brokers => &[OPEN, WHAT_IF, DESCRIBE, FILTER, HELP, LINE],
        KeyContext::Streams => &[
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
        KeyContext::Cursors => &[OPEN, TAIL, DESCRIBE, FILTER, HELP, LINE],
        KeyContext::Activity => &[OPEN, DESCRIBE, FILTER, HELP, LINE],
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
        KeyContext::Text => &[
            (Command::Text(TextCommand::Accept), "take"),
            (Command::Text(TextCommand::Complete), "complete"),
            CLOSE,
        ],
        KeyContext::Confirm => &[CLOSE],
        KeyContext::Menu => &[(Command::List(ListCommand::Open), "choose"), CLOSE],
        KeyContext::Reader => &[
            (Command::Move(Move::Down), "down"),
            (Command::Move(Move::Up), "up"),
            CLOSE,
        ],
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
