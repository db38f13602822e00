//! Sends requests to the demo cluster with the generated client and compares what comes back with a recording.
//! Knows no case: those are in the files beside this one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use liftui::wire::pb;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tonic::transport::Endpoint;
use tonic::{Response, Status};

use super::plain::Plain;
pub(super) use crate::demo_stub::{PATIENCE, Read, SILENCE, Stub, outcome, read, timed, within};

/// How long a subscription without an end of its own is listened to: long enough for the slowest machine to send what there is.
const LISTEN: Duration = Duration::from_millis(1500);

/// Which part of a subscription the recording kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    End,
    Offsets,
    Contents,
}

/// One run through a recording.
pub(super) struct Scenario {
    pub(super) stubs: Vec<Stub>,
    golden: BTreeMap<String, Value>,
    seen: BTreeSet<String>,
    differing: Vec<String>,
}

impl Scenario {
    /// Connects to all brokers of a fresh cluster.
    pub(super) async fn new(addresses: &[String], golden: &str) -> Self {
        let cases: Vec<Value> = serde_json::from_str(golden).unwrap();
        let named = cases
            .into_iter()
            .map(|case| (case["case"].as_str().unwrap().to_owned(), case));
        let mut stubs = Vec::new();
        for address in addresses {
            let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
            stubs.push(Stub::new(endpoint.connect().await.unwrap()));
        }
        let (seen, differing) = (BTreeSet::new(), Vec::new());
        Self {
            stubs,
            golden: named.collect(),
            seen,
            differing,
        }
    }

    /// The broker that is asked where the recording does not care.
    pub(super) fn first(&self) -> Stub {
        self.stubs[0].clone()
    }

    /// How many brokers there are, as a replication factor.
    pub(super) fn everywhere(&self) -> i32 {
        i32::try_from(self.stubs.len()).unwrap()
    }

    /// The broker that leads the partition.
    pub(super) async fn leader(&self, stream: &str, partition: i32) -> Stub {
        let streams = vec![stream.to_owned()];
        let request = pb::FetchMetadataRequest {
            streams,
            groups: Vec::new(),
        };
        let answer = self
            .first()
            .fetch_metadata(timed(request))
            .await
            .unwrap()
            .into_inner();
        let leader = &answer.stream_metadata[0].partitions[&partition].leader;
        self.named(leader)
    }

    /// The broker of that id: `demo-1` has the first address.
    pub(super) fn named(&self, id: &str) -> Stub {
        let number: usize = id.strip_prefix("demo-").unwrap().parse().unwrap();
        self.stubs[number - 1].clone()
    }

    /// Compares a case, as the recordings write it but for its name.
    pub(super) fn case(&mut self, name: &str, mut found: Value) {
        found["case"] = json!(name);
        assert!(self.seen.insert(name.to_owned()), "{name} was sent twice");
        let wanted = self.golden.get(name).unwrap_or(&Value::Null);
        if *wanted != found {
            self.differing
                .push(format!("{name}\n  wanted {wanted}\n  found  {found}"));
        }
    }

    /// Compares the answer of a unary call.
    pub(super) fn answer<T: Plain>(
        &mut self,
        name: &str,
        rpc: &str,
        answer: Result<Response<T>, Status>,
    ) -> Option<T> {
        match answer {
            Ok(response) => {
                let response = response.into_inner();
                self.case(name, json!({ "rpc": rpc, "response": response.plain() }));
                Some(response)
            }
            Err(status) => {
                self.case(name, json!({ "rpc": rpc, "status": outcome(&status) }));
                None
            }
        }
    }

    /// Compares what a subscription brought.
    pub(super) fn reading(&mut self, name: &str, kept: Kept, read: &Read) {
        let mut found = json!({ "rpc": "Subscribe", "end": read.end });
        if kept != Kept::End {
            let offsets: Vec<i64> = read.messages.iter().map(|message| message.offset).collect();
            found["handshake"] = json!(read.handshake);
            found["offsets"] = json!(offsets);
        }
        if kept == Kept::Contents {
            found["messages"] = read.messages.iter().map(Plain::plain).collect();
        }
        self.case(name, found);
    }

    /// Reads subscriptions side by side, since most of them end by their deadlines, and compares them.
    pub(super) async fn readings(
        &mut self,
        cases: Vec<(&'static str, Kept, Stub, pb::SubscribeRequest)>,
    ) {
        let mut reads = JoinSet::new();
        for (name, kept, stub, request) in cases {
            reads
                .spawn(async move { (name, kept, read(stub, request, LISTEN, async || {}).await) });
        }
        for (name, kept, read) in reads.join_all().await {
            self.reading(name, kept, &read);
        }
    }

    /// Waits until every broker tells the same about what it holds of the stream.
    pub(super) async fn settled(&self, stream: &str) {
        let all_told = async {
            while !self.is_settled(stream).await {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, all_told)
            .await
            .expect("replicas catch up");
    }

    async fn is_settled(&self, stream: &str) -> bool {
        let mut told: BTreeMap<i32, BTreeSet<i64>> = BTreeMap::new();
        for mut stub in self.stubs.clone() {
            let streams = vec![stream.to_owned()];
            let request = pb::FetchMetadataRequest {
                streams,
                groups: Vec::new(),
            };
            let answer = stub
                .fetch_metadata(timed(request))
                .await
                .unwrap()
                .into_inner();
            for (id, partition) in &answer.stream_metadata[0].partitions {
                let ends = [partition.high_watermark, partition.newest_offset];
                told.entry(*id).or_default().extend(ends);
            }
        }
        told.values().all(|ends| ends.len() == 1)
    }

    /// Says what differs, and what of the recording was not sent.
    pub(super) fn finish(self) {
        let missing: Vec<&String> = self
            .golden
            .keys()
            .filter(|name| !self.seen.contains(*name))
            .collect();
        assert!(missing.is_empty(), "never sent: {missing:?}");
        assert!(self.differing.is_empty(), "\n{}", self.differing.join("\n"));
    }
}
