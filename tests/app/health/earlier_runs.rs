//! What an earlier run of liftui saw go wrong dates what a later one finds at its first look.

use std::sync::Arc;

use liftui::health::{
    HealthOptions, Incident, IncidentRecorder, KnownFinding, KnownLoss, Reach, Rule, TruthChanges,
};

use liftui::model::{Offset, Partition};

use super::world::{World, at, found, led_by};

/// What a run keeps that saw node-2 die at second 10, and looked until second `until`.
fn earlier_run(until: f64) -> Vec<Arc<Incident>> {
    let mut world = World::new(HealthOptions::default());
    let mut recorder = IncidentRecorder::new(Vec::new());
    world.report_all(0.0, &[1, 2, 3], &led_by(1));
    for seconds in [5.0, 9.0] {
        world.report_all(seconds, &[1, 2, 3], &led_by(1));
        recorder.record(&world.truth(seconds), &TruthChanges::default(), at(seconds));
    }
    for seconds in [10.0, until] {
        world.refuse(seconds, 2);
        world.report_all(seconds, &[1, 3], &led_by(1));
        recorder.record(&world.truth(seconds), &TruthChanges::default(), at(seconds));
    }
    recorder.incidents().to_vec()
}

/// A later run at its first look, at that second, with node-2 still dead.
fn later_run(known: Vec<KnownFinding>, seconds: f64) -> World {
    let mut world = World::new(HealthOptions::default());
    world.health.recall_findings(known);
    world.report_all(seconds, &[1, 3], &led_by(1));
    world.refuse(seconds, 2);
    world
}

#[test]
fn what_an_earlier_run_saw_begin_is_as_old_as_it_says() {
    let known = IncidentRecorder::unfinished(&earlier_run(100.0));
    let mut world = later_run(known, 400.0);
    let truth = world.truth(401.0);
    let finding = found(&truth, Rule::BrokerSilent).expect("node-2 is dead");
    assert!(finding.since.age(at(10.0)).as_secs() < 2, "{finding:?}");
    assert!(!finding.at_least, "its beginning was seen");
    let unwatched = "nobody watched for 4m 59s since";
    let is_said = finding.detail.iter().any(|line| line.contains(unwatched));
    assert!(is_said, "{:?}", finding.detail);
    let broker = truth.broker("node-2").expect("it is listed");
    assert_eq!(
        broker.reach,
        Reach::Silent {
            since: finding.since
        },
        "the table says the same"
    );
}

#[test]
fn what_has_recovered_meanwhile_begins_anew() {
    let known = IncidentRecorder::unfinished(&earlier_run(100.0));
    let mut world = World::new(HealthOptions::default());
    world.health.recall_findings(known);
    world.report_all(400.0, &[1, 2, 3], &led_by(1));
    world.truth(400.0);
    world.refuse(403.0, 2);
    let truth = world.truth(403.0);
    let finding = found(&truth, Rule::BrokerSilent).expect("node-2 is dead");
    assert_eq!(finding.since, at(400.0), "its last answer");
    assert!(!finding.at_least, "{finding:?}");
}

#[test]
fn what_was_seen_long_ago_is_forgotten() {
    let known = IncidentRecorder::unfinished(&earlier_run(100.0));
    let mut world = later_run(known, 100.0 + 7.0 * 3_600.0);
    let truth = world.truth(101.0 + 7.0 * 3_600.0);
    let finding = found(&truth, Rule::BrokerSilent).expect("node-2 is dead");
    assert!(finding.at_least, "{finding:?}");
    assert!(finding.since > at(3_600.0), "{finding:?}");
}

#[test]
fn an_incident_that_ended_leaves_nothing() {
    let mut incidents = earlier_run(100.0);
    let last = incidents.last_mut().expect("one was recorded");
    assert!(!IncidentRecorder::unfinished(std::slice::from_ref(last)).is_empty());
    Arc::make_mut(last).ended = Some(at(101.0).0);
    assert_eq!(IncidentRecorder::unfinished(&incidents), []);
}

#[test]
fn what_an_earlier_run_saw_go_is_lost_still_though_the_log_has_grown_past_it() {
    let log = |newest: Offset| Partition {
        high_watermark: newest,
        newest_offset: newest,
        ..led_by(1)
    };
    let mut world = World::default();
    let mut recorder = IncidentRecorder::new(Vec::new());
    world.report_all(1.0, &[1, 2, 3], &log(99));
    world.truth(1.0);
    world.report_all(2.0, &[1, 2, 3], &log(4));
    recorder.record(&world.truth(2.0), &TruthChanges::default(), at(2.0));
    let losses = IncidentRecorder::losses(recorder.incidents());
    assert_eq!(losses.len(), 1, "{losses:?}");

    let mut later = World::default();
    later.health.recall_losses(losses.clone());
    later.report_all(100.0, &[1, 2, 3], &log(500));
    let truth = later.truth(100.0);
    let finding = found(&truth, Rule::LogWentBack).expect("nobody has acknowledged it");
    assert_eq!(finding.message, "orders:0 went back from 99 to 4");
    later.health.acknowledge("orders");
    assert!(found(&later.truth(101.0), Rule::LogWentBack).is_none());

    // Another stream of that name has lost nothing.
    let mut other = World::default();
    let others = losses.into_iter().map(|loss| KnownLoss {
        created: loss.created + 1,
        ..loss
    });
    other.health.recall_losses(others.collect());
    other.report_all(100.0, &[1, 2, 3], &log(500));
    assert!(found(&other.truth(100.0), Rule::LogWentBack).is_none());
}

#[test]
fn what_goes_on_is_recorded_once_over_several_runs() {
    let mut kept = earlier_run(100.0);
    let events = |kept: &[Arc<Incident>]| -> Vec<String> {
        let all = kept.iter().flat_map(|incident| &incident.events);
        all.map(|event| format!("{:?} {}", event.kind, event.text))
            .collect()
    };
    let once = events(&kept);
    assert!(!once.is_empty());
    for run in 1..=3 {
        let begun = 400.0 * f64::from(run);
        let mut world = later_run(IncidentRecorder::unfinished(&kept), begun);
        let mut recorder = IncidentRecorder::new(kept);
        for seconds in [begun, begun + 1.0, begun + 5.0] {
            world.refuse(seconds, 2);
            world.report_all(seconds, &[1, 3], &led_by(1));
            recorder.record(&world.truth(seconds), &TruthChanges::default(), at(seconds));
        }
        kept = recorder.incidents().to_vec();
        assert_eq!(events(&kept), once, "run {run}");
    }
}
