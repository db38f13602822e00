//! What a partition is: whom to believe, what is really paused, how far replicas are behind.

use liftui::health::{Known, PartitionStatus};
use liftui::model::{EventTimes, Partition, ProbeState, Timestamp};

use super::world::{World, at, cluster, id, ids, led_by, stream};

fn with_newest(leader: usize, newest: i64) -> Partition {
    Partition {
        newest_offset: newest,
        high_watermark: newest,
        ..led_by(leader)
    }
}

fn latest(seconds: f64) -> EventTimes {
    EventTimes {
        first: at(seconds),
        latest: at(seconds),
    }
}

#[test]
fn the_broker_that_says_it_leads_is_believed_against_a_majority() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2], &led_by(1));
    world.report(1.5, 3, vec![led_by(3)]);
    world.report(2.0, 1, vec![led_by(2)]);
    let orders = world.orders(2.0);
    assert_eq!(orders.leader, Some(id(3)));
    let disagreement = orders.disagreement.unwrap();
    assert_eq!(
        disagreement.leader,
        [(id(1), Some(id(2))), (id(2), Some(id(1)))]
    );
}

#[test]
fn of_two_that_claim_to_lead_the_later_claim_is_believed_and_stays_so() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &led_by(1));
    world.orders(1.0);
    world.report(2.0, 3, vec![led_by(3)]);
    assert_eq!(world.orders(2.0).leader, Some(id(3)));
    world.report(3.0, 1, vec![led_by(1)]);
    assert_eq!(
        world.orders(3.0).leader,
        Some(id(3)),
        "the old leader repeats itself"
    );
}

#[test]
fn the_leaders_own_offsets_are_believed_and_a_broker_without_a_replica_is_not_asked() {
    let mut world = World::default();
    let two = |newest| Partition {
        replicas: ids(&[1, 2]).into(),
        isr: ids(&[1, 2]).into(),
        ..with_newest(1, newest)
    };
    world.report(1.0, 2, vec![two(40)]);
    world.report(1.0, 3, vec![two(-1)]);
    assert_eq!(
        world.orders(1.0).newest_offset,
        Some(40),
        "the leader was not asked yet"
    );
    world.report(1.0, 1, vec![two(42)]);
    let orders = world.orders(1.0);
    assert_eq!(
        (orders.newest_offset, orders.source.clone()),
        (Some(42), Some(id(1)))
    );
    assert_eq!(orders.replica_ends.len(), 2);
    assert!(orders.replica_lag().eq([(&id(2), Some(2))]));
}

#[test]
fn a_follower_is_measured_against_what_the_leader_had_then() {
    let mut world = World::default();
    world.report(1.0, 1, vec![with_newest(1, 100)]);
    world.report(1.0, 2, vec![with_newest(1, 100)]);
    world.report(1.0, 3, vec![with_newest(1, 70)]);
    world.report(3.0, 1, vec![with_newest(1, 900)]);
    let orders = world.orders(3.0);
    assert!(
        orders
            .replica_lag()
            .eq([(&id(2), Some(0)), (&id(3), Some(30))])
    );
    world.refuse(3.5, 3);
    assert_eq!(world.orders(3.5).lag_of(&id(3)), None);
}

#[test]
fn rates_come_from_the_leader_and_end_with_it() {
    let mut world = World::default();
    world.report(1.0, 1, vec![with_newest(1, 100)]);
    world.report(3.0, 1, vec![with_newest(1, 300)]);
    let truth = world.truth(3.0);
    assert_eq!(truth.totals.rate, Some(100.0));
    assert_eq!(truth.broker("node-1").unwrap().rate, Some(100.0));
    assert_eq!(truth.stream("orders").unwrap().messages, Some(301));
    world.refuse(5.0, 1);
    world.report(5.0, 2, vec![with_newest(1, 300)]);
    assert_eq!(world.orders(5.0).rate, None);
}

#[test]
fn a_sticky_flag_is_no_pause_and_a_probe_tells() {
    let mut world = World::default();
    let flagged = Partition {
        paused_flag: true,
        pause_changed: latest(0.5),
        ..led_by(1)
    };
    world.report_all(1.0, &[1, 2, 3], &flagged);
    let truth = world.truth(1.0);
    let orders = truth.partition("orders", 0).unwrap();
    assert_eq!(
        (orders.paused, orders.status),
        (Known::Unknown, PartitionStatus::Serving)
    );
    assert_eq!(truth.doubtful, [("orders".into(), 0)]);
    world.probe(1.1, ProbeState::Paused);
    let truth = world.truth(1.2);
    assert_eq!(truth.stream("orders").unwrap().status.paused, 1);
    assert_eq!(truth.totals.paused, 1);
    assert!(truth.doubtful.is_empty());
    let resumed = Partition {
        pause_changed: latest(2.0),
        received: latest(2.5),
        ..flagged
    };
    world.report_all(3.0, &[1, 2, 3], &resumed);
    let orders = world.orders(3.0);
    assert_eq!(orders.paused, Known::No);
    assert!(orders.flags_lie());
    assert_eq!(orders.last_message, at(2.5));
}

#[test]
fn a_partition_is_paused_on_every_screen_only_while_its_leader_answers() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &led_by(1));
    world.truth(1.0);
    world.probe(1.1, ProbeState::Paused);
    assert_eq!(world.orders(1.1).status, PartitionStatus::Paused);
    world.refuse(2.0, 1);
    assert_eq!(world.orders(2.0).status, PartitionStatus::LeaderUnreachable);
}

#[test]
fn a_probe_brings_newer_offsets_than_the_view() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &with_newest(1, 10));
    world.truth(1.0);
    let partition = Box::new(with_newest(1, 25));
    let readonly = None;
    world.probe(
        1.5,
        ProbeState::Serving {
            partition,
            readonly,
        },
    );
    assert_eq!(world.orders(1.5).newest_offset, Some(25));
    world.report(3.0, 1, vec![with_newest(1, 30)]);
    assert_eq!(world.orders(3.0).newest_offset, Some(30));
}

#[test]
fn a_stream_is_gone_when_no_answering_broker_knows_it() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &led_by(1));
    world.refuse(2.0, 3);
    world.observe(3.0, 1, Ok(cluster(1, &[1, 2, 3], vec![])));
    assert!(world.truth(3.0).stream("orders").is_some());
    world.observe(3.1, 2, Ok(cluster(2, &[1, 2, 3], vec![])));
    let truth = world.truth(3.1);
    assert!(truth.streams.is_empty());
    assert_eq!(truth.totals.partitions, 0);
}

#[test]
fn a_stream_made_anew_forgets_the_old_one() {
    let mut world = World::default();
    world.report(1.0, 1, vec![with_newest(1, 500)]);
    world.report(3.0, 1, vec![with_newest(1, 900)]);
    assert_eq!(world.orders(3.0).rate, Some(200.0));
    let mut anew = stream("orders", vec![with_newest(2, 3)]);
    anew.created = at(4.0);
    world.observe(5.0, 2, Ok(cluster(2, &[1, 2, 3], vec![anew])));
    let orders = world.orders(5.0);
    assert_eq!((orders.newest_offset, orders.rate), (Some(3), None));
    assert_eq!(orders.disagreement.unwrap().unaware, ids(&[1]));
}

#[test]
fn what_nobody_ever_reported_is_unknown_and_not_zero() {
    let mut world = World::default();
    let elsewhere = Partition {
        replicas: ids(&[2, 3]).into(),
        isr: ids(&[2, 3]).into(),
        ..with_newest(2, -1)
    };
    world.report(1.0, 1, vec![elsewhere]);
    let truth = world.truth(1.0);
    let orders = truth.partition("orders", 0).unwrap();
    assert_eq!((orders.newest_offset, orders.uncommitted()), (None, None));
    assert_eq!(orders.last_message, Timestamp::NEVER);
    assert_eq!(truth.stream("orders").unwrap().messages, None);
    assert_eq!(truth.known_at(orders), None);
    let replicas: Vec<_> = truth.replica_views(orders).collect();
    assert!(
        replicas
            .iter()
            .all(|replica| replica.newest_offset.is_none())
    );
}

#[test]
fn replica_views_have_their_age_and_their_error() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &led_by(1));
    world.refuse(3.0, 2);
    let truth = world.truth(3.0);
    let orders = truth.partition("orders", 0).unwrap();
    let silent = truth.replica_views(orders).nth(1).unwrap();
    assert_eq!((silent.at, silent.newest_offset), (Some(at(1.0)), Some(9)));
    assert_eq!(silent.failure.unwrap().sentence, "connection refused");
}
