//! The death and return of a leader, as recorded from a real cluster in `tests/golden/failover.json`: the same views in the
//! same order, at ten times the speed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use liftui::demo::{DemoCluster, DemoOptions, Faults};
use liftui::wire::pb;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use crate::demo_stub::{
    PATIENCE, Stub, connect, connect_lazily, create, message, partition_at, read, timed, within,
};

const SPEED: u32 = 4;

/// What one broker's metadata said. The recording calls an unknown stream one without leader and ISR.
#[derive(Clone, Debug, PartialEq, Eq)]
enum View {
    Failed(String),
    Told {
        brokers: BTreeSet<String>,
        leader: String,
        isr: BTreeSet<String>,
    },
}

/// The views of each broker, in order, each once until it changed.
type Timeline = BTreeMap<String, Vec<View>>;

/// Notes a view; true where it is news.
fn note(timeline: &mut Timeline, via: &str, view: View) -> bool {
    let views = timeline.entry(via.to_owned()).or_default();
    let is_news = views.last() != Some(&view);
    if is_news {
        views.push(view);
    }
    is_news
}

/// Which broker of the recording stands for which of the demo's: the killed one, the fresh and the stale survivor.
struct Roles {
    killed: usize,
    fresh: usize,
    stale: usize,
}

impl Roles {
    fn name(&self, recorded: &str) -> String {
        let number = match recorded {
            "node-2" => self.killed,
            "node-1" => self.fresh,
            "node-3" => self.stale,
            other => return other.to_owned(),
        };
        format!("demo-{number}")
    }

    /// The recording from the kill on, in the demo's names.
    fn recorded(&self) -> Timeline {
        let recording: Value =
            serde_json::from_str(include_str!("../golden/failover.json")).unwrap();
        let mut timeline = Timeline::new();
        for event in recording["events"].as_array().unwrap() {
            if event["what"] == "metadata" {
                let via = self.name(event["via"].as_str().unwrap());
                note(&mut timeline, &via, self.view(&event["md"]));
            }
        }
        timeline
    }

    /// Whichever survivor was elected.
    fn leader(&self, name: &str) -> String {
        let survivors = [self.fresh, self.stale].map(|number| format!("demo-{number}"));
        let elected = survivors.iter().any(|survivor| survivor == name);
        if elected {
            "the elected".to_owned()
        } else {
            name.to_owned()
        }
    }

    fn view(&self, recorded: &Value) -> View {
        if let Some(code) = recorded["code"].as_str() {
            return View::Failed(code.to_owned());
        }
        let names = |list: &Value| {
            let names = list.as_array().unwrap().iter();
            names
                .map(|name| self.name(name.as_str().unwrap()))
                .collect()
        };
        View::Told {
            brokers: names(&recorded["brokers"]),
            leader: self.leader(&self.name(recorded["leader"].as_str().unwrap())),
            isr: names(&recorded["isr"]),
        }
    }
}

/// Asks one broker as the recorder did: with two seconds, here a tenth of them.
async fn fetch_view(stub: &mut Stub, roles: &Roles) -> View {
    let streams = vec!["s".to_owned()];
    let request = pb::FetchMetadataRequest {
        streams,
        groups: Vec::new(),
    };
    let patience = Duration::from_secs(2) / SPEED;
    let answer = match stub.fetch_metadata(within(patience, request)).await {
        Ok(answer) => answer.into_inner(),
        Err(status) if status.code() == tonic::Code::Unavailable => {
            return View::Failed("UNAVAILABLE".to_owned());
        }
        Err(_) => return View::Failed("DEADLINE_EXCEEDED".to_owned()),
    };
    let partition = answer.stream_metadata[0]
        .partitions
        .get(&0)
        .cloned()
        .unwrap_or_default();
    View::Told {
        brokers: answer.brokers.into_iter().map(|broker| broker.id).collect(),
        leader: roles.leader(&partition.leader),
        isr: partition.isr.into_iter().collect(),
    }
}

struct FailoverTest {
    demo: DemoCluster,
    faults: Faults,
    roles: Roles,
    stubs: BTreeMap<String, Stub>,
}

async fn set_up() -> FailoverTest {
    let options = DemoOptions {
        speed: f64::from(SPEED),
        ..DemoOptions::default()
    };
    let demo = DemoCluster::start(options).await.unwrap();
    let addresses = demo.addresses();
    let mut first = connect(&addresses[0]).await;
    create(&mut first, "s", 3).await;
    let leader = partition_at(&mut first, "s").await.unwrap().leader;
    let killed: usize = leader.strip_prefix("demo-").unwrap().parse().unwrap();
    let (fresh, stale) = (killed % 3 + 1, (killed + 1) % 3 + 1);
    let named =
        |(at, address): (usize, &String)| (format!("demo-{}", at + 1), connect_lazily(address));
    let stubs = addresses.iter().enumerate().map(named).collect();
    let faults = demo.faults();
    FailoverTest {
        demo,
        faults,
        roles: Roles {
            killed,
            fresh,
            stale,
        },
        stubs,
    }
}

impl FailoverTest {
    fn stub(&self, number: usize) -> Stub {
        self.stubs[&format!("demo-{number}")].clone()
    }

    /// Looks at brokers in turn and publishes, until all have shown what was recorded of them.
    async fn watch(&self, brokers: &[usize], timeline: &mut Timeline, until: &Timeline) {
        let mut pace = interval(Duration::from_millis(300) / SPEED);
        let names: Vec<String> = brokers
            .iter()
            .map(|number| format!("demo-{number}"))
            .collect();
        let done = |timeline: &Timeline| {
            let views = |name: &String| timeline.get(name).map_or(0, Vec::len);
            names.iter().all(|name| views(name) >= until[name].len())
        };
        while !done(timeline) {
            pace.tick().await;
            for name in &names {
                let view = fetch_view(&mut self.stubs[name].clone(), &self.roles).await;
                note(timeline, name, view);
            }
        }
    }
}

fn cut(timeline: &Timeline, lens: &[(usize, usize)]) -> Timeline {
    let part = |(number, len): &(usize, usize)| {
        let name = format!("demo-{number}");
        (
            name.clone(),
            timeline[&name].iter().take(*len).cloned().collect(),
        )
    };
    lens.iter().map(part).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leaders_death_shows_the_recorded_views_in_the_recorded_order() {
    let test = set_up().await;
    let Roles {
        killed,
        fresh,
        stale,
    } = test.roles;
    let recorded = test.roles.recorded();
    let (away, back) = (&[fresh, stale][..], &[fresh, stale, killed][..]);
    let subscription = pb::SubscribeRequest {
        stream: "s".to_owned(),
        ..Default::default()
    };
    let (begun, begins) = tokio::sync::oneshot::channel();
    let mut readers = JoinSet::new();
    let begun = async move || begun.send(()).unwrap();
    readers.spawn(read(test.stub(killed), subscription, PATIENCE, begun));
    begins.await.unwrap();

    test.faults.age_listing(stale).unwrap();
    test.faults.kill(killed).unwrap();
    let end = readers.join_next().await.unwrap().unwrap().end;
    assert!(
        ["UNAVAILABLE", "UNKNOWN"].contains(&end["code"].as_str().unwrap()),
        "{end}"
    );
    let lost = test
        .stub(fresh)
        .publish(within(Duration::from_millis(100), message("s", "a")))
        .await;
    assert!(lost.is_err(), "nobody leads");

    // Up to the ISR without the dead broker: all but the last view of each survivor.
    let lens = |name: usize| recorded[&format!("demo-{name}")].len() - 1;
    let before_return = cut(&recorded, &[(fresh, lens(fresh)), (stale, lens(stale))]);
    let mut timeline = Timeline::new();
    timeout(PATIENCE, test.watch(away, &mut timeline, &before_return))
        .await
        .unwrap();
    test.stub(fresh)
        .publish(timed(message("s", "b")))
        .await
        .unwrap();

    let dead = fetch_view(&mut test.stub(killed), &test.roles).await;
    note(&mut timeline, &format!("demo-{killed}"), dead);
    test.faults.restart(killed).unwrap();
    timeout(PATIENCE, test.watch(back, &mut timeline, &recorded))
        .await
        .unwrap();
    assert_eq!(timeline, recorded);
    test.demo.stop().await;
}
