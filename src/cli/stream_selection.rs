//! The streams that names and patterns on the command line mean. An existing stream of exactly that name comes first: a name
//! may hold the characters of patterns.

use std::collections::BTreeSet;

use super::exit::{CliError, Exit, Result};
use super::partition_spec::no_such_stream;
use crate::health::{StreamTruth, Truth};
use crate::model::is_pattern;

/// The streams that these texts mean, each once, in the order of the texts; all where there is no text.
///
/// # Errors
/// A name of no stream, or a pattern that none fits.
pub(crate) fn select<'a>(truth: &'a Truth, texts: &[String]) -> Result<Vec<&'a StreamTruth>> {
    if texts.is_empty() {
        return Ok(truth.streams.iter().map(AsRef::as_ref).collect());
    }
    let (mut selected, mut seen) = (Vec::new(), BTreeSet::new());
    for text in texts {
        let meant = truth.streams_named(text);
        if meant.is_empty() {
            return Err(if is_pattern(text) {
                no_stream_fits(text)
            } else {
                no_such_stream(text)
            });
        }
        let new = meant.into_iter().filter(|stream| seen.insert(&stream.name));
        selected.extend(new);
    }
    Ok(selected)
}

/// What a pattern that no stream fits ends with.
pub(crate) fn no_stream_fits(pattern: &str) -> CliError {
    CliError::new(
        Exit::NOT_FOUND,
        format!("no stream fits \"{pattern}\"; liftui streams lists those there are"),
    )
}
