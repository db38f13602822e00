//! Metrics of brokers. One that was not asked yet, or that nobody knows where to ask, has no `up`: nobody knows.

use crate::cli::exporter::exposition::{Family, Labels, Metric};
use crate::health::{Reach, Truth};
use crate::model::Timestamp;

const UP: Metric = Metric::gauge(
    "liftbridge_broker_up",
    "Whether the broker answers; absent where it was not asked",
);
const ANSWER_AGE: Metric = Metric::seconds(
    "liftbridge_broker_answer_age_seconds",
    "Since the broker's last answer; absent before the first",
);
const ANSWER_DURATION: Metric = Metric::seconds(
    "liftbridge_broker_answer_duration_seconds",
    "How long the broker's last answer took",
);
const CATCHING_UP: Metric = Metric::gauge(
    "liftbridge_broker_catching_up",
    "Whether the broker has come back and what it says is not believed yet",
);
const LEADERS: Metric = Metric::gauge(
    "liftbridge_broker_leaders",
    "Partitions that the broker leads",
);
const HELD: Metric = Metric::gauge(
    "liftbridge_broker_partitions",
    "Partitions of which the broker holds a replica",
);

/// One sample each a broker.
pub(super) fn families(truth: &Truth, now: Timestamp) -> Vec<Family> {
    let [mut up, mut age, mut took] = [UP, ANSWER_AGE, ANSWER_DURATION].map(Family::new);
    let [mut catching_up, mut leaders, mut held] = [CATCHING_UP, LEADERS, HELD].map(Family::new);
    for broker in truth.members() {
        let labels = Labels::default().with("broker", broker.name());
        let is_up = match broker.reach {
            Reach::Answering => Some(1),
            Reach::Silent { .. } => Some(0),
            Reach::NotAskedYet | Reach::AddressUnknown { .. } => None,
        };
        up.push_known(&labels, is_up);
        let answer = broker.last_answer;
        age.push_known(&labels, answer.map(|at| at.age(now).as_secs_f64()));
        took.push_known(&labels, broker.latency.map(|took| took.as_secs_f64()));
        catching_up.push(&labels, u8::from(broker.catching_up));
        // What a broker leads and holds the others know too, but somebody has to have answered.
        leaders.push_known(&labels, truth.as_of.map(|_| broker.leaders));
        held.push_known(&labels, truth.as_of.map(|_| broker.partitions));
    }
    vec![up, age, took, catching_up, leaders, held]
}
