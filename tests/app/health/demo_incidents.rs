//! The incidents of the recordings, played by the demo cluster as it behaves at real speed, and told as on real servers.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;
use std::time::Duration;

use liftui::client::{Client, ConnectOptions, Observer};
use liftui::demo::{DemoCluster, DemoOptions};
use liftui::health::{Health, HealthOptions, Rule, Severity, Truth};
use liftui::model::{Destination, PublishOptions, StreamOptions, Timestamp};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval};

use super::incidents::{Watch, has, leader, worst};

/// A demo cluster that is published to, and watched.
struct Live {
    cluster: DemoCluster,
    observer: Observer,
    health: Health,
    watch: Watch,
    begun: Instant,
    publishers: JoinSet<()>,
}

impl Live {
    /// Two streams of three replicas, to which messages come all the time.
    async fn start() -> Self {
        let cluster = DemoCluster::start(DemoOptions::default());
        let cluster = cluster.await.unwrap();
        let client = Client::new(ConnectOptions::new(cluster.addresses())).unwrap();
        let mut publishers = JoinSet::new();
        for stream in ["orders", "payments"] {
            let options = StreamOptions {
                name: stream.to_owned(),
                replication_factor: Some(3),
                ..StreamOptions::default()
            };
            client.create_stream(&options).await.unwrap();
            let client = client.clone();
            publishers.spawn(async move {
                let mut ticks = interval(Duration::from_millis(200));
                loop {
                    ticks.tick().await;
                    let to = Destination::Partition(stream.into(), 0);
                    // While nobody leads, nothing is acked.
                    drop(client.publish(PublishOptions::new(to, "text")).await);
                }
            });
        }
        let observer = Observer::new(ConnectOptions::new(cluster.addresses())).unwrap();
        observer.fetch_metadata().await.unwrap();
        let mut live = Self {
            observer,
            health: Health::new(HealthOptions::default()),
            watch: Watch::beginning(Timestamp::now()),
            begun: Instant::now(),
            cluster,
            publishers,
        };
        live.watch_for(5, &[], |_, _| {}).await;
        live
    }

    /// Watches for so many seconds: these may be called down.
    async fn watch_for(&mut self, seconds: u32, down: &[&str], mut look: impl FnMut(f64, &Truth)) {
        let mut ticks = interval(Duration::from_secs(1));
        for _ in 0..seconds {
            ticks.tick().await;
            let mut views = JoinSet::new();
            for address in self.cluster.addresses() {
                let observer = self.observer.clone();
                views.spawn(async move { observer.fetch_view(&address).await });
            }
            while let Some(view) = views.join_next().await {
                self.health.observe(&Arc::new(view.unwrap()));
            }
            let truth = self.health.assess(Timestamp::now());
            let now = self.begun.elapsed().as_secs_f64();
            self.watch.look(now, &truth, down);
            look(now, &truth);
        }
    }

    fn fault(&self, line: &str) {
        self.cluster.faults().run(line).unwrap();
    }

    fn leader(&mut self, stream: &str) -> String {
        leader(&self.health.assess(Timestamp::now()), stream, 0)
    }

    async fn end(mut self, incident: &str) -> Watch {
        self.publishers.shutdown().await;
        self.cluster.stop().await;
        self.watch.print(incident);
        self.watch
    }
}

fn number(broker: &str) -> &str {
    broker.strip_prefix("demo-").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_was_emptied_is_found_by_the_first_answers_that_show_it() {
    let mut live = Live::start().await;
    let leader = live.leader("orders");
    live.fault(&format!("wipe {}", number(&leader)));
    let mut told = None;
    live.watch_for(12, &[&leader], |now, truth| {
        if has(truth, Rule::LogWentBack) {
            told.get_or_insert(now);
        }
        assert!(worst(truth) >= Some(Severity::Warning), "{now}: all well");
    })
    .await;
    assert!(told.is_some(), "what was lost is told");
    let watch = live.end("wipe").await;
    watch.expect_incident("went back", &["does not answer", "orders:0 went back"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_died_and_returns_brings_no_ghosts() {
    let mut live = Live::start().await;
    let leader = live.leader("orders");
    live.fault(&format!("kill {}", number(&leader)));
    let dead = leader.clone();
    live.watch_for(25, &[&leader], |now, truth| {
        assert!(worst(truth) >= Some(Severity::Warning), "{now}: all well");
        assert!(has(truth, Rule::BrokerSilent), "{now}");
    })
    .await;
    assert_ne!(live.leader("orders"), dead, "another one was elected");
    live.fault(&format!("restart {}", number(&leader)));
    live.watch_for(3, &[&leader], |_, _| {}).await;
    live.watch_for(20, &[], |now, truth| {
        assert!(!has(truth, Rule::LogWentBack), "{now}");
    })
    .await;
    let watch = live.end("restart").await;
    watch.expect_incident(
        "does not answer",
        &[
            "orders:0 has no reachable leader",
            "leads orders:0, before it",
            "over after",
            "again",
        ],
    );
    assert!(watch.recorder.current().next().is_none(), "it is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_three_that_died_are_told_with_what_stands_still() {
    let mut live = Live::start().await;
    let leader = live.leader("orders");
    let others = ["demo-1", "demo-2", "demo-3"];
    let other = others.into_iter().find(|one| *one != leader).unwrap();
    live.fault(&format!("kill {}", number(&leader)));
    live.fault(&format!("kill {}", number(other)));
    live.watch_for(15, &[&leader, other], |now, truth| {
        assert_eq!(worst(truth), Some(Severity::Critical), "{now}");
        assert!(has(truth, Rule::NoMetadataLeader), "{now}");
    })
    .await;
    live.fault(&format!("restart {}", number(other)));
    live.fault(&format!("restart {}", number(&leader)));
    live.watch_for(3, &[&leader, other], |_, _| {}).await;
    live.watch_for(20, &[], |_, _| {}).await;
    let watch = live.end("two").await;
    watch.expect_incident("", &["no majority", ": no majority of brokers answers"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_leader_that_goes_on_is_not_believed_before_it_has_heard() {
    let mut live = Live::start().await;
    let leader = live.leader("orders");
    live.fault(&format!("stop {} 35s", number(&leader)));
    live.watch_for(4, &[&leader], |_, _| {}).await;
    live.watch_for(6, &[&leader], |now, truth| {
        assert!(worst(truth) >= Some(Severity::Warning), "{now}: all well");
    })
    .await;
    let stopped = leader.clone();
    let mut moved = false;
    live.watch_for(25, &[&leader], |now, truth| {
        let leads = super::incidents::leader(truth, "orders", 0);
        assert!(
            !moved || leads != stopped,
            "{now}: who was stopped leads again"
        );
        moved |= leads != stopped;
        assert!(!has(truth, Rule::LogWentBack), "{now}");
    })
    .await;
    assert!(moved, "another one was elected meanwhile");
    let watch = live.end("stop").await;
    watch.expect_incident("does not answer", &["does not answer"]);
}
