//! Streams that were seen to be deleted. A broker that has just come back may name them again for as long as no metadata
//! leader tells it more, and so may all of a majority that were restarted one after the other.

use std::collections::BTreeMap;
use std::time::Duration;

use super::StreamTruth;
use super::assess::AssessContext;
use super::view_merge::StreamClaims;
use crate::model::{StreamName, Timestamp};

/// So long after its return a broker alone does not bring a stream back.
const RETURNED_RECENTLY: Duration = Duration::from_secs(60);

/// More are not remembered; the longest deleted are forgotten first.
const MOST: usize = 10_000;

/// A stream that is gone.
#[derive(Clone, Copy, Debug)]
struct Deleted {
    /// When it had been created: one of that name that was created at another time is another one.
    created: Timestamp,
    /// When it was seen to be gone.
    at: Timestamp,
}

/// Streams that are gone, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct DeletedStreams(BTreeMap<StreamName, Deleted>);

impl DeletedStreams {
    /// A stream is gone.
    pub(super) fn add(&mut self, stream: &StreamTruth, at: Timestamp) {
        let created = stream.created;
        self.0
            .insert(StreamName::clone(&stream.name), Deleted { created, at });
        if self.0.len() > MOST {
            let oldest = self.0.iter().min_by_key(|(_, deleted)| deleted.at);
            if let Some(name) = oldest.map(|(name, _)| StreamName::clone(name)) {
                self.0.remove(&name);
            }
        }
    }

    /// Whether that stream was deleted, and nobody names it who would know better. One that is there after all is not
    /// remembered any more.
    pub(super) fn hides(
        &mut self,
        name: &StreamName,
        claims: &StreamClaims<'_>,
        context: &AssessContext<'_>,
    ) -> bool {
        let Some(deleted) = self.0.get(name) else {
            return false;
        };
        let is_same = claims.created() == Some(deleted.created);
        let knows_better = |id: &str| {
            let back = context.brokers.back_since(id);
            back.is_none_or(|since| since.age(context.now) >= RETURNED_RECENTLY)
        };
        let mut fresh = claims.current_since(deleted.at);
        let hides = is_same && !fresh.any(|id| knows_better(id));
        if !hides {
            self.0.remove(name);
        }
        hides
    }
}
