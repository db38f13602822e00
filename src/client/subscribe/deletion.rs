//! When a stream that metadata no longer lists is believed deleted. Servers tell a deletion themselves wherever they
//! still can; this is for where they cannot.

use std::time::{Duration, Instant};

use crate::model::{Cluster, StreamName};

/// How long brokers that know other streams must go on not to know this one: one that has just started learns of its
/// streams one after the other, and brokers learn of changes one after the other.
const BELIEVE_SETTLED_AFTER: Duration = Duration::from_secs(10);

/// The same where the answers know no other stream either. Such a broker is as likely one that has not replayed its
/// metadata yet: recorded, an idle one took 6.9 s after its start to know a stream again, and a large log or a slow
/// election takes longer; where all brokers were restarted at once, none is there to know better. But the stream may
/// have been the only one.
const BELIEVE_EMPTY_AFTER: Duration = Duration::from_secs(60);

/// What has been heard of a stream that is missing.
#[derive(Debug, Default)]
pub(super) struct DeletionDetector {
    missing_since: Option<Instant>,
    /// Since when brokers say so that know other streams.
    settled_since: Option<Instant>,
}

impl DeletionDetector {
    /// Takes in another answer without the stream; whether the stream is believed deleted now.
    pub(super) fn observe_missing(
        &mut self,
        answer: &Cluster,
        stream: &StreamName,
        now: Instant,
    ) -> bool {
        let for_long = |since: Instant, long| now.saturating_duration_since(since) >= long;
        let missing_since = *self.missing_since.get_or_insert(now);
        let is_settled = answer.streams.keys().any(|known| known != stream);
        if is_settled {
            let since = *self.settled_since.get_or_insert(now);
            return for_long(since, BELIEVE_SETTLED_AFTER);
        }
        // What was settled has been started anew.
        self.settled_since = None;
        for_long(missing_since, BELIEVE_EMPTY_AFTER)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a time to begin with")]
mod tests {
    use super::*;
    use crate::model::{Stream, Timestamp};

    fn knowing(streams: &[&str]) -> Cluster {
        let stream = |name: &&str| {
            let name = StreamName::from(*name);
            let stream = Stream {
                name: StreamName::clone(&name),
                subject: StreamName::clone(&name),
                created: Timestamp(1),
                partitions: Vec::new(),
            };
            (name, stream.into())
        };
        Cluster {
            streams: streams.iter().map(stream).collect(),
            ..Cluster::default()
        }
    }

    /// After how many seconds of such an answer a second the deletion is believed.
    fn believed_after(absence: &mut DeletionDetector, answer: &Cluster, from: Instant) -> u64 {
        let believed = |second: &u64| {
            absence.observe_missing(
                answer,
                &"orders".into(),
                from + Duration::from_secs(*second),
            )
        };
        (0..1000).find(believed).unwrap_or(u64::MAX)
    }

    #[test]
    fn brokers_that_know_other_streams_are_believed_soon_and_empty_ones_late() {
        let begun = Instant::now();
        let mut absence = DeletionDetector::default();
        assert_eq!(believed_after(&mut absence, &knowing(&["a"]), begun), 10);
        let mut absence = DeletionDetector::default();
        assert_eq!(believed_after(&mut absence, &knowing(&[]), begun), 60);
    }

    #[test]
    fn a_broker_that_knows_its_streams_again_is_given_time_to_know_this_one() {
        let begun = Instant::now();
        let orders = StreamName::from("orders");
        let mut absence = DeletionDetector::default();
        for second in 0..59 {
            let now = begun + Duration::from_secs(second);
            assert!(!absence.observe_missing(&knowing(&[]), &orders, now));
        }
        let again = begun + Duration::from_secs(70);
        assert_eq!(believed_after(&mut absence, &knowing(&["a"]), again), 10);
        // Started anew.
        let mut absence = DeletionDetector::default();
        assert!(!absence.observe_missing(&knowing(&["a"]), &orders, begun));
        let later = begun + Duration::from_secs(30);
        assert!(!absence.observe_missing(&knowing(&[]), &orders, later));
        assert_eq!(believed_after(&mut absence, &knowing(&["a"]), later), 10);
    }
}
