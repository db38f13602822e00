//! Which partitions a text on the command line names: `orders`, `orders:0,2-4`, `orders-*`, `orders-*:0`.
//! A stream's own name may hold a colon or the characters of patterns, so the cluster's metadata decides.

use std::sync::Arc;

use super::exit::{CliError, Result};
use super::stream_selection::no_stream_fits;
use crate::client::Observer;
use crate::model::{
    Cluster, ErrorKind, Failure, PartitionId, StartAt, StopAt, Stream, StreamName, SubscribeSpec,
    Target, is_pattern, parse_ranges,
};

/// Some partitions of one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PartitionSpec {
    pub(crate) stream: StreamName,
    /// The partitions, sorted; at least one.
    pub(crate) partitions: Vec<PartitionId>,
}

impl PartitionSpec {
    /// Finds what a name or a pattern means, by name. Streams that fit a pattern and lack the partitions that it asks for are
    /// left out.
    pub(crate) fn find_fitting(text: &str, cluster: &Cluster) -> Result<Vec<Self>> {
        if !Self::is_pattern(text, cluster) {
            return Ok(vec![Self::find(text, cluster)?]);
        }
        let (mut streams, mut asked) = (cluster.streams_named(text), None);
        if let (true, Some((name, ranges))) = (streams.is_empty(), text.rsplit_once(':')) {
            streams = cluster.streams_named(name);
            asked = Some(parse_ranges(ranges).map_err(CliError::usage)?);
        }
        let specs = streams.into_iter().map(|stream| {
            let partitions = stream.partitions.iter().map(|partition| partition.id);
            let is_asked = |id: &PartitionId| asked.as_ref().is_none_or(|asked| asked.contains(id));
            Self {
                stream: Arc::clone(&stream.name),
                partitions: partitions.filter(is_asked).collect(),
            }
        });
        let specs: Vec<_> = specs.filter(|spec| !spec.partitions.is_empty()).collect();
        if specs.is_empty() {
            return Err(no_stream_fits(text));
        }
        Ok(specs)
    }

    /// Whether a text is a pattern, and not the name of a stream that has its characters.
    pub(crate) fn is_pattern(text: &str, cluster: &Cluster) -> bool {
        is_pattern(text) && Self::find(text, cluster).is_err()
    }

    fn add(&mut self, partitions: &[PartitionId]) {
        self.partitions.extend(partitions);
        self.partitions.sort_unstable();
        self.partitions.dedup();
    }

    /// Finds what a text names. An existing stream of exactly that name wins.
    pub(crate) fn find(text: &str, cluster: &Cluster) -> Result<Self> {
        if let Some(stream) = cluster.stream(text) {
            return Ok(Self {
                stream: Arc::clone(&stream.name),
                partitions: stream.partitions.iter().map(|p| p.id).collect(),
            });
        }
        let parts = text.rsplit_once(':');
        let Some((stream, ranges)) = parts.and_then(|(name, ranges)| {
            let stream = cluster.stream(name)?;
            Some((stream, ranges))
        }) else {
            return Err(no_such_stream(parts.map_or(text, |(name, _)| name)));
        };
        let partitions = parse_ranges(ranges).map_err(CliError::usage)?;
        match partitions
            .iter()
            .find(|id| stream.partition(**id).is_none())
        {
            Some(missing) => Err(no_such_partition(stream, *missing)),
            None => Ok(Self {
                stream: Arc::clone(&stream.name),
                partitions,
            }),
        }
    }
}

/// What these texts name, each partition once, and the metadata that says so.
pub(crate) async fn find_all(
    observer: &Observer,
    texts: &[String],
) -> Result<(Vec<PartitionSpec>, Arc<Cluster>)> {
    let mut cluster = observer.fetch_metadata().await?;
    for text in texts {
        cluster = if PartitionSpec::is_pattern(text, &cluster) {
            metadata_fitting(observer, cluster, text).await
        } else {
            metadata_naming(observer, cluster, text).await?
        };
    }
    let mut specs: Vec<PartitionSpec> = Vec::new();
    for text in texts {
        for found in PartitionSpec::find_fitting(text, &cluster)? {
            match specs.iter_mut().find(|spec| spec.stream == found.stream) {
                Some(spec) => spec.add(&found.partitions),
                None => specs.push(found),
            }
        }
    }
    Ok((specs, cluster))
}

/// The metadata given where a stream of it fits the pattern, else that of a broker that knows one: a broker that has just
/// started knows none for seconds.
async fn metadata_fitting(observer: &Observer, cluster: Arc<Cluster>, text: &str) -> Arc<Cluster> {
    let fits = |cluster: &Cluster| PartitionSpec::find_fitting(text, cluster).is_ok();
    if fits(&cluster) {
        return cluster;
    }
    for broker in observer.brokers() {
        match observer.fetch_view(&broker.address).await.result {
            Ok(other) if fits(&other) => return other,
            Ok(_) | Err(_) => {}
        }
    }
    cluster
}

/// What one text names, and the metadata that says so.
pub(crate) async fn find(observer: &Observer, text: &str) -> Result<(PartitionSpec, Arc<Cluster>)> {
    let cluster = observer.fetch_metadata().await?;
    let cluster = metadata_naming(observer, cluster, text).await?;
    Ok((PartitionSpec::find(text, &cluster)?, cluster))
}

async fn metadata_naming(
    observer: &Observer,
    cluster: Arc<Cluster>,
    text: &str,
) -> Result<Arc<Cluster>> {
    let stream = text.rsplit_once(':').map_or(text, |(name, _)| name);
    let names: &[&str] = if stream == text {
        &[text]
    } else {
        &[stream, text]
    };
    metadata_knowing(observer, cluster, names).await
}

/// Fresh metadata, which knows the stream if any broker does.
pub(crate) async fn metadata_with(observer: &Observer, stream: &str) -> Result<Arc<Cluster>> {
    let cluster = observer.fetch_metadata().await?;
    metadata_knowing(observer, cluster, &[stream]).await
}

/// The metadata given where it knows a stream of one of the names, else that of a broker that does: what one broker does
/// not know may exist all the same.
pub(crate) async fn metadata_knowing(
    observer: &Observer,
    mut cluster: Arc<Cluster>,
    names: &[&str],
) -> Result<Arc<Cluster>> {
    for name in names {
        if names.iter().any(|name| cluster.stream(name).is_some()) {
            break;
        }
        cluster = observer.fetch_metadata_knowing(name).await?;
    }
    Ok(cluster)
}

/// The stream that a text names, and the partitions behind its colon: none where the whole text is the name of a stream. Only
/// what has a colon is looked up.
pub(crate) async fn split(
    observer: &Observer,
    text: &str,
) -> Result<(StreamName, Vec<PartitionId>)> {
    if !text.contains(':') {
        return Ok((text.into(), Vec::new()));
    }
    let (spec, _) = find(observer, text).await?;
    let is_whole = *spec.stream == *text;
    let partitions = if is_whole {
        Vec::new()
    } else {
        spec.partitions
    };
    Ok((spec.stream, partitions))
}

/// Where every partition of these is read from and to.
pub(crate) fn subscribe_specs(
    specs: &[PartitionSpec],
    start: StartAt,
    stop: StopAt,
    isr_replica: bool,
) -> Vec<SubscribeSpec> {
    let partitions = specs.iter().flat_map(|spec| {
        let partitions = spec.partitions.iter();
        partitions.map(|partition| (Arc::clone(&spec.stream), *partition))
    });
    partitions
        .map(|(stream, partition)| SubscribeSpec {
            start,
            stop,
            isr_replica,
            ..SubscribeSpec::new(stream, partition)
        })
        .collect()
}

/// What the name of a stream that does not exist ends with.
pub(crate) fn no_such_stream(name: &str) -> CliError {
    let target = Target::Stream(name.into());
    let sentence = format!("{target} does not exist");
    Failure::new(ErrorKind::NoSuchStream, target, sentence).into()
}

/// What the number of a partition that the stream lacks ends with.
pub(crate) fn no_such_partition(stream: &Stream, partition: PartitionId) -> CliError {
    let target = Target::Partition(Arc::clone(&stream.name), partition);
    let last = stream.partitions.last().map_or(0, |last| last.id);
    let sentence = crate::model::no_such_partition(&stream.name, partition, last);
    Failure::new(ErrorKind::NoSuchPartition, target, sentence).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;
    use crate::model::{Partition, Timestamp};

    fn cluster() -> Cluster {
        let partitions = (0..4).map(|id| Partition {
            id,
            ..Partition::default()
        });
        let partitions: Vec<Partition> = partitions.collect();
        let stream = |name: &str| {
            let stream = Stream {
                name: name.into(),
                subject: name.into(),
                created: Timestamp::NEVER,
                partitions: partitions.clone(),
            };
            (StreamName::from(name), stream.into())
        };
        Cluster {
            streams: [
                stream("orders"),
                stream("orders:1"),
                stream("a?b*"),
                stream("axb"),
            ]
            .into(),
            ..Cluster::default()
        }
    }

    fn found(text: &str) -> Result<(String, Vec<PartitionId>)> {
        let spec = PartitionSpec::find(text, &cluster())?;
        Ok((spec.stream.to_string(), spec.partitions))
    }

    #[test]
    fn a_place_names_all_partitions_or_some() {
        assert_eq!(found("orders"), Ok(("orders".into(), vec![0, 1, 2, 3])));
        assert_eq!(found("orders:0,2-3"), Ok(("orders".into(), vec![0, 2, 3])));
    }

    #[test]
    fn a_stream_of_exactly_that_name_wins() {
        assert_eq!(found("orders:1"), Ok(("orders:1".into(), vec![0, 1, 2, 3])));
        assert_eq!(found("orders:1:2"), Ok(("orders:1".into(), vec![2])));
    }

    #[test]
    fn a_pattern_means_the_streams_that_fit_it_unless_one_has_that_very_name() {
        let fitting = |text| {
            let specs = PartitionSpec::find_fitting(text, &cluster())?;
            let named = specs.iter();
            let named = named.map(|spec| format!("{} {:?}", spec.stream, spec.partitions));
            Ok(named.collect::<Vec<_>>())
        };
        let all = "[0, 1, 2, 3]";
        let both = vec![format!("orders {all}"), format!("orders:1 {all}")];
        assert_eq!(fitting("ord*"), Ok(both));
        assert_eq!(fitting("ord*s:2"), Ok(vec!["orders [2]".to_owned()]));
        assert_eq!(fitting("orders:?"), Ok(vec![format!("orders:1 {all}")]));
        assert_eq!(fitting("a?b*"), Ok(vec![format!("a?b* {all}")]));
        let exit = |text| fitting(text).map_err(|error: CliError| error.exit);
        assert_eq!(exit("ship-*"), Err(Exit::NOT_FOUND));
        assert_eq!(exit("ord*:9"), Err(Exit::NOT_FOUND));
        assert_eq!(exit("ord*s:x"), Err(Exit::USAGE));
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let exit = |text| found(text).map_err(|error| error.exit);
        assert_eq!(exit("ordres"), Err(Exit::NOT_FOUND));
        assert_eq!(exit("orders:9"), Err(Exit::NOT_FOUND));
        assert_eq!(exit("orders:x"), Err(Exit::USAGE));
        let error = found("ordres:0").unwrap_err();
        assert_eq!(error.missing_stream.as_deref(), Some("ordres"));
    }
}
