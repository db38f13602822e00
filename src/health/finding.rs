//! Findings: how bad, by which rule, about what, in words. The rules themselves are in `rules`.

use serde::{Deserialize, Serialize};

use crate::model::{BrokerId, PartitionId, StreamName, Target, Timestamp, format_ranges};

/// Something that is wrong now.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Which rule found it.
    pub rule: Rule,
    /// What it is about: where more than one partition of a stream has it, the stream.
    pub target: Target,
    /// The stream that a cursor or group reads, where it is about one of these.
    pub read_stream: Option<StreamName>,
    /// The partitions that have it, sorted; empty where it is not about partitions.
    pub partitions: Vec<PartitionId>,
    /// One line that names the target: `payments-eu:0,1 under-replicated`.
    pub message: String,
    /// What to know besides, a line each: the evidence, what will happen by itself, what will not.
    pub detail: Vec<String>,
    /// Since when, as far as can be known.
    pub since: Timestamp,
    /// Whether it has been so for at least so long, and nobody watched before.
    pub at_least: bool,
    /// The broker whose silence explains it: it is over when that broker is back.
    pub cause: Option<BrokerId>,
    /// Messages a second of what it is about, as far as that is known.
    pub rate: Option<f64>,
}

impl Finding {
    /// A finding that is not about partitions.
    pub(super) fn new(
        severity: Severity,
        rule: Rule,
        target: Target,
        message: impl Into<String>,
        detail: Vec<String>,
        since: Timestamp,
    ) -> Self {
        Self {
            severity,
            rule,
            target,
            read_stream: None,
            partitions: Vec::new(),
            message: message.into(),
            detail,
            since,
            at_least: false,
            cause: None,
            rate: None,
        }
    }

    /// Whether it is about one of Liftbridge's own streams.
    pub fn is_internal(&self) -> bool {
        self.stream().is_some_and(|name| name.starts_with("__"))
    }

    /// The stream it is about, if it is about one.
    pub fn stream(&self) -> Option<&str> {
        match &self.target {
            Target::Stream(name) | Target::Partition(name, _) => Some(name),
            Target::Cluster
            | Target::Broker(_)
            | Target::Subject(_)
            | Target::Cursor(_)
            | Target::Group(_) => None,
        }
    }

    /// The stream it is about, or else its target: the partitions of one stream come and go in one finding.
    pub(super) fn scope(&self) -> String {
        let stream = self.stream().map(str::to_owned);
        stream.unwrap_or_else(|| self.target_name())
    }

    /// What it is about, the same for as long as it lasts; a cursor or group has one for each stream that it reads.
    pub(super) fn key(&self) -> String {
        let scope = self.scope();
        match &self.read_stream {
            Some(stream) => format!("{scope} of {stream}"),
            None => scope,
        }
    }

    /// The target as one word: `node-2`, `orders`, `orders:0,2-4`, `cluster`.
    pub fn target_name(&self) -> String {
        match &self.target {
            Target::Cluster => "cluster".to_owned(),
            Target::Broker(name) => name.to_string(),
            Target::Stream(name) | Target::Partition(name, _) => {
                if self.partitions.is_empty() {
                    return name.to_string();
                }
                format!("{name}:{}", format_ranges(&self.partitions))
            }
            Target::Subject(text) | Target::Cursor(text) | Target::Group(text) => text.clone(),
        }
    }
}

/// How bad something is. The order is that of severity, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// Good to know.
    Note,
    /// Degraded, or about to break.
    Warning,
    /// Broken now.
    Critical,
}

impl Severity {
    /// The name for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// What can be found. Names are stable: scripts choose by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A log ends before what was committed or delivered.
    LogWentBack,
    /// A stream was deleted and created anew under its name: what it held is gone.
    StreamRecreated,
    /// No broker answers at all.
    NoBroker,
    /// A broker does not answer.
    BrokerSilent,
    /// A broker has come back, and what it says is not believed yet.
    BrokerCatchingUp,
    /// Partitions name a broker that nobody lists: where it is, and so whether it answers, is unknown.
    AddressUnknown,
    /// Fewer than half of the brokers answer, or one says so: nothing can be created and no leader elected.
    NoMetadataLeader,
    /// A partition's leader does not answer.
    LeaderUnreachable,
    /// No answering broker names a leader.
    Leaderless,
    /// Fewer in-sync replicas than the stream needs: nothing commits.
    BelowMinIsr,
    /// As many in-sync replicas as the stream needs, and not one more.
    AtMinIsr,
    /// Stored messages are not committed and that does not change.
    CommitStalled,
    /// Replicas are not in sync.
    UnderReplicated,
    /// A broker answered with an error, or missed a poll.
    BrokerFailing,
    /// Answering brokers go on saying different things.
    ViewsDisagree,
    /// A cursor is beyond the end of its log: what it had read is gone.
    CursorBeyondEnd,
    /// A cursor was moved back: what was read is read again.
    CursorMovedBack,
    /// A cursor was behind, and where it stands now cannot be read.
    CursorUnreadable,
    /// A cursor does not move although there is something to read.
    CursorStalled,
    /// A cursor lags more than the configured limits.
    CursorLag,
}

/// What several rules say the state of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StateOf {
    Broker,
    Partition,
    Cursor,
}

impl Rule {
    /// Whether its findings stay until somebody has acknowledged them: what is gone does not come back.
    pub fn needs_acknowledgement(self) -> bool {
        matches!(self, Self::LogWentBack | Self::StreamRecreated)
    }

    /// What its findings say the state of, where rules take turns in saying that: of two of them about the same thing, one is
    /// what became of the other.
    pub(super) fn state(self) -> Option<StateOf> {
        match self {
            Self::BrokerSilent | Self::BrokerFailing | Self::BrokerCatchingUp => {
                Some(StateOf::Broker)
            }
            Self::LeaderUnreachable
            | Self::Leaderless
            | Self::BelowMinIsr
            | Self::CommitStalled
            | Self::AtMinIsr
            | Self::UnderReplicated => Some(StateOf::Partition),
            Self::CursorBeyondEnd
            | Self::CursorUnreadable
            | Self::CursorStalled
            | Self::CursorLag => Some(StateOf::Cursor),
            Self::LogWentBack
            | Self::StreamRecreated
            | Self::NoBroker
            | Self::AddressUnknown
            | Self::NoMetadataLeader
            | Self::ViewsDisagree
            | Self::CursorMovedBack => None,
        }
    }

    /// Every rule, the gravest first.
    pub const ALL: [Self; 20] = [
        Self::LogWentBack,
        Self::StreamRecreated,
        Self::NoBroker,
        Self::BrokerSilent,
        Self::NoMetadataLeader,
        Self::LeaderUnreachable,
        Self::Leaderless,
        Self::BelowMinIsr,
        Self::CommitStalled,
        Self::AtMinIsr,
        Self::UnderReplicated,
        Self::BrokerCatchingUp,
        Self::AddressUnknown,
        Self::BrokerFailing,
        Self::ViewsDisagree,
        Self::CursorBeyondEnd,
        Self::CursorMovedBack,
        Self::CursorUnreadable,
        Self::CursorStalled,
        Self::CursorLag,
    ];

    /// The name for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoBroker => "no-broker",
            Self::LogWentBack => "log-went-back",
            Self::StreamRecreated => "stream-recreated",
            Self::BrokerSilent => "broker-silent",
            Self::BrokerCatchingUp => "broker-catching-up",
            Self::AddressUnknown => "address-unknown",
            Self::CursorBeyondEnd => "cursor-beyond-end",
            Self::CursorMovedBack => "cursor-moved-back",
            Self::NoMetadataLeader => "no-metadata-leader",
            Self::LeaderUnreachable => "leader-unreachable",
            Self::Leaderless => "leaderless",
            Self::BelowMinIsr => "below-min-isr",
            Self::AtMinIsr => "at-min-isr",
            Self::CommitStalled => "commit-stalled",
            Self::UnderReplicated => "under-replicated",
            Self::BrokerFailing => "broker-failing",
            Self::ViewsDisagree => "views-disagree",
            Self::CursorUnreadable => "cursor-unreadable",
            Self::CursorStalled => "cursor-stalled",
            Self::CursorLag => "cursor-lag",
        }
    }

    /// The rule of that name, or of one that it had in version 0.1.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = match name {
            "commit-stuck" => "commit-stalled",
            "cursor-still" => "cursor-stalled",
            name => name,
        };
        Self::ALL.into_iter().find(|rule| rule.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_found_by_its_name() {
        for rule in Rule::ALL {
            assert_eq!(Rule::from_name(rule.as_str()), Some(rule));
        }
        assert_eq!(Rule::from_name("nothing"), None);
        assert_eq!(Rule::from_name("commit-stuck"), Some(Rule::CommitStalled));
        assert_eq!(Rule::from_name("cursor-still"), Some(Rule::CursorStalled));
    }
}
