//! Where the brokers of a cluster listened when they were seen last: a file a cluster in the state folder.
//! A broker that the others do not list for a while after its return is looked for there.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::state_file::{self, FORGOTTEN_AFTER, StateFile};
use crate::client::BrokerHealth;
use crate::config::Folders;
use crate::model::{BrokerId, Timestamp};

/// Where a broker listened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KnownBroker {
    /// `host:port`.
    address: String,
    /// When it answered there last, in Unix nanoseconds.
    seen: i64,
}

/// Known brokers by id.
type KnownBrokers = BTreeMap<String, KnownBroker>;

const FILE: StateFile<KnownBrokers> =
    StateFile::new(Folders::known_brokers, "where brokers listened");

/// Where each broker listened; none where nothing was kept or it cannot be read.
pub(crate) fn read(cluster: &str) -> Vec<(BrokerId, String)> {
    let mut known = FILE.read(cluster);
    forget_old(&mut known);
    let known = known.into_iter();
    known
        .map(|(id, broker)| (Arc::from(id), broker.address))
        .collect()
}

/// Where each broker of such a file listened, and when it answered there last.
pub(super) fn read_file(path: &Path) -> impl Iterator<Item = (String, Timestamp)> {
    let mut known: KnownBrokers = state_file::read(path).unwrap_or_default();
    forget_old(&mut known);
    let known = known.into_values();
    known.map(|broker| (broker.address, Timestamp(broker.seen)))
}

/// Keeps where those brokers listen that have answered.
pub(crate) fn keep(cluster: &str, brokers: &[BrokerHealth]) {
    FILE.update(cluster, |known| {
        forget_old(known);
        for broker in brokers {
            if let (Some(id), Some(seen)) = (&broker.id, broker.last_answer) {
                let broker = KnownBroker {
                    address: broker.address.to_string(),
                    seen: seen.0,
                };
                known.insert(id.to_string(), broker);
            }
        }
    });
}

fn forget_old(known: &mut KnownBrokers) {
    let now = Timestamp::now();
    known.retain(|_, broker| Timestamp(broker.seen).age(now) < FORGOTTEN_AFTER);
}
