//! What `liftui check` answers.

use liftui::health::{Rule, RuleOptions, Severity, Verdict};
use liftui::model::Partition;

use super::world::{World, ids, led_by};

fn short() -> World {
    let mut world = World::default();
    let partition = Partition {
        isr: ids(&[1, 3]).into(),
        ..led_by(1)
    };
    world.report_all(1.0, &[1, 2, 3], &partition);
    world
}

#[test]
fn the_worst_finding_decides() {
    let all = RuleOptions::default();
    let mut world = World::default();
    assert_eq!(all.verdict(&world.truth(0.0)), Verdict::Unknown);
    world.report_all(1.0, &[1, 2, 3], &led_by(1));
    assert_eq!(all.verdict(&world.truth(1.0)), Verdict::Ok);
    world.miss(2.0, 3);
    assert_eq!(
        all.verdict(&world.truth(2.0)),
        Verdict::Warning,
        "one missed poll may be nothing"
    );
    world.refuse(3.0, 3);
    assert_eq!(all.verdict(&world.truth(3.0)), Verdict::Critical);
    assert_eq!(all.verdict(&short().truth(1.0)), Verdict::Warning);
}

#[test]
fn nobody_to_ask_is_unknown_and_not_critical() {
    let mut world = short();
    for by in 1..=3 {
        world.refuse(2.0, by);
    }
    let verdict = RuleOptions::default().verdict(&world.truth(2.0));
    assert_eq!((verdict, verdict.exit_code()), (Verdict::Unknown, 3));
}

#[test]
fn rules_can_be_chosen_and_weighed() {
    let truth = short().truth(1.0);
    let only = |rule| RuleOptions {
        only: vec![rule],
        ..RuleOptions::default()
    };
    let weigh = |severity| RuleOptions {
        weigh: vec![(Rule::UnderReplicated, severity)],
        ..RuleOptions::default()
    };
    assert_eq!(only(Rule::CursorLag).verdict(&truth), Verdict::Ok);
    assert_eq!(
        only(Rule::UnderReplicated).verdict(&truth),
        Verdict::Warning
    );
    assert_eq!(
        weigh(Some(Severity::Critical)).verdict(&truth),
        Verdict::Critical
    );
    assert_eq!(weigh(None).verdict(&truth), Verdict::Ok);
    assert!(weigh(None).apply(&truth).is_empty());
}

#[test]
fn cursors_count_unless_their_rules_weigh_nothing_or_others_were_asked_for() {
    let weighs = |only: &[Rule], lag, still| {
        let options = RuleOptions {
            only: only.to_vec(),
            weigh: vec![(Rule::CursorLag, lag), (Rule::CursorStalled, still)],
            streams: None,
        };
        options.weighs_cursors()
    };
    assert!(RuleOptions::default().weighs_cursors());
    assert!(weighs(&[], None, Some(Severity::Warning)));
    assert!(!weighs(&[], None, Some(Severity::Note)));
    assert!(!weighs(&[Rule::CursorLag], None, Some(Severity::Critical)));
    let only = RuleOptions {
        only: vec![Rule::Leaderless],
        ..RuleOptions::default()
    };
    assert!(!only.weighs_cursors());
}
