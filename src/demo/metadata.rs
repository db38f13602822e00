//! What one broker believes: the brokers it lists, and streams and partitions as seen from its seat (wire-contract §4.7).
//! How that goes over the wire is `service.rs`.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tonic::Status;

use super::broker::Survey;
use super::cluster::Cluster;
use super::partition::PartitionView;
use super::replication::BrokerIndex;
use super::state::{BrokerLoad, Stream};
use super::timings;

/// A stream as one broker sees it.
#[derive(Debug)]
pub(super) struct StreamView {
    pub(super) name: String,
    /// None where the broker knows no such stream.
    pub(super) details: Option<StreamDetails>,
}

/// What a broker says of a stream that it knows.
#[derive(Debug)]
pub(super) struct StreamDetails {
    pub(super) subject: String,
    pub(super) created: i64,
    pub(super) partitions: Vec<(i32, PartitionView)>,
}

/// A broker in the list of another.
#[derive(Debug)]
pub(super) struct ListedBroker {
    pub(super) name: String,
    pub(super) port: u16,
    pub(super) load: BrokerLoad,
}

impl Cluster {
    /// The named streams as this broker sees them; all that it knows where none is named.
    pub(super) fn streams_seen_by(&self, at: BrokerIndex, names: &[String]) -> Vec<StreamView> {
        let knows = self.brokers[at].is_up();
        let found: Vec<(String, Option<Stream>)> = {
            let state = self.lock();
            let find = |name: &str| state.streams.get(name).filter(|_| knows).cloned();
            if names.is_empty() {
                let all = state.streams.values().filter(|_| knows);
                all.map(|stream| (stream.name.to_string(), Some(stream.clone())))
                    .collect()
            } else {
                names
                    .iter()
                    .map(|name| (name.clone(), find(name)))
                    .collect()
            }
        };
        let view = |(name, stream): (String, Option<Stream>)| {
            let found = stream.map(|stream| self.stream_seen_by(at, &stream));
            StreamView {
                name,
                details: found,
            }
        };
        found.into_iter().map(view).collect()
    }

    fn stream_seen_by(&self, at: BrokerIndex, stream: &Stream) -> StreamDetails {
        let sticky = self.compat.sticky_flags();
        let partitions = stream.partitions.iter();
        StreamDetails {
            subject: stream.subject.to_string(),
            created: stream.created,
            partitions: partitions
                .map(|partition| (partition.id, partition.view(at, sticky)))
                .collect(),
        }
    }

    /// One partition, as its leader alone tells it.
    pub(super) fn partition_seen_by(
        &self,
        at: BrokerIndex,
        stream: &str,
        id: i32,
    ) -> Result<PartitionView, Status> {
        let partition = self.lock().partition(stream, id);
        let partition = partition.filter(|_| self.brokers[at].is_up());
        let partition = partition.ok_or_else(|| Status::not_found("partition not found"))?;
        let facts = partition.view(at, self.compat.sticky_flags());
        if facts.leader != at || !partition.lock().is_open() {
            let text = "The request should be sent to partition leader";
            return Err(Status::failed_precondition(text));
        }
        Ok(facts)
    }

    /// The brokers that this one lists, itself first. With an old list it asks around: at once where all answer, else only
    /// after the caller's deadline, or three seconds (wire-contract §0.5).
    pub(super) async fn brokers_seen_by(
        self: &Arc<Self>,
        at: BrokerIndex,
        deadline: Option<Instant>,
    ) -> Vec<ListedBroker> {
        let now = Instant::now();
        let seats = match self.brokers[at].listed(now, self.timings.cache_age) {
            Survey::Known(seats) => seats,
            Survey::Due => self.survey(at, now, deadline).await,
        };
        let others = seats.into_iter().filter(|seat| *seat != at);
        let loads = self.lock().loads.clone();
        let view = |seat: BrokerIndex| ListedBroker {
            name: self.brokers[seat].name.clone(),
            port: self.brokers[seat].port,
            load: loads[seat],
        };
        std::iter::once(at).chain(others).map(view).collect()
    }

    async fn survey(
        self: &Arc<Self>,
        at: BrokerIndex,
        asked: Instant,
        deadline: Option<Instant>,
    ) -> Vec<BrokerIndex> {
        let answering: Vec<BrokerIndex> = self.running().collect();
        if answering.len() == self.brokers.len() {
            self.brokers[at].set_listed(answering.clone(), asked);
            return answering;
        }
        let patience = deadline.map_or(self.timings.survey, |deadline| deadline - asked);
        // The caller may be gone when the answer is there; the list is kept all the same.
        let survey = Arc::clone(self).ask_around(at, patience);
        self.tasks.spawn(survey).await.unwrap_or_default()
    }

    async fn ask_around(self: Arc<Self>, at: BrokerIndex, patience: Duration) -> Vec<BrokerIndex> {
        self.stop.run_until_cancelled(timings::wait(patience)).await;
        let answering: Vec<BrokerIndex> = self.running().collect();
        self.brokers[at].set_listed(answering.clone(), Instant::now());
        answering
    }
}
