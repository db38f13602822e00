//! Who may call what: a policy as servers with `tls.client.authz` have one, for all clients the same (wire-contract §4.9).

use std::collections::BTreeSet;

use tonic::Status;

/// The calls that are allowed; all where there is no policy.
#[derive(Clone, Debug, Default)]
pub(super) struct Policy(Option<BTreeSet<String>>);

impl Policy {
    /// A policy that allows these calls alone.
    pub(super) fn of(allowed: Option<Vec<String>>) -> Self {
        Self(allowed.map(BTreeSet::from_iter))
    }

    /// Refuses a call that is not allowed, in the servers' words.
    pub(super) fn check(&self, call: &str, resource: &str) -> Result<(), Status> {
        match &self.0 {
            Some(allowed) if !allowed.contains(call) => {
                let text =
                    format!("The client is not authorized to call {call} on resource {resource}");
                Err(Status::unknown(text))
            }
            Some(_) | None => Ok(()),
        }
    }
}
