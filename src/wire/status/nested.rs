//! Statuses in the text of other ones: what a broker answers that had to call another part of itself, or another broker.

use tonic::Code;

use super::{CURSOR, K, Meaning, of_status};
use crate::wire::rpc::Rpc;

/// A status that the server got from a call of its own, and handed on as the text of another.
pub(super) fn status_in(text: &str) -> Option<(Code, &str)> {
    let (code, text) = text
        .strip_prefix("rpc error: code = ")?
        .split_once(" desc = ")?;
    let code = match code {
        "Canceled" => Code::Cancelled,
        "Unknown" => Code::Unknown,
        "InvalidArgument" => Code::InvalidArgument,
        "DeadlineExceeded" => Code::DeadlineExceeded,
        "NotFound" => Code::NotFound,
        "AlreadyExists" => Code::AlreadyExists,
        "PermissionDenied" => Code::PermissionDenied,
        "ResourceExhausted" => Code::ResourceExhausted,
        "FailedPrecondition" => Code::FailedPrecondition,
        "Aborted" => Code::Aborted,
        "OutOfRange" => Code::OutOfRange,
        "Unimplemented" => Code::Unimplemented,
        "Internal" => Code::Internal,
        "Unavailable" => Code::Unavailable,
        "DataLoss" => Code::DataLoss,
        "Unauthenticated" => Code::Unauthenticated,
        _ => return None,
    };
    Some((code, text))
}

/// What that status means for the call that it came with: a broker publishes to `__cursors` to set a cursor, and subscribes
/// to it to fetch one.
pub(super) fn meaning(rpc: Rpc, code: Code, text: &str) -> Meaning {
    let is_of_cursors = CURSOR.contains(&rpc);
    let own = if rpc == Rpc::SetCursor {
        Rpc::Publish
    } else if rpc == Rpc::FetchCursor {
        Rpc::Subscribe
    } else {
        rpc
    };
    let meaning = of_status(own, code, text);
    if !is_of_cursors {
        return meaning;
    }
    if matches!(
        meaning,
        Meaning::Failed(K::NoSuchStream | K::NoSuchPartition)
    ) {
        return Meaning::Failed(K::CursorsDisabled);
    }
    if matches!(meaning, Meaning::ReaderLost | Meaning::SegmentClosed) {
        // It takes office, or its partition is being resumed: the next one to ask may be another.
        return Meaning::Failed(K::NotLeader);
    }
    meaning
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_in_the_text_of_another_means_what_it_means_by_itself() {
        let nested = |rpc, code, text: &str| {
            let text = format!("rpc error: code = {code} desc = {text}");
            of_status(rpc, Code::Internal, &text)
        };
        let failed = Meaning::Failed;
        for (rpc, code, text, meant) in [
            // Seen on real servers.
            (
                Rpc::FetchCursor,
                "FailedPrecondition",
                "Server not partition leader",
                failed(K::NotLeader),
            ),
            (
                Rpc::FetchCursor,
                "Unknown",
                "segment has been closed",
                failed(K::NotLeader),
            ),
            (
                Rpc::SetCursor,
                "NotFound",
                "no such stream: __cursors",
                failed(K::CursorsDisabled),
            ),
            (Rpc::SetCursor, "DeadlineExceeded", "x", failed(K::Timeout)),
            (
                Rpc::SetCursor,
                "Internal",
                "failed to resume stream: no known metadata leader",
                failed(K::NoMetadataLeader),
            ),
            (Rpc::Publish, "Unavailable", "x", failed(K::Unreachable)),
            (Rpc::Publish, "Nonsense", "x", failed(K::Server)),
        ] {
            assert_eq!(nested(rpc, code, text), meant, "{rpc}: {code}: {text}");
        }
    }
}
