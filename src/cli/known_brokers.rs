//! Where the brokers of a cluster listened when they were seen last: a file a cluster in the state folder.
//! A broker that the others do not list for a while after its return is looked for there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::state_file;
use crate::client::BrokerHealth;
use crate::config::Folders;
use crate::model::{BrokerId, Timestamp};

/// A broker that was not seen for so long is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(7 * 86_400);

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

/// Where each broker listened; none where nothing was kept or it cannot be read.
pub(crate) fn read(cluster: &str) -> Vec<(BrokerId, String)> {
    let known = read_fresh(cluster).into_iter();
    known
        .map(|(id, broker)| (Arc::from(id), broker.address))
        .collect()
}

/// Keeps where those brokers listen that have answered.
pub(crate) fn keep(cluster: &str, brokers: &[BrokerHealth]) {
    let Some(folders) = Folders::of_user() else {
        return;
    };
    let mut known = read_fresh(cluster);
    for broker in brokers {
        if let (Some(id), Some(seen)) = (&broker.id, broker.last_answer) {
            let address = broker.address.to_string();
            known.insert(
                id.to_string(),
                KnownBroker {
                    address,
                    seen: seen.0,
                },
            );
        }
    }
    let path = folders.known_brokers(cluster);
    state_file::replace_or_warn(&path, &known, "where brokers listen");
}

/// What is kept and not too old.
fn read_fresh(cluster: &str) -> KnownBrokers {
    let path = Folders::of_user().map(|folders| folders.known_brokers(cluster));
    let mut known: KnownBrokers = state_file::read_or_empty(path, "where brokers listened");
    let now = Timestamp::now();
    known.retain(|_, broker| Timestamp(broker.seen).age(now) < FORGOTTEN_AFTER);
    known
}
