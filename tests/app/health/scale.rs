//! A large cluster: what is looked at again is only what changed.

use std::sync::Arc;

use liftui::health::StreamTruth;
use liftui::model::{Cluster, Partition};

use super::world::{World, at, cluster, led_by, stream};

const STREAMS: usize = 10_000;

fn said(by: usize, newest: i64) -> Cluster {
    let partition = |id: i32, newest: i64| Partition {
        id,
        newest_offset: newest,
        high_watermark: newest,
        ..led_by(1)
    };
    let streams = (0..STREAMS).map(|number| {
        let newest = if number == 0 { newest } else { 7 };
        let partitions = (0..4).map(|id| partition(id, newest)).collect();
        stream(&format!("stream-{number:05}"), partitions)
    });
    cluster(by, &[1, 2, 3], streams.collect())
}

#[test]
fn ten_thousand_streams_share_what_did_not_change() {
    let mut world = World::default();
    for by in 1..=3 {
        world.observe(1.0, by, Ok(said(by, 10)));
        world.observe(3.0, by, Ok(said(by, 10)));
    }
    let before = world.truth(3.0);
    assert_eq!(before.totals.partitions, STREAMS * 4);
    for by in 1..=3 {
        world.observe(4.0, by, Ok(said(by, 30)));
    }
    let after = world.truth(4.0);
    let same = |(old, new): &(&Arc<StreamTruth>, &Arc<StreamTruth>)| Arc::ptr_eq(old, new);
    let shared = before.streams.iter().zip(&after.streams).filter(same);
    assert_eq!(shared.count(), STREAMS - 1);
    assert_eq!(
        after.partition("stream-00000", 3).unwrap().newest_offset,
        Some(30)
    );
    assert!(
        Arc::ptr_eq(&after, &world.health.assess(at(4.1))),
        "nothing was said"
    );
}
