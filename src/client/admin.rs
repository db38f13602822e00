//! Calls that change streams: create, delete, pause, resume, readonly; and every change as one [`Operation`].
//! What would crash or corrupt a server is refused here, before anything is sent.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tonic::{Response, Status};

use super::Client;
use super::error::{Error, Result};
use super::inner::{Api, Inner};
use super::transport::Call;
use crate::model::{
    ErrorKind, Failure, Operation, Outcome, PartitionId, StreamName, StreamOptions, Target,
};
use crate::wire::rpc::Rpc;
use crate::wire::{convert, pb};

/// What file systems take as a name.
const LONGEST_NAME: usize = 255;

impl Client {
    /// Does what an [`Operation`] says.
    ///
    /// # Errors
    /// Those of the call it stands for. Partitions that fail one by one are told in [`Outcome::Partial`].
    pub async fn perform(&self, operation: Operation) -> Result<Outcome> {
        match operation {
            Operation::Create(options) => self.create_stream(&options).await?,
            Operation::Delete { stream } => self.delete_stream(&stream).await?,
            Operation::Pause {
                stream,
                partitions,
                resume_all,
            } => self.pause(&stream, &partitions, resume_all).await?,
            Operation::Resume { stream, partitions } => {
                return self.resume(&stream, &partitions).await;
            }
            Operation::SetReadonly {
                stream,
                partitions,
                readonly,
            } => self.set_readonly(&stream, &partitions, readonly).await?,
            Operation::Publish(options) => return self.publish(*options).await,
            Operation::SetCursor {
                id,
                stream,
                partition,
                offset,
            } => self.set_cursor(&id, &stream, partition, offset).await?,
        }
        Ok(Outcome::Done)
    }

    /// Makes a stream. The answer means that the cluster has agreed on it; its leaders follow within moments.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] for what servers do not survive: fewer than no partitions, a name that is no name of a
    /// folder, a malformed subject (wire-contract §2.4); for what none takes: a reserved name, fewer than -1
    /// replicas; and for numbers that mean nothing: no partitions, fewer than 0 bytes. [`ErrorKind::StreamExists`], [`ErrorKind::InvalidArgument`] for more replicas than brokers,
    /// [`ErrorKind::EncryptionFailed`] without a key on the server.
    pub async fn create_stream(&self, options: &StreamOptions) -> Result<()> {
        let target = Target::Stream(options.name.as_str().into());
        check_stream(options, &target)?;
        let request = convert::create_stream(options);
        let send = |mut api: Api, _| {
            let request = request.clone();
            async move { api.create_stream(request).await }
        };
        self.call_change(Rpc::CreateStream, &target, send).await
    }

    /// Removes a stream with all its messages.
    ///
    /// # Errors
    /// [`ErrorKind::NoSuchStream`], [`ErrorKind::ReservedStream`].
    pub async fn delete_stream(&self, stream: &str) -> Result<()> {
        let target = Target::Stream(stream.into());
        let request = pb::DeleteStreamRequest {
            name: stream.to_owned(),
        };
        let send = |mut api: Api, _| {
            let request = request.clone();
            async move { api.delete_stream(request).await }
        };
        let done = self.call_change(Rpc::DeleteStream, &target, send).await;
        if done.is_ok() {
            // Whoever asks for it next is told so at once.
            self.inner().metadata.forget(stream);
        }
        done
    }

    /// Pauses partitions, all where none is named. Their subscriptions end; the next publish resumes each, or with
    /// `resume_all` the first publish all of them.
    ///
    /// # Errors
    /// [`ErrorKind::NoSuchStream`], [`ErrorKind::NoSuchPartition`].
    pub async fn pause(
        &self,
        stream: &str,
        partitions: &[PartitionId],
        resume_all: bool,
    ) -> Result<()> {
        let target = target_of(stream, partitions);
        check_partitions(stream, partitions)?;
        let request = pb::PauseStreamRequest {
            name: stream.to_owned(),
            partitions: partitions.to_vec(),
            resume_all,
        };
        let send = |mut api: Api, _| {
            let request = request.clone();
            async move { api.pause_stream(request).await }
        };
        self.call_change(Rpc::PauseStream, &target, send).await
    }

    /// Makes partitions refuse publishes (`true`) or take them again, all where none is named. A pause and resume
    /// makes them writable too, though metadata goes on calling them readonly (wire-contract §0.3).
    ///
    /// # Errors
    /// [`ErrorKind::NoSuchStream`], [`ErrorKind::NoSuchPartition`].
    pub async fn set_readonly(
        &self,
        stream: &str,
        partitions: &[PartitionId],
        readonly: bool,
    ) -> Result<()> {
        let target = target_of(stream, partitions);
        check_partitions(stream, partitions)?;
        let request = pb::SetStreamReadonlyRequest {
            name: stream.to_owned(),
            partitions: partitions.to_vec(),
            readonly,
        };
        let send = |mut api: Api, _| {
            let request = request.clone();
            async move { api.set_stream_readonly(request).await }
        };
        self.call_change(Rpc::SetStreamReadonly, &target, send)
            .await
    }

    /// Resumes partitions, all where none is named: each by a subscription that is closed after its handshake, so
    /// that no message is written. A readonly partition becomes writable by it (wire-contract §0.3).
    ///
    /// # Errors
    /// [`ErrorKind::NoSuchStream`], or the failure of the only partition.
    pub async fn resume(&self, stream: &str, partitions: &[PartitionId]) -> Result<Outcome> {
        let inner = self.inner();
        let stream = StreamName::from(stream);
        let cluster = inner.metadata_with(&stream, 0).await?;
        let target = Target::Stream(Arc::clone(&stream));
        let found = cluster
            .stream(&stream)
            .ok_or_else(|| Error::of_kind(ErrorKind::NoSuchStream, Rpc::Subscribe, target, ""))?;
        let all: Vec<PartitionId> = found.partitions.iter().map(|p| p.id).collect();
        let wanted = if partitions.is_empty() {
            &all
        } else {
            partitions
        };
        let (mut done, mut failed) = (Vec::new(), Vec::new());
        for &partition in wanted {
            match inner.resume_partition(&stream, partition).await {
                Ok(()) => done.push(partition),
                Err(error) if wanted.len() == 1 => return Err(error),
                Err(error) => failed.push((partition, Failure::from(error))),
            }
        }
        if failed.is_empty() {
            return Ok(Outcome::Done);
        }
        Ok(Outcome::Partial { done, failed })
    }

    /// A change that any broker takes. It has no deadline on the wire: without one a server that knows no metadata
    /// leader says so at once (wire-contract §4.1), and another can be asked.
    async fn call_change<T, A>(
        &self,
        rpc: Rpc,
        target: &Target,
        send: impl Fn(Api, Duration) -> A,
    ) -> Result<()>
    where
        A: Future<Output = std::result::Result<Response<T>, Status>> + Send,
    {
        let inner = self.inner();
        let limit = inner.options.request_timeout;
        inner.call_any(rpc, target, limit, send).await?;
        Ok(())
    }
}

impl Inner {
    async fn resume_partition(
        self: &Arc<Self>,
        stream: &StreamName,
        partition: PartitionId,
    ) -> Result<()> {
        let mut attempts = super::retry::RetryBudget::within(self.options.request_timeout);
        loop {
            let leader = self.leader(stream, partition).await?;
            match self.resume_at(&leader.address, stream, partition).await {
                Err(error) if error.kind().is_retryable() => attempts.wait(error).await?,
                outcome => return outcome,
            }
            self.refresh_metadata(leader.generation).await?;
        }
    }

    /// Subscribes with the flag that resumes, and leaves after the handshake. It starts at the oldest message: behind
    /// the newest one a readonly partition refuses to open (wire-contract §8.1 G).
    pub(crate) async fn resume_at(
        &self,
        address: &str,
        stream: &StreamName,
        partition: PartitionId,
    ) -> Result<()> {
        let target = Target::Partition(Arc::clone(stream), partition);
        let call = Call {
            rpc: Rpc::Subscribe,
            target: &target,
            address,
        };
        let request = pb::SubscribeRequest {
            stream: stream.to_string(),
            partition,
            start_position: pb::StartPosition::Earliest.into(),
            resume: true,
            ..pb::SubscribeRequest::default()
        };
        let wait = self.options.request_timeout;
        let handshake = async |mut api: Api| {
            let mut answer = api.subscribe(request).await?;
            answer.get_mut().message().await?;
            Ok(answer)
        };
        self.call(call, wait, handshake).await?;
        Ok(())
    }
}

fn target_of(stream: &str, partitions: &[PartitionId]) -> Target {
    match partitions {
        [only] => Target::Partition(stream.into(), *only),
        _ => Target::Stream(stream.into()),
    }
}

/// No negative number reaches a server: what one does with it is not known of every call.
fn check_partitions(stream: &str, partitions: &[PartitionId]) -> Result<()> {
    let Some(&negative) = partitions.iter().find(|partition| **partition < 0) else {
        return Ok(());
    };
    let target = Target::Partition(stream.into(), negative);
    let kind = ErrorKind::NoSuchPartition;
    Err(Error::of_kind(kind, Rpc::PauseStream, target, "").never_sent())
}

fn check_stream(options: &StreamOptions, target: &Target) -> Result<()> {
    let name = options.name.as_str();
    if name.is_empty() {
        return Err(Error::refused(target.clone(), "a stream needs a name"));
    }
    if name.contains(['/', '\\', '\0']) || name.contains("..") || name == "." {
        let why = "becomes a folder on the broker's disk: no \"/\", \"\\\" or \"..\" in it";
        return Err(Error::refused(
            target.clone(),
            format!("the name \"{name}\" {why}"),
        ));
    }
    if name.len() > LONGEST_NAME {
        let sentence = "a stream's name becomes a folder on the broker's disk: 255 bytes at most";
        return Err(Error::refused(target.clone(), sentence));
    }
    check_numbers(options, target)?;
    if ["__cursors", "__activity"].contains(&name) {
        let sentence = format!("the name \"{name}\" is one of Liftbridge's own");
        return Err(Error::refused(target.clone(), sentence));
    }
    let subject = Some(options.subject.as_str()).filter(|subject| !subject.is_empty());
    check_subject(subject.unwrap_or(name), target)
}

/// No number that means nothing reaches a server: of some it crashes, and others it takes for what nobody asked for.
fn check_numbers(options: &StreamOptions, target: &Target) -> Result<()> {
    let partitions = options.partitions.map(i64::from);
    let min_isr = options.min_isr.map(i64::from);
    let compactions = options.compact_max_goroutines.map(i64::from);
    // One replica on every broker is not fewer than one.
    let replicas = options.replication_factor.filter(|factor| *factor != -1);
    let replicas = replicas.map(i64::from);
    let (kept_bytes, kept_messages) = (options.retention_max_bytes, options.retention_max_messages);
    let segment = options.segment_max_bytes;
    let least = [
        (partitions, 1, "a stream has at least one partition"),
        (
            replicas,
            1,
            "a stream has at least one replica, or -1 for one on every broker",
        ),
        (
            kept_bytes,
            0,
            "a stream keeps no fewer than 0 bytes, where 0 is no limit",
        ),
        (
            kept_messages,
            0,
            "a stream keeps no fewer than 0 messages, where 0 is no limit",
        ),
        (segment, 1, "a segment has at least one byte"),
        (compactions, 1, "at least one compaction runs"),
        (
            min_isr,
            1,
            "at least one replica is in sync where a message commits",
        ),
    ];
    let wrong = least
        .into_iter()
        .find_map(|(number, least, why)| Some((number.filter(|number| *number < least)?, why)));
    wrong.map_or(Ok(()), |(number, why)| {
        Err(Error::refused(
            target.clone(),
            format!("{why}: not {number}"),
        ))
    })
}

/// Subjects as servers take them: tokens between dots, none empty, no blanks (wire-contract §2.4).
pub(crate) fn check_subject(subject: &str, target: &Target) -> Result<()> {
    let blank = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
    if subject.split('.').any(str::is_empty) || subject.contains(blank) {
        let sentence =
            format!("\"{subject}\" is not a NATS subject: tokens between dots, no blanks");
        return Err(Error::refused(target.clone(), sentence));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_mean_nothing_are_refused_and_those_that_do_are_not() {
        let check = |options: StreamOptions| {
            let named = options.name("s");
            check_stream(&named, &Target::Cluster).map_err(|error| error.to_string())
        };
        let new = StreamOptions::default;
        for (options, said) in [
            (
                new().partitions(Some(0)),
                "a stream has at least one partition: not 0",
            ),
            (
                new().replication_factor(Some(0)),
                "a stream has at least one replica, or -1 for one on every broker: not 0",
            ),
            (
                new().retention_max_bytes(Some(-5)),
                "a stream keeps no fewer than 0 bytes, where 0 is no limit: not -5",
            ),
            (
                new().retention_max_messages(Some(-7)),
                "a stream keeps no fewer than 0 messages, where 0 is no limit: not -7",
            ),
            (
                new().segment_max_bytes(Some(0)),
                "a segment has at least one byte: not 0",
            ),
            (
                new().compact_max_goroutines(Some(-1)),
                "at least one compaction runs: not -1",
            ),
            (
                new().min_isr(Some(0)),
                "at least one replica is in sync where a message commits: not 0",
            ),
        ] {
            let refused = check(options.clone()).unwrap_err();
            assert_eq!(refused, said, "{options:?}");
        }
        let fine = new()
            .partitions(Some(1))
            .replication_factor(Some(-1))
            .retention_max_bytes(Some(0))
            .retention_max_messages(Some(0))
            .segment_max_bytes(Some(1))
            .compact_max_goroutines(Some(1))
            .min_isr(Some(1));
        assert_eq!(check(fine), Ok(()));
    }

    #[test]
    fn what_servers_do_not_survive_is_refused() {
        let check = |name: &str, subject: &str, partitions| {
            let options = StreamOptions {
                name: name.into(),
                subject: subject.into(),
                partitions,
                ..StreamOptions::default()
            };
            check_stream(&options, &Target::Cluster).map_err(|error| error.kind())
        };
        for (name, subject, partitions) in [
            ("", "s", None),
            ("a/b", "s", None),
            ("a\\b", "s", None),
            ("a..b", "s", None),
            ("a", "s", Some(-1)),
            ("a", "s t", None),
            ("a", "s..t", None),
            ("a", ".", None),
            (".", "s", None),
            ("a\0b", "s", None),
            (&*"long".repeat(64), "s", None),
            ("with blank", "", None),
            ("__cursors", "", None),
        ] {
            assert_eq!(
                check(name, subject, partitions),
                Err(ErrorKind::Refused),
                "{name:?} {subject:?}"
            );
        }
        assert_eq!(check("dot.name", "", Some(1)), Ok(()));
        assert_eq!(check(&"x".repeat(255), "s", None), Ok(()));
        let negative = check_partitions("a", &[0, -1]).unwrap_err();
        assert_eq!(negative.kind(), ErrorKind::NoSuchPartition);
        assert_eq!(check("with blank", "s.*.>", Some(3)), Ok(()));
    }
}
