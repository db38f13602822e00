//! `open`: the dashboard, at what a locator leads to. What is not there is said before a dashboard is opened.

use super::args::Options;
use super::command_context::CommandContext;
use super::exit::{CliError, Exit, Result};
use super::partition_spec::{metadata_with, no_such_partition, no_such_stream};
use super::{dashboard, stdio::Stdio};
use crate::app::Screen;
use crate::client::Observer;
use crate::model::{Locator, MessagePlace, Place, did_you_mean, parse_addresses};
use crate::store::Query;

/// The options with the cluster that the locator names: a context of the config file, or addresses.
///
/// # Errors
/// It names neither, or another one than the options do.
pub(crate) fn options(
    options: &Options,
    locator: &Locator,
    console: &mut Stdio,
) -> Result<Options> {
    let Some(cluster) = &locator.cluster else {
        return Ok(options.clone());
    };
    if options.context.is_some() || !options.addr.is_empty() {
        return Err(CliError::usage(format!(
            "the locator names the cluster {cluster}: leave --addr and --context out"
        )));
    }
    let settings = CommandContext::open(options, console)?.settings;
    let contexts = &settings.file.contexts;
    let mut own = options.clone();
    if contexts.contains_key(cluster) {
        own.context = Some(cluster.clone());
        return Ok(own);
    }
    // A name alone is a context that this machine lacks, rather than a host.
    if !cluster.contains(':') {
        let hint = did_you_mean(cluster, contexts.keys().map(String::as_str));
        return Err(CliError::usage(format!(
            "there is no context \"{cluster}\" here{hint}; a broker is named with its port, as in {cluster}:9292"
        )));
    }
    own.addr = parse_addresses(cluster).map_err(CliError::usage)?;
    Ok(own)
}

/// Opens the dashboard there.
///
/// # Errors
/// There is nothing of that name, no broker, or no terminal.
pub(crate) async fn open(context: &mut CommandContext<'_>, locator: Locator) -> Result {
    match &locator.place {
        Place::Screen(name) => drop(Screen::named(name).map_err(CliError::usage)?),
        Place::Messages(place) => {
            if let Some(query) = &place.query {
                let parsed = Query::parse(query);
                parsed.map_err(|error| CliError::usage(error.sentence))?;
            }
            let observer = context.observer()?;
            find(&observer, place).await?;
        }
    }
    Box::pin(dashboard::open(context, Some(locator))).await
}

/// Ends with a sentence where the stream, the partition or the message is not there.
async fn find(observer: &Observer, place: &MessagePlace) -> Result<()> {
    let cluster = metadata_with(observer, &place.stream).await?;
    let stream = cluster.stream(&place.stream);
    let stream = stream.ok_or_else(|| no_such_stream(&place.stream))?;
    let mut named = place.partitions.iter();
    if let Some(missing) = named.find(|id| stream.partition(**id).is_none()) {
        return Err(no_such_partition(stream, *missing));
    }
    let Some((partition, offset)) = place.message() else {
        return Ok(());
    };
    // A leader that does not answer now may answer once the dashboard is open, which says what it waits for.
    let Ok(found) = observer.fetch_partition(&place.stream, partition).await else {
        return Ok(());
    };
    if found.newest_offset >= offset {
        return Ok(());
    }
    let end = match found.newest_offset {
        ..0 => "it is empty".to_owned(),
        newest => format!("its newest one is {newest}"),
    };
    let sentence = format!(
        "{}:{partition} has no message {offset}: {end}",
        place.stream
    );
    Err(CliError::new(Exit::NOT_FOUND, sentence))
}
