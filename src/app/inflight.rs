//! What was asked for and is not answered yet, by request id (I5).
//!
//! What an answer means to the screen is decided in `update`.

use crate::app::RequestId;
use crate::model::{Operation, Timestamp};

/// Something that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// A change of the cluster.
    Operation(Operation),
    /// An external editor.
    Edit,
    /// An export.
    Export,
    /// A line for the demo cluster's console.
    Console(String),
}

/// A request on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its id.
    pub id: RequestId,
    /// What was asked for.
    pub request: Request,
    /// When.
    pub since: Timestamp,
}

/// All requests on their way, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inflight {
    pending: Vec<Pending>,
    strays: u64,
}

impl Inflight {
    /// Notes a request.
    pub fn add(&mut self, id: RequestId, request: Request, since: Timestamp) {
        self.pending.push(Pending { id, request, since });
    }

    /// What this id was asked for, without ending it.
    pub fn get(&self, id: RequestId) -> Option<&Pending> {
        self.pending.iter().find(|pending| pending.id == id)
    }

    /// Ends a request and says what it was; an answer to none is counted.
    pub fn end(&mut self, id: RequestId) -> Option<Pending> {
        let at = self.pending.iter().position(|pending| pending.id == id);
        if at.is_none() {
            self.strays += 1;
        }
        at.map(|at| self.pending.remove(at))
    }

    /// All that are on their way, the oldest first.
    pub fn pending(&self) -> &[Pending] {
        &self.pending
    }

    /// Answers that came for no known request.
    pub fn strays(&self) -> u64 {
        self.strays
    }
}
