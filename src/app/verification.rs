//! Whether the copies of a partition are equal: which can be compared, how far that is, what differs.

use std::sync::Arc;

use super::App;
use super::command::{ClusterCommand, Command, ListCommand};
use super::effect::{Effect, VerifySpec};
use super::ids::RequestId;
use super::inflight::Request;
use super::notice::Level;
use super::overlays::Overlay;
use super::range_run::RangeRun;
use super::row_key::{DetailTarget, PartitionKey};
use super::screens::operations;
use crate::health::{BrokerTruth, Known, PartitionTruth, Truth};
use crate::model::{BrokerId, Failure, Offset, StreamName, command_words, shell_line};
use crate::store::{ReadableCopies, Unverified, VerifyReport};

/// Messages a second at most: brokers have other work, and one key starts it.
const RATE: u32 = 20_000;

/// What is answered where several partitions are chosen.
pub(super) const ONE_PARTITION: &str =
    "the copies of one partition are compared here: choose one, or type liftui verify in a shell";

/// Copies that are compared, and what was found.
pub type VerificationRun = RangeRun<VerifySpec, VerifyReport>;

impl App {
    /// The copies that were compared last.
    pub fn verification(&self) -> Option<&VerificationRun> {
        self.verification.as_ref()
    }

    /// The command that compares in a shell what is compared here.
    pub(crate) fn verify_command(&self) -> Option<String> {
        let spec = self.verification.as_ref()?.spec();
        let place = format!("{}:{}", spec.stream, spec.partition);
        let line = shell_line(&command_words(&["liftui", "verify"], &[&place], &[]));
        Some(self.context.settings.on_this_cluster(&line))
    }

    /// Whether a command is about copies that are compared: any place may ask for that, the text about them for more.
    pub(super) fn takes_for_verification(&self, command: Command) -> bool {
        let copies = command == ListCommand::Copy.into() && self.has_verification_open();
        copies || command == ClusterCommand::Verify.into()
    }

    /// Begins to compare the copies of the partition that is chosen. Where such a text is shown, stops comparing, begins anew,
    /// or copies the command that does the same in a shell.
    pub(super) fn run_verification(&mut self, command: Command) {
        if command == ListCommand::Copy.into() {
            if let Some(line) = self.verify_command() {
                self.context.copy("the command", line);
            }
            return;
        }
        if self.has_verification_open()
            && let Some(run) = &self.verification
        {
            if run.is_reading() {
                return self.stop_verification("stopped: this is what was compared until then");
            }
            let spec = run.spec();
            let again = (StreamName::clone(&spec.stream), spec.partition);
            return self.compare_copies(again);
        }
        if let Some(partition) = self.partition_to_verify() {
            self.compare_copies(partition);
        }
    }

    fn compare_copies(&mut self, (stream, partition): PartitionKey) {
        let truth = self.cluster.truth();
        let Some(found) = truth.partition(&stream, partition) else {
            let text = format!("{stream}:{partition} is gone");
            return self.context.notify(Level::Error, text);
        };
        let copies = readable_copies(truth, found);
        let report = VerifyReport::new(StreamName::clone(&stream), partition, copies.clone());
        let spec = VerifySpec {
            stream,
            partition,
            copies,
            rate: RATE,
        };
        let id = self.context.begin_request(Request::Verification);
        self.context.emit(Effect::Verify(id, spec.clone()));
        self.verification = Some(RangeRun::new(id, spec, report, self.context.now));
        self.overlays.show_detail(DetailTarget::Verification);
    }

    /// The partition whose replicas are shown, or the one that is chosen in a list.
    fn partition_to_verify(&mut self) -> Option<PartitionKey> {
        if let Some(Overlay::Pager(pager)) = self.overlays.open()
            && let DetailTarget::Replicas(shown) = pager.target()
            && let [one] = shown.as_slice()
        {
            return Some(one.clone());
        }
        let pane = self.focus.pane();
        let targets = self.screens.of(pane).targets(pane);
        let (truth, context) = (self.cluster.truth(), &mut self.context);
        let mut keys = operations::partition_keys(&targets, truth, context)?;
        if keys.len() > 1 {
            self.context.notify(Level::Note, ONE_PARTITION);
            return None;
        }
        keys.pop()
    }

    fn has_verification_open(&self) -> bool {
        self.overlays.shows(&DetailTarget::Verification)
    }

    /// Nothing is read for a text that nobody looks at.
    pub(super) fn stop_unseen_verification(&mut self) {
        if !self.has_verification_open() {
            self.stop_verification("the comparison of copies was stopped");
        }
    }

    fn stop_verification(&mut self, text: &str) {
        let run = self.verification.as_mut();
        if run.is_some_and(|run| run.stop(Effect::CancelVerify, &mut self.context)) {
            self.context.notify(Level::Note, text);
        }
    }

    /// Some of the copies was compared.
    pub(super) fn on_verification(
        &mut self,
        id: RequestId,
        read: Result<(Arc<VerifyReport>, bool), Failure>,
    ) {
        RangeRun::on_read(self.verification.as_mut(), id, read, &mut self.context);
    }
}

/// What of a partition can be compared by what is known now. The command line asks this too.
pub(crate) fn readable_copies(truth: &Truth, partition: &PartitionTruth) -> ReadableCopies {
    let Some(leader) = leader_of(partition) else {
        return ReadableCopies::nothing("no leader answers, so nobody says what is committed");
    };
    if partition.paused == Known::Yes {
        return ReadableCopies::nothing("it is paused: resume it first");
    }
    let (mut replicas, mut unverified) = (Vec::new(), Vec::new());
    let followers = partition.replicas.iter().filter(|id| *id != leader);
    let mut ends: Vec<Offset> = Vec::new();
    for replica in [leader].into_iter().chain(followers) {
        match committed_at(truth, partition, replica) {
            Ok(committed) => {
                replicas.push(BrokerId::clone(replica));
                ends.push(committed);
            }
            Err(one) => unverified.push(one),
        }
    }
    let committed = ends.first().copied().unwrap_or(-1);
    unverified.extend(held_beyond(partition, &replicas, committed));
    ReadableCopies {
        replicas,
        unverified,
        committed,
        common: ends.into_iter().min().unwrap_or(-1),
    }
}

/// Copies among these that hold messages which their leader has lost: nothing of that can be compared, and that is not
/// equality.
fn held_beyond(
    partition: &PartitionTruth,
    replicas: &[BrokerId],
    committed: Offset,
) -> Vec<Unverified> {
    let loss = partition.log_loss.as_deref();
    let holders = loss.map_or(&[][..], |loss| &loss.holders);
    let beyond = holders
        .iter()
        .filter(|(replica, newest)| *newest > committed && replicas.contains(replica));
    let unverified = beyond.map(|(replica, newest)| Unverified {
        from: Some(committed.saturating_add(1)),
        ..Unverified::of(
            replica,
            format!("it holds messages up to offset {newest}, which its leader has lost"),
        )
    });
    unverified.collect()
}

fn leader_of(partition: &PartitionTruth) -> Option<&BrokerId> {
    let leader = partition.leader.as_ref();
    leader.filter(|_| partition.leader_reachable == Known::Yes)
}

/// How far a replica says that it has committed; why it cannot be compared where it does not.
fn committed_at(
    truth: &Truth,
    partition: &PartitionTruth,
    replica: &BrokerId,
) -> Result<Offset, Unverified> {
    let broker = truth.broker(replica);
    if !broker.is_some_and(BrokerTruth::is_answering) {
        let failure = broker.and_then(|broker| broker.failure.as_ref());
        let why = failure.map_or_else(String::new, |failure| format!(": {failure}"));
        return Err(Unverified::of(replica, format!("it does not answer{why}")));
    }
    if !partition.in_sync.contains(replica) {
        return Err(Unverified::of(replica, "it is not in sync"));
    }
    let ends = partition.ends_of(replica);
    let committed = ends.and_then(|ends| ends.high_watermark);
    match (committed, partition.high_watermark) {
        (Some(committed), Some(leaders)) if committed >= 0 || leaders < 0 => Ok(committed),
        _ => Err(Unverified::of(
            replica,
            "it does not say yet what is committed",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::LogLoss;
    use crate::model::Timestamp;

    #[test]
    fn copies_that_hold_what_their_leader_lost_are_not_verified() {
        let loss = LogLoss {
            from: 34,
            to: -1,
            at: Timestamp(0),
            leader: "a".into(),
            holders: vec![("b".into(), 34), ("c".into(), 2), ("d".into(), 34)],
            cut: Vec::new(),
        };
        let partition = PartitionTruth {
            log_loss: Some(Box::new(loss)),
            ..PartitionTruth::default()
        };
        let replicas = ["a", "b", "c"].map(BrokerId::from);
        let found = held_beyond(&partition, &replicas, 2);
        let [only] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(only.replica.as_deref(), Some("b"));
        assert_eq!(only.from, Some(3));
        assert!(only.reason.contains("up to offset 34"), "{}", only.reason);
        let whole = PartitionTruth::default();
        assert_eq!(held_beyond(&whole, &replicas, 2), []);
    }
}
