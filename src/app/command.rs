//! Every intent a user can have, with the name it is bound and typed by and the sentence that help shows.
//!
//! Grouped by who carries it out. What a command does is decided in `update`; which key means it, in `keymap`.

use std::fmt;

macro_rules! commands {
    ($( $(#[doc = $about:literal])+ $group:ident($kind:ident) {
        $( $(#[doc = $help:literal])+ $variant:ident = $name:literal, )+
    } )+) => {
        /// What a user meant.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Command {
            $( $(#[doc = $about])+ $group($kind), )+
        }

        $(
            $(#[doc = $about])+
            /// One of the groups of commands.
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub enum $kind {
                $( $(#[doc = $help])+ $variant, )+
            }

            impl From<$kind> for Command {
                fn from(command: $kind) -> Self {
                    Self::$group(command)
                }
            }
        )+

        impl Command {
            /// All commands, in the order in which help lists them.
            pub const ALL: &'static [Self] = &[$($( Self::$group($kind::$variant), )+)+];

            /// The name by which it is bound and typed, like `streams.delete`.
            pub fn name(self) -> &'static str {
                match self { $($( Self::$group($kind::$variant) => $name, )+)+ }
            }

            /// One sentence that says what it does.
            pub fn help(self) -> &'static str {
                match self {
                    $($( Self::$group($kind::$variant) => concat!($($help),+).trim_ascii(), )+)+
                }
            }
        }
    };
}

commands! {
    /// To a screen, or to a pane of it.
    Go(Go) {
        /// Show the overview: findings, worst first.
        Overview = "go.overview",
        /// Show the brokers.
        Brokers = "go.brokers",
        /// Show the streams and their partitions.
        Streams = "go.streams",
        /// Show cursors and consumer groups.
        Cursors = "go.cursors",
        /// Show what was done to the cluster.
        Activity = "go.activity",
        /// Show the open tails.
        Tails = "go.tails",
        /// Go to the next pane.
        NextPane = "go.next-pane",
        /// Go to the previous pane.
        PreviousPane = "go.previous-pane",
    }

    /// Within a list or a text.
    Move(Move) {
        /// Move down.
        Down = "move.down",
        /// Move up.
        Up = "move.up",
        /// Go to the first row.
        Top = "move.top",
        /// Go to the last row.
        Bottom = "move.bottom",
        /// Move down half a page.
        HalfPageDown = "move.half-page-down",
        /// Move up half a page.
        HalfPageUp = "move.half-page-up",
        /// Move down a page.
        PageDown = "move.page-down",
        /// Move up a page.
        PageUp = "move.page-up",
        /// Scroll to the left.
        Left = "move.left",
        /// Scroll to the right.
        Right = "move.right",
    }

    /// What every list can do with its rows.
    List(ListCommand) {
        /// Open what is chosen: go one level deeper.
        Open = "list.open",
        /// Mark this row, or take its mark away.
        Mark = "list.mark",
        /// Show the rows that contain a text; `!` in front, those that do not.
        Filter = "list.filter",
        /// Go to the next match.
        NextMatch = "list.next-match",
        /// Go to the previous match.
        PreviousMatch = "list.previous-match",
        /// Sort by the next column.
        Sort = "list.sort",
        /// Reverse the order.
        Reverse = "list.reverse",
        /// Show rows with faults only.
        FaultsOnly = "list.faults-only",
        /// Show or hide Liftbridge's own streams.
        Internal = "list.internal",
        /// Say everything that is known of this.
        Describe = "list.describe",
        /// Copy what is chosen.
        Copy = "copy.value",
        /// Choose what to copy, the `liftui` command for this among it.
        CopyMenu = "copy.menu",
    }

    /// With brokers, streams and partitions.
    Act(Act) {
        /// Tail this stream or partition.
        Tail = "streams.tail",
        /// Write a message.
        Publish = "streams.publish",
        /// Pause or resume the marked partitions; asks first.
        Pause = "streams.pause",
        /// Make the marked partitions readonly or writable; asks first.
        Readonly = "streams.readonly",
        /// Create a stream.
        Create = "streams.create",
        /// Delete a stream; asks for its name.
        Delete = "streams.delete",
        /// Show what would happen if this broker were lost.
        WhatIf = "brokers.what-if",
    }

    /// With a tail and the message that is looked at.
    Tail(TailCommand) {
        /// Freeze what is shown, or let it go on; messages keep arriving.
        Freeze = "tail.freeze",
        /// Follow the newest message.
        Follow = "tail.follow",
        /// Go to an offset or a time.
        Seek = "tail.seek",
        /// Show the messages that match a query.
        Query = "tail.query",
        /// Read newest first, or oldest first.
        NewestFirst = "tail.newest-first",
        /// Mark this message, or take its mark away.
        Mark = "tail.mark",
        /// Compare the two marked messages.
        Diff = "tail.diff",
        /// Publish this message again, edited.
        PublishAgain = "tail.publish-again",
        /// Open this message in `$EDITOR`.
        Edit = "tail.edit",
        /// Write the messages that are shown to a file.
        Export = "tail.export",
        /// Go to the next tail.
        Next = "tail.next",
        /// Go to the previous tail.
        Previous = "tail.previous",
        /// Close this tail.
        Close = "tail.close",
        /// Go to the next message.
        NextMessage = "inspector.next",
        /// Go to the previous message.
        PreviousMessage = "inspector.previous",
        /// Show the value another way: JSON, text, hex, decoded, headers.
        View = "inspector.view",
        /// Wrap long lines, or cut them.
        Wrap = "inspector.wrap",
        /// Fold or unfold this JSON node.
        Fold = "inspector.fold",
        /// Show this JSON field as a column of the tail.
        Column = "inspector.column",
    }

    /// In a form.
    Form(FormCommand) {
        /// Go to the next field.
        Next = "form.next",
        /// Go to the previous field.
        Previous = "form.previous",
        /// Take the next choice.
        NextChoice = "form.next-choice",
        /// Take the previous choice.
        PreviousChoice = "form.previous-choice",
        /// Press the button that is in focus.
        Press = "form.press",
        /// Send the form.
        Submit = "form.submit",
        /// Edit the value in `$EDITOR`.
        Edit = "form.edit",
    }

    /// In a text box of one line.
    Text(TextCommand) {
        /// Take what is typed.
        Accept = "text.accept",
        /// Complete what is typed.
        Complete = "text.complete",
        /// Go to the line typed before.
        Back = "text.history-back",
        /// Go to the line typed after.
        Forward = "text.history-forward",
    }

    /// In a box that asks.
    Answer(Answer) {
        /// Do it.
        Yes = "confirm.yes",
        /// Leave it.
        No = "confirm.no",
        /// Press the button that is in focus.
        Press = "confirm.press",
        /// Go to the other button.
        Other = "confirm.other",
        /// Copy it as a `liftui` command.
        Copy = "confirm.copy",
    }

    /// With the dashboard itself.
    App(AppCommand) {
        /// Close what is on top, leave the text box, clear the filter, unmark, or go back.
        Escape = "app.escape",
        /// Go back; at the root, quit.
        Back = "app.back",
        /// Quit; asks to press it again.
        Interrupt = "app.interrupt",
        /// Quit now.
        Quit = "app.quit",
        /// Suspend the process, as in a shell.
        Suspend = "app.suspend",
        /// Show the keys of this place.
        Help = "app.help",
        /// Type a command.
        CommandLine = "app.command-line",
        /// Find a command, a stream or a broker by a few letters.
        Palette = "app.palette",
        /// Ask every broker now.
        Refresh = "app.refresh",
        /// Go to another cluster.
        Contexts = "app.contexts",
        /// Show all of the last error.
        LastError = "app.error",
        /// Show the notices of this session.
        Notices = "app.notices",
        /// Make the demo cluster misbehave, as in `fault kill 2`.
        Fault = "app.fault",
    }
}

impl Command {
    /// The command of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.name() == name)
    }

    /// The name without its place, as it is typed after `:`, such as `delete`.
    pub fn short_name(self) -> &'static str {
        self.name().rsplit('.').next().unwrap_or_default()
    }

    /// Whether it leads to a change that stops others' work: never on a single key (I10).
    pub fn is_destructive(self) -> bool {
        matches!(self, Self::Act(Act::Delete | Act::Pause | Act::Readonly))
    }

    /// Whether it changes the cluster at all: refused in observer mode.
    pub fn changes_cluster(self) -> bool {
        let adds = matches!(
            self,
            Self::Act(Act::Create | Act::Publish) | Self::Tail(TailCommand::PublishAgain)
        );
        adds || self.is_destructive()
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_lead_back() {
        let names: HashSet<_> = Command::ALL.iter().map(|one| one.name()).collect();
        assert_eq!(names.len(), Command::ALL.len());
        for one in Command::ALL {
            assert_eq!(Command::named(one.name()), Some(*one));
        }
    }

    #[test]
    fn every_help_is_a_sentence() {
        for one in Command::ALL {
            let help = one.help();
            assert!(
                help.ends_with('.') && help.starts_with(char::is_uppercase),
                "{help}"
            );
        }
    }
}
