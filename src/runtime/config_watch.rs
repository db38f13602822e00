//! Looks whether the config file has changed, and reads it again then.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

use super::channels::EventSender;
use super::options::WatchedConfig;
use super::supervisor::panicked;
use crate::app::Event;

/// How often it is looked at. A look costs one `stat`, on every system and file system, which notifications do not reach.
const EVERY: Duration = Duration::from_secs(1);

/// When the file was written and how long it is; `None`: there is none.
type Stamp = Option<(Option<SystemTime>, u64)>;

/// Reads the file again whenever it has changed, for the cluster of that name, and sends what it says.
pub(super) async fn watch(config: WatchedConfig, cluster: String, outbox: EventSender) {
    let mut looks = interval(EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks.tick().await;
    let mut read = stamp(&config.path).await;
    let mut before = read;
    loop {
        looks.tick().await;
        let now = stamp(&config.path).await;
        // Two looks that see the same: whoever writes it is done.
        let is_settled = now == before;
        before = now;
        if !is_settled || now == read {
            continue;
        }
        read = now;
        let (reader, cluster) = (Arc::clone(&config.read), cluster.clone());
        let reading = spawn_blocking(move || reader(&cluster));
        let settings = reading
            .await
            .unwrap_or_else(|_| Err(panicked("reading the config file")));
        outbox
            .send(Event::SettingsRead(settings.map(Box::new)))
            .await;
    }
}

async fn stamp(path: &Path) -> Stamp {
    let metadata = tokio::fs::metadata(path).await.ok()?;
    Some((metadata.modified().ok(), metadata.len()))
}
