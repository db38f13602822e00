//! Rows of wire-contract §4.1 and §4.2.

use super::{Row, both, demo, never};
use crate::{client_groups, demo_rules, row_streams, row_subscribes};

const FAULT: &str = "it takes the death of brokers";
const RAFT: &str =
    "it takes a Raft round that times out on a broker that still thinks it leads; read from source";

pub(super) const ROWS: &[Row] = &[
    both(
        "4.1",
        "name empty",
        row_streams::streams_are_refused_in_these_words,
    ),
    both(
        "4.1",
        "subject empty or invalid",
        row_streams::streams_are_refused_in_these_words,
    ),
    both(
        "4.1",
        "name is __cursors or __activity",
        row_streams::streams_are_refused_in_these_words,
    ),
    both(
        "4.1",
        "encryption without a key",
        row_streams::encryption_without_a_key_is_refused,
    ),
    both(
        "4.1",
        "replicationFactor below -1",
        row_streams::streams_are_refused_in_these_words,
    ),
    both(
        "4.1",
        "replicationFactor above the cluster's size",
        row_streams::streams_are_refused_in_these_words,
    ),
    both(
        "4.1",
        "the stream exists",
        row_streams::streams_are_refused_in_these_words,
    ),
    demo(
        "4.1",
        "no metadata leader: at once, or after the deadline",
        FAULT,
        demo_rules::without_a_majority_nothing_is_agreed_on,
    ),
    never(
        "4.1",
        "no Raft quorum on a broker that thinks it leads",
        RAFT,
    ),
    both(
        "4.1",
        "delete of a missing or nameless stream",
        row_streams::streams_are_refused_in_these_words,
    ),
    both(
        "4.1",
        "delete of a reserved stream",
        row_streams::streams_are_refused_in_these_words,
    ),
    both(
        "4.1",
        "the order of checks",
        row_streams::of_several_faults_of_a_wish_the_first_is_told,
    ),
    both(
        "4.1",
        "OK means committed, leaders follow",
        row_streams::a_stream_just_made_takes_messages_and_its_partitions_share_a_leader,
    ),
    both(
        "4.1",
        "partitions of one create share leader and replicas",
        row_streams::a_stream_just_made_takes_messages_and_its_partitions_share_a_leader,
    ),
    both(
        "4.1",
        "each refusal has its kind",
        row_streams::an_existing_name_and_a_missing_one_are_errors_of_their_own,
    ),
    both(
        "4.2",
        "missing stream, no partitions named",
        row_streams::pausing_and_readonly_say_what_is_missing,
    ),
    both(
        "4.2",
        "missing stream, partitions named",
        row_streams::pausing_and_readonly_say_what_is_missing,
    ),
    both(
        "4.2",
        "missing partition",
        row_streams::pausing_and_readonly_say_what_is_missing,
    ),
    both(
        "4.2",
        "pausing what is paused",
        row_streams::pausing_what_is_paused_is_ok,
    ),
    both(
        "4.2",
        "reserved streams are paused too",
        client_groups::an_observer_leaves_paused_cursors_asleep_and_tells_what_it_knows,
    ),
    both(
        "4.2",
        "a pause closes the log",
        row_subscribes::a_paused_partition_refuses_its_past_and_ends_its_future,
    ),
    never(
        "4.2",
        "a pause outlives restarts",
        "nobody restarts a real cluster for a test, and the demo cluster keeps its state in memory",
    ),
    both(
        "4.2",
        "resumeAll is one flag, the last call wins",
        row_streams::with_resume_all_the_first_publish_wakes_every_partition,
    ),
    never(
        "4.2",
        "resumeAll is not in snapshots",
        "it takes a restart from a snapshot; read from source",
    ),
    both(
        "4.2",
        "Publish, PublishAsync and Subscribe with resume do resume",
        row_streams::publishing_and_subscribing_with_resume_wake_a_partition,
    ),
    both(
        "4.2",
        "SetCursor and FetchCursor resume __cursors",
        client_groups::cursors_are_stored_fetched_and_found,
    ),
    both(
        "4.2",
        "publishes to the subject resume nothing and are lost",
        row_streams::publishing_to_its_subject_wakes_nothing,
    ),
    both(
        "4.2",
        "paused and readonly stick in metadata",
        row_streams::a_pause_forgets_that_a_partition_was_readonly_though_metadata_remembers,
    ),
];
