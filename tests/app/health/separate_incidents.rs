//! What has nothing to do with each other is an incident each, with a beginning, a title and an end of its own.

use liftui::health::{Incident, IncidentChange, IncidentNews, IncidentRecorder, TruthChanges};
use liftui::model::{Offset, Partition};

use super::world::{World, at, led_by};

fn log(newest: Offset) -> Partition {
    Partition {
        high_watermark: newest,
        newest_offset: newest,
        ..led_by(1)
    }
}

/// A cluster in which `orders` has lost messages at second 2, which nobody has acknowledged.
struct Watched {
    world: World,
    recorder: IncidentRecorder,
}

impl Watched {
    fn with_loss() -> Self {
        let mut watched = Self {
            world: World::default(),
            recorder: IncidentRecorder::default(),
        };
        watched.look(1.0, &[1, 2, 3], 99);
        watched.look(2.0, &[1, 2, 3], 4);
        watched
    }

    /// These brokers answer, and the others do not.
    fn look(&mut self, seconds: f64, answer: &[usize], newest: Offset) -> IncidentNews {
        for number in (1..=3).filter(|number| !answer.contains(number)) {
            self.world.refuse(seconds, number);
        }
        self.world.report_all(seconds, answer, &log(newest));
        let truth = self.world.truth(seconds);
        let changes = TruthChanges::default();
        self.recorder.record(&truth, &changes, at(seconds))
    }

    /// A title and whether it lasts, the oldest first.
    fn told(&self) -> Vec<(&str, bool)> {
        let incidents = self.recorder.incidents().iter();
        incidents
            .map(|incident| (incident.title.as_str(), incident.is_open()))
            .collect()
    }

    fn newest(&self) -> &Incident {
        self.recorder.incidents().last().expect("one was recorded")
    }
}

#[test]
fn a_broker_that_dies_long_after_a_loss_is_an_incident_of_its_own() {
    let mut watched = Watched::with_loss();
    assert_eq!(watched.told(), [("orders:0 went back from 99 to 4", true)]);
    for second in 3..500 {
        watched.look(f64::from(second), &[1, 2, 3], 4);
    }
    let news = watched.look(500.0, &[1, 2], 4);
    let began = watched.newest().began;
    assert_eq!(news.changes, [IncidentChange::Began(began)]);
    assert_eq!(watched.told().len(), 2);
    assert_eq!(watched.told()[1], ("node-3 does not answer", true));
    assert!(watched.newest().began().age(at(500.0)).as_secs() <= 1);
    assert!(watched.newest().touched.contains("node-3"));
    // What follows from it stands with it, though another incident has touched that stream.
    watched.look(501.0, &[1, 2], 4);
    let texts: Vec<&str> = watched.recorder.incidents()[0]
        .events
        .iter()
        .map(|event| event.text.as_str())
        .collect();
    assert!(
        !texts.iter().any(|text| text.contains("node-3")),
        "{texts:?}"
    );

    for second in 502..600 {
        watched.look(f64::from(second), &[1, 2], 4);
    }
    let mut ended = Vec::new();
    for second in 600..660 {
        ended.extend(watched.look(f64::from(second), &[1, 2, 3], 4).changes);
    }
    assert_eq!(ended, [IncidentChange::Ended(began)]);
    let lasted = watched.newest().length().as_secs();
    assert!((99..=125).contains(&lasted), "{lasted}");
    assert_eq!(
        watched.told(),
        [
            ("orders:0 went back from 99 to 4", true),
            ("node-3 does not answer", false)
        ]
    );
}

#[test]
fn both_go_on_in_the_next_run() {
    let mut watched = Watched::with_loss();
    for second in 3..500 {
        watched.look(f64::from(second), &[1, 2, 3], 4);
    }
    for second in 500..520 {
        watched.look(f64::from(second), &[1, 2], 4);
    }
    let kept = watched.recorder.incidents().to_vec();
    let losses = IncidentRecorder::losses(&kept);
    assert_eq!(losses.len(), 1, "{losses:?}");
    let unfinished = IncidentRecorder::unfinished(&kept);
    let targets: Vec<&str> = unfinished.iter().map(|one| one.target.as_str()).collect();
    assert!(targets.contains(&"node-3") && targets.contains(&"orders"));

    let mut later = Watched {
        world: World::default(),
        recorder: IncidentRecorder::new(kept),
    };
    later.world.health.recall_findings(unfinished);
    later.world.health.recall_losses(losses);
    later.look(600.0, &[1, 2], 4);
    assert_eq!(
        later.told(),
        [
            ("orders:0 went back from 99 to 4", true),
            ("node-3 does not answer", true)
        ]
    );
    assert_eq!(later.recorder.current().count(), 2);
}

#[test]
fn what_recovered_between_two_runs_and_breaks_again_is_an_incident_of_its_own() {
    let mut watched = Watched::with_loss();
    for second in 500..520 {
        watched.look(f64::from(second), &[1, 2], 4);
    }
    let kept = watched.recorder.incidents().to_vec();
    let unfinished = IncidentRecorder::unfinished(&kept);

    // Two minutes later all of it is there, and an hour after that the same broker dies again.
    let mut later = Watched {
        world: World::default(),
        recorder: IncidentRecorder::new(kept),
    };
    later.world.health.recall_findings(unfinished);
    later.look(640.0, &[1, 2, 3], 4);
    assert_eq!(later.recorder.current().count(), 0);
    for second in 4_200..4_240 {
        later.look(f64::from(second), &[1, 2, 3], 4);
    }
    let news = later.look(4_240.0, &[1, 2], 4);
    let newest = later.newest();
    assert_eq!(newest.title, "node-3 does not answer");
    assert!(newest.began().age(at(4_240.0)).as_secs() <= 1, "{newest:?}");
    assert_eq!(news.changes, [IncidentChange::Began(newest.began)]);
    assert!(!newest.at_least, "its beginning was seen");
}

#[test]
fn no_incident_begins_before_anybody_watched() {
    let mut watched = Watched {
        world: World::default(),
        recorder: IncidentRecorder::default(),
    };
    // Its first answer is late, and the time of its silence is that of the question.
    watched.world.miss_after(3.5, 3.0, 3);
    watched.world.refuse(3.6, 3);
    watched.look(4.0, &[1, 2], 4);
    let newest = watched.newest();
    assert_eq!(newest.began(), at(4.0), "{newest:?}");
    assert!(newest.at_least, "it had begun before");
}

#[test]
fn what_breaks_within_a_minute_is_one_incident() {
    let mut watched = Watched::with_loss();
    watched.look(30.0, &[1, 2, 3], 4);
    watched.look(40.0, &[1, 2], 4);
    assert_eq!(watched.told(), [("orders:0 went back from 99 to 4", true)]);
    assert!(watched.newest().touched.contains("node-3"));
}
