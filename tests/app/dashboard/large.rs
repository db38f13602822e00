//! A large cluster: its brokers are asked less often while nothing moves, and the screen says so.

use std::sync::Arc;
use std::time::Duration;

use liftui::app::{Effect, Event};
use liftui::model::{BrokerView, Cluster, Stream, StreamName};

use crate::screens::header;
use crate::world::{World, settings};

/// What that broker answers, with so many streams more.
fn large_view(world: &World, broker: usize, streams: usize) -> BrokerView {
    let view = world.view_of(broker);
    let result = view.result.map(|small| {
        let mut large = Cluster::clone(&small);
        let model = Arc::clone(small.streams.values().next().unwrap());
        large.streams.extend((0..streams).map(|number| {
            let name: StreamName = format!("stream-{number:05}").into();
            let stream = Stream {
                name: Arc::clone(&name),
                ..Stream::clone(&model)
            };
            (name, Arc::new(stream))
        }));
        Arc::new(large)
    });
    BrokerView { result, ..view }
}

/// All brokers answer, and the clock goes on by a second after each round: how often they are to be asked, where that
/// changed.
fn rounds(world: &mut World, rounds: usize, streams: usize) -> Vec<Duration> {
    let mut paces = Vec::new();
    for _ in 0..rounds {
        let mut effects = Vec::new();
        for broker in 0..3 {
            let view = large_view(world, broker, streams);
            effects.extend(world.event(Event::BrokerView(Arc::new(view))));
        }
        world.now = world.now.plus(Duration::from_secs(1));
        effects.extend(world.event(Event::Tick(world.now)));
        for effect in effects {
            if let Effect::AskEvery(every) = effect {
                paces.push(every);
            }
        }
    }
    paces
}

#[test]
fn a_large_cluster_is_asked_less_often_at_rest_and_as_configured_while_something_moves() {
    const STREAMS: usize = 4_000;
    let mut world = World::silent(settings());
    let configured = settings().refresh;
    let paces = rounds(&mut world, 40, STREAMS);
    let at_rest = *paces.last().unwrap();
    assert!(at_rest > configured, "{paces:?}");
    let shown = format!("asked every {}s", at_rest.as_secs());
    let picture = header(&world.app);
    assert!(picture.contains(&shown), "{shown} in {picture}");
    assert!(!picture.contains("stale"), "{picture}");

    world.fail_node_two();
    assert_eq!(
        rounds(&mut world, 2, STREAMS),
        [configured],
        "a broker died"
    );
    let picture = header(&world.app);
    assert!(!picture.contains("asked every"), "{picture}");
    assert!(!picture.contains("stale"), "{picture}");
    let later = rounds(&mut world, 40, STREAMS);
    assert!(
        matches!(later[..], [every] if every > configured),
        "{later:?}"
    );
}

#[test]
fn a_small_cluster_is_asked_as_often_as_configured() {
    let mut world = World::silent(settings());
    let paces = rounds(&mut world, 40, 100);
    assert!(paces.is_empty(), "{paces:?}");
}
