//! What is wrong now, worst first: one truth from what every broker says, and the findings that follow from it.
//!
//! Pure: no clock, no network, no terminal. Views, probes, cursors and the time are handed in.
//!
//! # How the truth is found
//!
//! Brokers do not lie on purpose, but each tells its own view of things (wire-contract §0, §4.7, §5): dead brokers stay
//! listed for two minutes, dead leaders are named until another is elected, offsets are those of the answering
//! broker's log, flags are sticky. So every broker is asked for itself, and this is made of the answers:
//!
//! | question | who is believed |
//! |---|---|
//! | Does a broker answer? | Its own outcome alone. A refused connection is silence at once, an answer that does not come in time only when it happens twice in a row. Who lists it is shown beside it. A broker that nobody lists, though partitions name it, is silent. |
//! | Does a stream exist? | Any answering broker that knows it; where none answers, whoever knew it last. Of two incarnations of one name, the later. |
//! | Who leads? | The broker that answers and says that it leads. Two that say so: the one that began later. None: whom the answering brokers name, one that answers before one that does not, then the majority, then the freshest view. No epoch is on the wire, so this can be wrong for one poll; the contradiction is kept in [`PartitionTruth::disagreement`], and is a finding when it lasts. |
//! | Who is in sync? | The believed leader's own view, or the freshest one that names it. A dead replica stays in the ISR until its leader removes it, and is shown so. |
//! | Where does a log end? | The leader's own word. Where it is silent, the replica that has most, named in [`PartitionTruth::source`]. A broker without a replica says -1 and is not heard. |
//! | Is it paused? | No flag: no. A flag: what the leader said when it was asked for that partition alone, as long as no view tells of a later pause or resume; or a message that the leader received after the latest one. Else it is [`Known::Unknown`], and [`Truth::doubtful`] asks for a probe. |
//! | Is it readonly? | No flag: no. A flag: the probe; or the leader, where it has seen the change itself and no pause since. Else unknown. |
//! | How far is a replica behind? | Its own newest offset less what the leader had when the replica was asked: a lower bound, so that polls that come one after the other invent no lag. |
//! | How fast does it grow? | The leader's newest offsets over ten seconds. An offset that goes back, another leader, another incarnation: unknown, never negative. |
//! | How far is a cursor behind in time? | The log was seen to pass it, and that moment counts. It had passed it before anybody watched: at least so long ([`LagTime::bounded`]). |
//!
//! What cannot be known is `None` or [`Known::Unknown`], never a zero. What was true when its witness fell silent stays,
//! with its age ([`Truth::known_at`], [`Truth::witnesses`]).
//!
//! # How findings come and go
//!
//! A fact is a finding at once; a suspicion (views that disagree, commits that stand still, a cursor that does not move)
//! must last as long as [`AlertOptions`] say. Partitions of one stream with the same trouble are one finding. A finding
//! keeps its beginning until it is over. Flags that lie are no finding: [`PartitionTruth::flags_lie`].
//!
//! # What it costs
//!
//! A stream is looked at again only when a broker says something else of it than before; the truth shares the rest with
//! the one before. See [`Health::assess`] for what happens where everything changes at once.

mod alarms;
mod assess;
mod broker_views;
mod brokers;
mod change;
mod engine;
mod finding;
mod lag;
mod leader;
mod options;
mod partition;
mod pause_state;
mod rates;
mod rules;
mod streams;
mod truth;
mod verdict;

pub use engine::Health;
pub use finding::{Finding, Rule, Severity};
pub use options::{AlertOptions, HealthOptions};
pub use partition::{Disagreement, Known, PartitionStatus, PartitionTruth, PartitionView};
pub use truth::{
    BrokerTruth, CursorTruth, LagTime, Reach, StreamStatus, StreamTruth, Totals, Truth, Witness,
};
pub use verdict::{RuleOptions, Verdict};
