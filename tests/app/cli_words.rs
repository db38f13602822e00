//! "Copy as a liftui command" and the command line speak the same words: what one writes the other reads.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

use bytes::Bytes;
use liftui::cli::Invocation;
use liftui::model::{
    AckPolicy, Destination, Operation, PartitionId, PublishOptions, StreamOptions, shell_line,
};

use crate::cli_test_cluster::TestCluster;

/// Letters that shells, option parsers and line editors stumble over.
const LETTERS: [char; 24] = [
    'a', 'Z', '0', '7', '-', '_', '.', ':', '=', ',', ' ', '\'', '"', '\\', '$', '`', '!', '*',
    '\n', '\t', '#', '&', 'é', '雪',
];

struct Dice(fastrand::Rng);

impl Dice {
    fn text(&mut self, least: usize) -> String {
        let length = self.0.usize(least..9);
        let letters = (0..length).map(|_| LETTERS[self.0.usize(..LETTERS.len())]);
        letters.collect()
    }

    fn bytes(&mut self) -> Bytes {
        if self.0.u8(..4) == 0 {
            let length = self.0.usize(..6);
            return (0..length).map(|_| self.0.u8(..)).collect();
        }
        Bytes::from(self.text(0))
    }

    fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.0.bool().then(|| value(self))
    }

    fn duration(&mut self) -> Duration {
        // A time limit of nothing cannot be typed.
        let digits = self.0.u32(..16);
        Duration::from_nanos(self.0.u64(1..10_u64.pow(digits).max(2)))
    }

    fn partitions(&mut self) -> Vec<PartitionId> {
        (0..12).filter(|_| self.0.u8(..3) == 0).collect()
    }

    fn number(&mut self) -> i64 {
        let digits = self.0.u32(..18);
        let most = 10_i64.pow(digits);
        self.0.i64(-most..=most)
    }

    fn small(&mut self) -> i32 {
        self.0.i32(-5..50)
    }

    fn stream(&mut self) -> Operation {
        Operation::Create(Box::new(StreamOptions {
            name: self.text(0),
            subject: self.text(0),
            group: self.text(0),
            replication_factor: self.maybe(Self::small),
            partitions: self.maybe(Self::small),
            retention_max_bytes: self.maybe(Self::number),
            retention_max_messages: self.maybe(Self::number),
            retention_max_age: self.maybe(Self::duration),
            cleaner_interval: self.maybe(Self::duration),
            segment_max_bytes: self.maybe(Self::number),
            segment_max_age: self.maybe(Self::duration),
            compact_max_goroutines: self.maybe(Self::small),
            compact_enabled: self.maybe(|dice| dice.0.bool()),
            auto_pause_time: self.maybe(Self::duration),
            auto_pause_disable_if_subscribers: self.maybe(|dice| dice.0.bool()),
            min_isr: self.maybe(Self::small),
            optimistic_concurrency_control: self.maybe(|dice| dice.0.bool()),
            encryption: self.maybe(|dice| dice.0.bool()),
        }))
    }

    fn message(&mut self) -> Operation {
        let to = match self.0.u8(..4) {
            0 => Destination::ByKey(self.text(0).into()),
            1 => Destination::RoundRobin(self.text(0).into()),
            2 => Destination::Subject(self.text(0)),
            _ => Destination::Partition(self.text(0).into(), self.small()),
        };
        let is_subject = matches!(to, Destination::Subject(_));
        let headers = (0..self.0.usize(..3)).map(|_| (self.text(0), self.bytes()));
        // A message has each name once.
        let headers: BTreeMap<_, _> = headers.collect();
        let headers = headers.into_iter().collect();
        let policies = [AckPolicy::Leader, AckPolicy::All, AckPolicy::None];
        Operation::Publish(Box::new(PublishOptions {
            to,
            key: self.bytes(),
            value: self.bytes(),
            headers,
            ack_policy: policies[self.0.usize(..3)],
            correlation_id: self.text(0),
            ack_inbox: self.text(0),
            // PublishToSubject has no such field (wire-contract §2.2).
            expected_offset: if is_subject { -1 } else { self.number() },
            deadline: self.maybe(Self::duration),
        }))
    }

    fn operation(&mut self) -> Operation {
        let stream = self.text(0).into();
        let partitions = self.partitions();
        match self.0.u8(..7) {
            0 => self.stream(),
            1 => Operation::Delete { stream },
            2 => Operation::Pause {
                stream,
                partitions,
                resume_all: self.0.bool(),
            },
            3 => Operation::Resume { stream, partitions },
            4 => Operation::SetReadonly {
                stream,
                partitions,
                readonly: self.0.bool(),
            },
            5 => Operation::SetCursor {
                id: self.text(0),
                stream: self.text(1).into(),
                partition: self.0.i32(0..100),
                offset: self.number(),
            },
            _ => self.message(),
        }
    }
}

/// Splits a line as a POSIX shell does where it holds only plain words, single quotes and escaped quotes.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                word.extend(letters.by_ref().take_while(|letter| *letter != '\''));
            }
            '\\' => word.get_or_insert_default().extend(letters.next()),
            other => {
                assert!(
                    !"\"$`*?[#~&|;<>()!{}\n\t".contains(other),
                    "unquoted {other:?} in {line}"
                );
                word.get_or_insert_default().push(other);
            }
        }
    }
    words.extend(word);
    words
}

fn read(arguments: &[String]) -> Option<Operation> {
    let words = std::iter::once("liftui").chain(arguments.iter().map(String::as_str));
    let words: Vec<OsString> = words.map(OsString::from).collect();
    Invocation::read(&words).ok()?.operation()
}

#[test]
fn an_operation_copied_as_a_command_is_the_same_operation_when_typed() {
    let mut dice = Dice(fastrand::Rng::with_seed(6));
    for _ in 0..3_000 {
        let operation = dice.operation();
        let line = shell_line(&operation.argv());
        assert_eq!(read(&split(&line)), Some(operation), "{line}");
    }
}

#[test]
fn a_query_that_lacks_cel_is_told_so_by_every_command_that_takes_one() {
    let test = TestCluster::new();
    test.ok("create from");
    test.ok("create to");
    let published = test.feed("publish from --lines", b"{\"id\":5}\n{\"id\":6}\n");
    assert_eq!(published.code, 0, "{published:?}");
    for command in [
        &["tail", "from", "--to", "end", "-q"][..],
        &["redrive", "from", "to", "--dry-run", "-q"],
    ] {
        let output = test.run(&[command, &["value.id==5"]].concat());
        let said = "\"value.id==5\" is looked for as text; an expression begins with cel: as in cel: value.id==5\n";
        assert!(output.err.starts_with(said), "{output:?}");
        let output = test.run(&[command, &["cel: value.id==5"]].concat());
        assert!(!output.err.contains("is looked for"), "{output:?}");
        let output = test.run(&[command, &["cel: value.id==18446744073709551616"]].concat());
        let said = "18446744073709551616 cannot be held in an expression";
        assert_eq!(output.code, 2, "{output:?}");
        assert!(output.err.contains(said), "{output:?}");
        assert!(output.err.contains("(at character 16)"), "{output:?}");
    }
}
