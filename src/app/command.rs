//! Every command, with the name by which it is bound to keys and typed, and the sentence that help shows.
//!
//! Grouped by who answers it. Which key means a command is the keymap's; what it does, that of screens and overlays.

use std::fmt;

/// What can be typed behind a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Argument {
    /// Nothing.
    None,
    /// A stream's name.
    Stream,
    /// A broker's name.
    Broker,
    /// The name of a context.
    Context,
    /// The name of a theme.
    Theme,
    /// A command and its keys: `streams.delete ctrl-x d`.
    Binding,
    /// The name of a cursor.
    CursorName,
    /// A line for the demo cluster's console.
    Fault,
    /// What is to be done to a cursor: `set ID STREAM --to SEEK`.
    Cursor,
    /// Where something is: `orders:2@48301`.
    Locator,
    /// Any text.
    Text,
}

macro_rules! commands {
    ($( $(#[doc = $about:literal])+ $group:ident($kind:ident) {
        $( $(#[doc = $help:literal])+ $variant:ident $(($argument:ident))? = $name:literal, )+
    } )+) => {
        /// What a key or a typed line means.
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

            /// What can be typed behind it.
            pub(super) fn argument(self) -> Argument {
                match self {
                    $($($( Self::$group($kind::$variant) => Argument::$argument, )?)+)+
                    _ => Argument::None,
                }
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
    /// Shows a screen, or focuses a pane of it.
    Go(GoCommand) {
        /// Show the overview: findings, worst first.
        Overview = "go.overview",
        /// Show the brokers.
        Brokers(Broker) = "go.brokers",
        /// Show the streams and their partitions.
        Streams(Stream) = "go.streams",
        /// Show cursors and consumer groups.
        Cursors = "go.cursors",
        /// Show what was done to the cluster.
        Activity = "go.activity",
        /// Show the open tails.
        Tails = "go.tails",
        /// Show what went wrong and when: incidents, those of earlier runs too.
        Incidents = "go.incidents",
        /// Go to the message that was published last from here, once it is acked.
        Published = "go.published",
        /// Go to the next pane.
        NextPane = "go.next-pane",
        /// Go to the previous pane.
        PreviousPane = "go.previous-pane",
    }

    /// Moves within a list or a text.
    Move(Motion) {
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

    /// Does what every list can do with its rows.
    List(ListCommand) {
        /// Open what is chosen: go one level deeper.
        Open = "list.open",
        /// Mark this row, or take its mark away.
        Mark = "list.mark",
        /// Show the rows that contain a text; `!` in front, those that do not. What is typed replaces the text of before.
        Filter(Text) = "list.filter",
        /// Go to the next match.
        NextMatch = "list.next-match",
        /// Go to the previous match.
        PreviousMatch = "list.previous-match",
        /// Sort by the next column.
        Sort = "list.sort",
        /// Reverse the order.
        Reverse = "list.reverse",
        /// Choose which columns are shown.
        Columns = "list.columns",
        /// Show rows with faults only.
        FaultsOnly = "list.faults-only",
        /// Show or hide Liftbridge's own streams.
        Internal = "list.internal",
        /// Show deleted keys of a table, or hide them.
        Deleted = "list.show-deleted",
        /// Say everything that is known of this.
        Describe = "list.describe",
        /// Copy what is chosen.
        Copy = "copy.value",
        /// Choose what to copy, the `liftui` command for this among it.
        CopyMenu = "copy.menu",
    }

    /// Does something with brokers, streams and partitions.
    Cluster(ClusterCommand) {
        /// Tail this stream or partition. Typed: `:tail orders ship-*`.
        Tail(Stream) = "streams.tail",
        /// Show it as a table, a row a key. Typed: `:table settings`.
        Table(Stream) = "streams.table",
        /// Count messages by time, key, header, size; again: stop. Typed: `:stats @-1h`.
        Statistics(Text) = "streams.statistics",
        /// Show who stores the subjects of this stream, or of `:subjects orders.*`.
        Subjects(Text) = "streams.subjects",
        /// Write a message.
        Publish(Stream) = "streams.publish",
        /// Pause or resume the marked partitions; asks first.
        Pause = "streams.pause",
        /// Make the marked partitions readonly or writable; asks first.
        Readonly = "streams.readonly",
        /// Create a stream.
        Create = "streams.create",
        /// Delete a stream; asks for its name.
        Delete(Stream) = "streams.delete",
        /// Make this stream a favourite, which stands first, or one like the others again.
        Favourite = "streams.favourite",
        /// Show what would happen if this broker were lost.
        WhatIf(Broker) = "brokers.what-if",
        /// Show which brokers may be restarted now, the marked ones or all, and why others may not.
        RestartPlan = "brokers.restart-plan",
        /// Show how evenly brokers lead and hold partitions, and what would even it.
        Balance = "brokers.balance",
        /// Show how far each replica of this partition is, and how fast it catches up.
        Replicas = "partitions.replicas",
        /// Compare the copies of this partition; again: stop. Typed: `:verify orders:0`.
        Verify(Stream) = "partitions.verify",
        /// Move a cursor to another message; shows what will be read again or skipped, and asks.
        MoveCursor(Cursor) = "cursors.move",
        /// End the finding about messages that are gone: you know of it.
        Acknowledge = "findings.acknowledge",
    }

    /// Does something with a tail or the inspected message.
    Tail(TailCommand) {
        /// Freeze what is shown, or let it go on; messages keep arriving.
        Freeze = "tail.freeze",
        /// Follow the newest message.
        Follow = "tail.follow",
        /// Move with a cursor, the one furthest behind or `:follow-cursor invoices`; again: stay.
        FollowCursor(CursorName) = "tail.follow-cursor",
        /// Go to an offset or a time.
        Seek(Text) = "tail.seek",
        /// Show the messages that match a query.
        Query(Text) = "tail.query",
        /// Look through the whole stream for what the query finds; again: stop, or go on.
        SearchStream = "tail.search-stream",
        /// Read newest first, or oldest first.
        NewestFirst = "tail.newest-first",
        /// Mark this message, or take its mark away.
        Mark = "tail.mark",
        /// Show how large each message is, or no longer.
        Size = "tail.size",
        /// Choose what the rows show: fields, or text with fields in braces.
        Row(Text) = "tail.row",
        /// Show rows as they are chosen, or the raw messages.
        Raw = "tail.raw",
        /// Compare the two marked messages.
        Diff = "tail.diff",
        /// Publish this message again, edited.
        PublishAgain = "tail.publish-again",
        /// Open this message in `$EDITOR`.
        Edit = "tail.edit",
        /// Write the messages that are shown to a file.
        Export(Text) = "tail.export",
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
        /// Fold or unfold this JSON node; on a value: offer a query for what has the same.
        Fold = "inspector.fold",
        /// Show this JSON field as a column of the tail.
        Column = "inspector.column",
        /// Trace: show the messages of all streams that have the same here.
        Trace = "inspector.trace",
    }

    /// Does something with the tails that stand side by side.
    Pane(PaneCommand) {
        /// Put another tail beside this one: another open one, or one more of the same partitions.
        Split(Stream) = "tails.split",
        /// Leave this tail alone on the screen; the others stay open.
        Only = "tails.only",
        /// Go to the tail on the left.
        Left = "tails.go-left",
        /// Go to the tail on the right.
        Right = "tails.go-right",
        /// Go to the tail above.
        Up = "tails.go-up",
        /// Go to the tail below.
        Down = "tails.go-down",
        /// Go to the first tail on the screen.
        First = "tails.go-first",
        /// Go to the second tail on the screen.
        Second = "tails.go-second",
        /// Go to the third tail on the screen.
        Third = "tails.go-third",
        /// Go to the fourth tail on the screen.
        Fourth = "tails.go-fourth",
    }

    /// Does something with the queries that are kept.
    Query(QueryCommand) {
        /// Choose a saved query, or one typed before, from a menu.
        Choose = "query.choose",
        /// Save this query under a name, for its stream or for all.
        Save = "query.save",
        /// Delete the saved query that is chosen, or forget the typed one; asks first.
        Delete = "query.delete",
    }

    /// Does something in a form.
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
        /// Copy it as a `liftui` command.
        Copy = "form.copy",
    }

    /// Does something in a text box of one line.
    Text(TextCommand) {
        /// Take what is typed.
        Accept = "text.accept",
        /// Complete what is typed.
        Complete = "text.complete",
        /// Go to the line typed before.
        Older = "text.history-back",
        /// Go to the line typed after.
        Newer = "text.history-forward",
    }

    /// Answers a question.
    Confirm(ConfirmCommand) {
        /// Do it.
        Yes = "confirm.yes",
        /// Leave it.
        No = "confirm.no",
        /// Press the button that is in focus.
        Press = "confirm.press",
        /// Go to the other button.
        OtherButton = "confirm.other",
        /// Copy it as a `liftui` command.
        Copy = "confirm.copy",
    }

    /// Concerns the dashboard itself.
    App(AppCommand) {
        /// Close what is on top, leave the text box, clear the filter, unmark, or go back.
        Escape = "app.escape",
        /// Go back; at the root, quit.
        Back = "app.back",
        /// Go to the place that was shown before this one.
        PreviousPlace = "app.previous-place",
        /// Go forward again to the place that was shown after this one.
        NextPlace = "app.next-place",
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
        /// Open a message, a query or a screen by its locator, as in `open orders:2@48301`.
        Open(Locator) = "app.open",
        /// Find a command, a stream or a broker by a few letters.
        Palette = "app.palette",
        /// Ask every broker now.
        Refresh = "app.refresh",
        /// Draw everything anew, where something else has written to the terminal.
        Repaint = "app.repaint",
        /// Let the mouse go, so that the terminal selects text with it; or take it back.
        Mouse = "app.mouse",
        /// Go to another cluster.
        Contexts(Context) = "app.contexts",
        /// Show all of the last error.
        LastError = "app.error",
        /// Show the notices of this session.
        Notices = "app.notices",
        /// Show times of many rows as ages, or as clocks.
        Ages = "app.ages",
        /// Show times in the next zone: UTC, that of this machine, the one of your own.
        Zone(Text) = "app.zone",
        /// Show in another theme.
        Theme(Theme) = "app.theme",
        /// Show every setting, its value and where that came from.
        Settings = "app.settings",
        /// Bind a command to other keys, as in `bind streams.delete ctrl-x d`.
        Bind(Binding) = "app.bind",
        /// Show what this program has logged.
        Log = "app.log",
        /// Write the last minutes to a file for `liftui replay`, as in `record storm.rec`.
        Record(Text) = "app.record",
        /// Open the demo, a cluster in this process to look around in, where none was named and no broker answers.
        Demo = "app.open-demo",
        /// Make the demo cluster misbehave, as in `fault kill 2`.
        Fault(Fault) = "app.fault",
    }

    /// Drives a recording.
    Replay(ReplayCommand) {
        /// Let the recording go on, or stand still.
        Pause = "replay.pause",
        /// Go back by 10 seconds.
        Back = "replay.back",
        /// Go forward by 10 seconds.
        Forward = "replay.forward",
        /// Go back by a minute.
        BackMinute = "replay.back-minute",
        /// Go forward by a minute.
        ForwardMinute = "replay.forward-minute",
        /// Go to the finding or notice before this time.
        PreviousMark = "replay.previous-mark",
        /// Go to the next finding or notice.
        NextMark = "replay.next-mark",
        /// Go to the frame before this one.
        PreviousFrame = "replay.previous-frame",
        /// Go to the next frame.
        NextFrame = "replay.next-frame",
        /// Play twice as fast, at most 64 times as fast as it happened.
        Faster = "replay.faster",
        /// Play half as fast, at least as fast as it happened.
        Slower = "replay.slower",
        /// Leave what was looked around in, for the recording as it was; leave the last minutes, for now.
        Return = "replay.return",
    }
}

impl Command {
    /// The command of that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.name() == name)
    }

    /// The name without its group, as it is typed after `:`, such as `delete`.
    pub(crate) fn short_name(self) -> &'static str {
        self.name().rsplit('.').next().unwrap_or_default()
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
            assert_eq!(Command::from_name(one.name()), Some(*one));
        }
    }

    #[test]
    fn every_help_is_a_sentence() {
        for one in Command::ALL {
            let help = one.help();
            let is_sentence = help.ends_with('.') && help.starts_with(char::is_uppercase);
            assert!(is_sentence, "{help}");
        }
    }
}
