//! Answers to `FetchMetadata` beside what generated code makes of them, and such as no broker sends.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::wire::convert;

fn named(id: &str) -> pb::Broker {
    pb::Broker {
        id: id.into(),
        host: "::1".into(),
        port: 9292,
        ..pb::Broker::default()
    }
}

fn read_again(answer: &pb::FetchMetadataResponse, before: Option<&Cluster>) -> Cluster {
    read(&answer.encode_to_vec(), before).unwrap()
}

/// Offsets, flags and lists as brokers have them, few enough that answers are often partly equal.
fn partition() -> impl Strategy<Value = pb::PartitionMetadata> {
    let ids = || prop::collection::vec("[abc]", 0..4);
    let times = || prop::option::of((-1_i64..3, 0_i64..3));
    let numbers = (-1_i64..3, -1_i64..3, any::<bool>(), any::<bool>());
    ("[abc]?", ids(), ids(), numbers, times(), times(), times()).prop_map(
        |(leader, replicas, isr, (hw, newest, paused, readonly), received, pause, flag)| {
            let times = |times: Option<(i64, i64)>| {
                times.map(
                    |(first_timestamp, latest_timestamp)| pb::PartitionEventTimestamps {
                        first_timestamp,
                        latest_timestamp,
                    },
                )
            };
            pb::PartitionMetadata {
                id: 0,
                leader,
                replicas,
                isr,
                high_watermark: hw,
                newest_offset: newest,
                paused,
                readonly,
                messages_received_timestamps: times(received),
                pause_timestamps: times(pause),
                readonly_timestamps: times(flag),
            }
        },
    )
}

fn answer() -> impl Strategy<Value = pb::FetchMetadataResponse> {
    let partitions = prop::collection::hash_map(-1_i32..4, partition(), 0..4);
    let stream = ("s[0-3]", "[xy]", 0_i32..2, 0_i64..2, partitions).prop_map(
        |(name, subject, error, creation_timestamp, partitions)| pb::StreamMetadata {
            name,
            subject,
            error,
            creation_timestamp,
            partitions: partitions
                .into_iter()
                .map(|(id, partition)| (id, pb::PartitionMetadata { id, ..partition }))
                .collect(),
        },
    );
    let brokers = prop::collection::vec("[abc]", 0..3);
    (brokers, prop::collection::vec(stream, 0..5)).prop_map(|(brokers, streams)| {
        pb::FetchMetadataResponse {
            brokers: brokers.iter().map(|id| named(id)).collect(),
            stream_metadata: streams,
            group_metadata: Vec::new(),
        }
    })
}

proptest! {
    #[test]
    fn an_answer_is_what_generated_code_reads_whatever_came_before(
        first in answer(),
        second in answer(),
    ) {
        let before = read_again(&first, None);
        let now = read_again(&second, Some(&before));
        prop_assert_eq!(&now, &read_again(&second, None));
        let known = second.stream_metadata.iter().filter(|stream| stream.error == 0);
        let last: HashMap<&str, &pb::StreamMetadata> =
            known.map(|stream| (&*stream.name, stream)).collect();
        prop_assert_eq!(now.streams.len(), last.len());
        for (name, stream) in &now.streams {
            let told = last[&**name];
            prop_assert_eq!(&*stream.subject, &told.subject);
            prop_assert_eq!(stream.partitions.len(), told.partitions.len());
            for partition in &stream.partitions {
                let told = &told.partitions[&partition.id];
                prop_assert_eq!(partition, &convert::partition(told));
            }
            if let Some(old) = before.streams.get(name) {
                prop_assert_eq!(old == stream, Arc::ptr_eq(old, stream), "shared if equal");
            }
        }
    }
}

#[test]
fn a_random_order_comes_out_sorted_and_unknown_streams_are_left_out() {
    let mut orders = pb::StreamMetadata {
        name: "orders".into(),
        ..pb::StreamMetadata::default()
    };
    for id in [2, 0, 1] {
        let metadata = pb::PartitionMetadata {
            id,
            isr: vec!["b".into(), "a".into()],
            ..pb::PartitionMetadata::default()
        };
        orders.partitions.insert(id, metadata);
    }
    let missing = pb::StreamMetadata {
        name: "missing".into(),
        error: pb::stream_metadata::Error::UnknownStream.into(),
        ..pb::StreamMetadata::default()
    };
    let answer = pb::FetchMetadataResponse {
        brokers: vec![named("b"), named("a")],
        stream_metadata: vec![missing, orders],
        group_metadata: Vec::new(),
    };
    let cluster = read_again(&answer, None);
    assert_eq!(cluster.answered_by.as_deref(), Some("b"));
    assert_eq!(cluster.addresses(), ["[::1]:9292", "[::1]:9292"]);
    assert_eq!(&*cluster.brokers[0].id, "a");
    assert_eq!(cluster.streams.len(), 1);
    let orders = cluster.stream("orders").unwrap();
    let ids: Vec<i32> = orders.partitions.iter().map(|p| p.id).collect();
    assert_eq!(ids, [0, 1, 2]);
    assert_eq!(&*orders.partitions[0].isr[0], "a");
    assert_eq!(orders.partitions[0].leader, None);
    let named_twice = [&cluster.brokers[0].id, &orders.partitions[0].isr[0]];
    assert!(Arc::ptr_eq(named_twice[0], named_twice[1]), "stored once");
}

#[test]
fn what_is_cut_or_of_another_shape_is_refused() {
    let answer = pb::FetchMetadataResponse {
        brokers: vec![named("a")],
        ..pb::FetchMetadataResponse::default()
    };
    let bytes = answer.encode_to_vec();
    for end in 1..bytes.len() {
        assert_eq!(read(&bytes[..end], None), Err(Unreadable::Malformed));
    }
    // A stream that is a number, and one whose name is not UTF-8.
    for bytes in [&[0x10, 1][..], &[0x12, 3, 0x0a, 1, 0xff]] {
        assert_eq!(read(bytes, None), Err(Unreadable::Malformed));
    }
}
