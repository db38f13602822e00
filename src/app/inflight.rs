//! What was asked for and is not answered yet, by request id (I5).

use super::ids::RequestId;
use crate::model::{CursorMoveSpec, Operation, Timestamp};

/// Something that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// A change of the cluster.
    Operation(Operation),
    /// What moving cursors would do, and the line that says so.
    CursorMove(Vec<CursorMoveSpec>, String),
    /// An external editor.
    Edit,
    /// An export.
    Export,
    /// Statistics of a range.
    Statistics,
    /// What became of a key.
    KeyHistory,
    /// Whether the copies of a partition are equal.
    Verification,
    /// A line for the demo cluster's console.
    Console,
}

/// A request in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    id: RequestId,
    /// What was asked for.
    pub(crate) request: Request,
    /// When.
    pub(crate) since: Timestamp,
}

/// All requests in flight, the oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Inflight(Vec<Pending>);

impl Inflight {
    /// Adds a request.
    pub(super) fn add(&mut self, id: RequestId, request: Request, since: Timestamp) {
        self.0.push(Pending { id, request, since });
    }

    /// Whether that request is in flight.
    pub(super) fn contains(&self, id: RequestId) -> bool {
        self.0.iter().any(|pending| pending.id == id)
    }

    /// Removes a request and returns what was asked for.
    pub(super) fn remove(&mut self, id: RequestId) -> Option<Request> {
        let at = self.0.iter().position(|pending| pending.id == id)?;
        Some(self.0.remove(at).request)
    }

    /// The request that is in flight for longest.
    pub(super) fn oldest(&self) -> Option<&Pending> {
        self.0.first()
    }
}
