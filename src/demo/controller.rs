//! The metadata leader: who it is, and what brokers answer to changes of the cluster while there is none.

use tokio::time::Instant;
use tonic::Status;

use super::broker_set::BrokerIndex;
use super::cluster::Cluster;
use super::timings;

/// What a broker can do with a change that it was asked for.
enum Forwarding {
    /// A metadata leader is there.
    Taken,
    /// The broker it takes for the leader does not listen: dead, or not listening yet.
    NobodyListens,
    /// The broker it takes for the leader is stopped.
    Unanswered,
    /// It knows of no leader.
    NoLeader,
}

/// A metadata leader that is lost.
#[derive(Clone, Copy, Debug)]
pub(super) struct LostController {
    pub(super) broker: BrokerIndex,
    pub(super) since: Instant,
}

impl Cluster {
    /// Drops a metadata leader that is away or has lost its majority; some time later chooses another, if a majority is
    /// there.
    pub(super) fn elect_controller(&self, now: Instant) {
        let answering = self.answering();
        let majority = self.has_majority();
        let live = self.live_brokers();
        let mut state = self.lock();
        if let Some(broker) = state.controller {
            if majority && answering.contains(broker) {
                return;
            }
            state.controller = None;
            state.lost_controller = Some(LostController { broker, since: now });
        }
        let Some(lost) = state.lost_controller else {
            return;
        };
        if majority && now - lost.since >= self.timings.controller_election {
            let mut candidates = answering.iter();
            state.controller = candidates.find(|broker| live.contains(*broker));
        }
    }

    /// Waits for a metadata leader as servers do: as long as the caller's deadline where none is known, not at all without
    /// one (wire-contract §4.1). Where the old one is still taken for the leader the answer comes at once.
    pub(super) async fn wait_for_controller(
        &self,
        at: BrokerIndex,
        deadline: Option<Instant>,
    ) -> Result<(), Status> {
        loop {
            match self.forwarding(at) {
                Forwarding::Taken => return Ok(()),
                Forwarding::NobodyListens => {
                    let text = "nats: no responders available for request";
                    return Err(Status::internal(text));
                }
                Forwarding::Unanswered => {
                    let patience = Instant::now() + self.timings.propagation;
                    timings::wait_until(Some(deadline.unwrap_or(patience))).await;
                    return Err(Status::internal("context deadline exceeded"));
                }
                Forwarding::NoLeader if deadline.is_none() => {
                    return Err(Status::internal("no known metadata leader"));
                }
                Forwarding::NoLeader => timings::wait(self.timings.housekeeping).await,
            }
        }
    }

    fn forwarding(&self, at: BrokerIndex) -> Forwarding {
        let now = Instant::now();
        let (controller, lost) = {
            let state = self.lock();
            (state.controller, state.lost_controller)
        };
        let answers = |broker: BrokerIndex| self.brokers[broker].is_answering();
        if controller.is_some_and(answers) {
            return Forwarding::Taken;
        }
        let just_lost = controller.map(|broker| LostController { broker, since: now });
        let Some(lost) = just_lost.or(lost) else {
            return Forwarding::NoLeader;
        };
        let timings = &self.timings;
        let (passed, is_followed) = (now - lost.since, lost.broker != at);
        if passed < timings.controller_silence && is_followed {
            return if self.brokers[lost.broker].is_running() && !answers(lost.broker) {
                Forwarding::Unanswered
            } else {
                Forwarding::NobodyListens
            };
        }
        let just_elected = timings
            .controller_election
            .saturating_sub(timings.controller_begins);
        if self.has_majority() && passed >= just_elected && passed < timings.controller_election {
            return Forwarding::NobodyListens;
        }
        Forwarding::NoLeader
    }
}
