//! An operation as the `liftui` command that does the same: "copy as command" (I11). The command line reads it back.
//! Which cluster it goes to is the caller's to add.

use std::fmt::{Display, Write};
use std::time::Duration;

use super::units::{format_duration, format_ranges};
use super::{AckPolicy, Destination, Operation, PartitionId, PublishOptions, StreamOptions};

impl Operation {
    /// The arguments that follow `liftui` on the command line. The command line reads them back as an equal operation.
    pub fn argv(&self) -> Vec<String> {
        match self {
            Self::Create(options) => create(options),
            // Asked for its name elsewhere than on a terminal, it would refuse.
            Self::Delete { stream } => Argv::new("delete")
                .switch("--yes", true)
                .name(stream)
                .done(),
            Self::Pause {
                stream,
                partitions,
                resume_all,
            } => Argv::new("pause")
                .name(stream)
                .partitions(partitions)
                .switch("--resume-all", *resume_all)
                .done(),
            Self::Resume { stream, partitions } => Argv::new("resume")
                .name(stream)
                .partitions(partitions)
                .done(),
            Self::SetReadonly {
                stream,
                partitions,
                readonly,
            } => Argv::new(if *readonly { "readonly" } else { "writable" })
                .name(stream)
                .partitions(partitions)
                .done(),
            Self::Publish(options) => publish(options),
            Self::SetCursor {
                id,
                stream,
                partition,
                offset,
            } => Argv::new("cursor")
                .word("set")
                .name(id)
                .name(&format!("{stream}:{partition}"))
                .name(&offset.to_string())
                .done(),
        }
    }
}

/// Arguments as one line that a POSIX shell splits into the same arguments.
pub fn shell_line(arguments: &[String]) -> String {
    let quoted: Vec<String> = arguments.iter().map(|text| quote(text)).collect();
    quoted.join(" ")
}

fn quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn create(options: &StreamOptions) -> Vec<String> {
    Argv::new("create")
        .name(&options.name)
        .text("--subject", &options.subject)
        .text("--group", &options.group)
        .value("--partitions", options.partitions)
        .value("--replication", options.replication_factor)
        .value("--retention-bytes", options.retention_max_bytes)
        .value("--retention-messages", options.retention_max_messages)
        .duration("--retention-age", options.retention_max_age)
        .duration("--cleaner-interval", options.cleaner_interval)
        .value("--segment-bytes", options.segment_max_bytes)
        .duration("--segment-age", options.segment_max_age)
        .flag("--compact", options.compact_enabled)
        .value("--compact-goroutines", options.compact_max_goroutines)
        .duration("--auto-pause", options.auto_pause_time)
        .flag(
            "--auto-pause-unless-subscribed",
            options.auto_pause_disable_if_subscribers,
        )
        .value("--min-isr", options.min_isr)
        .flag(
            "--concurrency-control",
            options.optimistic_concurrency_control,
        )
        .flag("--encrypt", options.encryption)
        .done()
}

fn publish(options: &PublishOptions) -> Vec<String> {
    let hex = needs_hex(options);
    let bytes = |bytes: &[u8]| as_text(bytes, hex);
    let mut argv = match &options.to {
        Destination::Partition(stream, partition) => Argv::new("publish")
            .name(stream)
            .value("--partition", Some(partition)),
        Destination::ByKey(stream) => Argv::new("publish").name(stream).switch("--by-key", true),
        Destination::RoundRobin(stream) => Argv::new("publish")
            .name(stream)
            .switch("--round-robin", true),
        Destination::Subject(subject) => Argv::new("publish-subject").name(subject),
    };
    argv = argv
        .switch("--hex", hex)
        .text("--key", &bytes(&options.key));
    for (name, value) in &options.headers {
        argv = argv.text("--header", &format!("{name}={}", bytes(value)));
    }
    let policy = match options.ack_policy {
        AckPolicy::Leader => "",
        AckPolicy::All => "all",
        AckPolicy::None => "none",
    };
    let expected = Some(options.expected_offset).filter(|offset| *offset != -1);
    argv.text("--ack", policy)
        .text("--correlation-id", &options.correlation_id)
        .text("--ack-inbox", &options.ack_inbox)
        .value("--expect-offset", expected)
        .duration("--timeout", options.deadline)
        .name(&bytes(&options.value))
        .done()
}

/// Whether some byte cannot stand on a command line, or should not: not UTF-8, or a control character. A header whose
/// name has a "=", or is empty, is distinguished from its value by the hex of that.
fn needs_hex(options: &PublishOptions) -> bool {
    let mut names = options.headers.iter().map(|(name, _)| name);
    if names.any(|name| name.is_empty() || name.contains('=')) {
        return true;
    }
    let headers = options.headers.iter().map(|(_, value)| value);
    headers
        .chain([&options.key, &options.value])
        .any(|bytes| !is_typeable(bytes))
}

fn is_typeable(bytes: &[u8]) -> bool {
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    std::str::from_utf8(bytes).is_ok_and(|text| !text.contains(control))
}

fn as_text(bytes: &[u8], hex: bool) -> String {
    if !hex {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}

/// A command line of these names, which stand behind `--` where one of them could be taken for an option: names are whoever
/// made them's, not ours.
pub fn command_words(command: &[&str], names: &[&str], options: &[&str]) -> Vec<String> {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let argv = Argv {
        command: owned(command),
        options: owned(options),
        names: owned(names),
    };
    argv.done()
}

/// Collects options and names; names that begin with a hyphen go behind `--`.
struct Argv {
    command: Vec<String>,
    options: Vec<String>,
    names: Vec<String>,
}

impl Argv {
    fn new(command: &str) -> Self {
        Self {
            command: vec![command.to_owned()],
            options: Vec::new(),
            names: Vec::new(),
        }
    }

    /// The second word of a command that has two.
    fn word(mut self, word: &str) -> Self {
        self.command.push(word.to_owned());
        self
    }

    fn name(mut self, name: &str) -> Self {
        self.names.push(name.to_owned());
        self
    }

    /// An option that is left out where its text is empty.
    fn text(mut self, option: &str, text: &str) -> Self {
        if text.starts_with('-') {
            self.options.push(format!("{option}={text}"));
        } else if !text.is_empty() {
            self.options.extend([option.to_owned(), text.to_owned()]);
        }
        self
    }

    fn value<T: Display>(self, option: &str, value: Option<T>) -> Self {
        let text = value.map(|value| value.to_string());
        self.text(option, &text.unwrap_or_default())
    }

    fn duration(self, option: &str, duration: Option<Duration>) -> Self {
        self.value(option, duration.map(format_duration))
    }

    fn partitions(self, partitions: &[PartitionId]) -> Self {
        self.text("--partitions", &format_ranges(partitions))
    }

    fn switch(mut self, option: &str, on: bool) -> Self {
        if on {
            self.options.push(option.to_owned());
        }
        self
    }

    /// A switch that can also be said to be off, against the server's default.
    fn flag(self, option: &str, on: Option<bool>) -> Self {
        match on {
            None => self,
            Some(true) => self.switch(option, true),
            Some(false) => self.switch(&format!("{option}=false"), true),
        }
    }

    /// The first name stands after the command, as people write it; the rest at the end.
    fn done(self) -> Vec<String> {
        let mut argv = self.command;
        if self.names.iter().any(|name| name.starts_with('-')) {
            argv.extend(self.options);
            argv.push("--".to_owned());
            argv.extend(self.names);
            return argv;
        }
        let mut names = self.names.into_iter();
        argv.extend(names.next());
        argv.extend(self.options);
        argv.extend(names);
        argv
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_reads_as_one_would_type_it() {
        let operation = Operation::Pause {
            stream: "orders".into(),
            partitions: vec![0, 2, 3, 4],
            resume_all: true,
        };
        let line = shell_line(&operation.argv());
        assert_eq!(line, "pause orders --partitions 0,2-4 --resume-all");
    }

    #[test]
    fn the_shell_gets_back_what_it_was_given() {
        let words = ["it's", "", "a b", "$HOME", "{\"a\":1}", "plain-1.2"];
        let line = shell_line(&words.map(str::to_owned));
        assert_eq!(line, r#"'it'\''s' '' 'a b' '$HOME' '{"a":1}' plain-1.2"#);
    }

    #[test]
    fn bytes_that_no_command_line_carries_become_hex() {
        let to = Destination::ByKey("s".into());
        let operation = Operation::Publish(Box::new(PublishOptions::new(to, vec![0_u8, 255])));
        let line = shell_line(&operation.argv());
        assert_eq!(line, "publish s --by-key --hex 00ff");
    }
}
