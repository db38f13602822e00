//! The streams that names and patterns on the command line mean. An existing stream of exactly that name comes first: a name
//! may hold the characters of patterns.

use super::exit::{CliError, Exit, Result};
use super::partition_spec::no_such_stream;
use crate::health::{StreamTruth, Truth};
use crate::model::{is_pattern, names_stream};

/// The streams that these texts mean, each once, in the order of the texts; all where there is no text.
///
/// # Errors
/// A name of no stream, or a pattern that none fits.
pub(crate) fn select<'a>(truth: &'a Truth, texts: &[String]) -> Result<Vec<&'a StreamTruth>> {
    if texts.is_empty() {
        return Ok(truth.streams.iter().map(AsRef::as_ref).collect());
    }
    let mut selected: Vec<&StreamTruth> = Vec::new();
    for text in texts {
        for stream in meant(truth, text)? {
            if !selected.iter().any(|one| one.name == stream.name) {
                selected.push(stream);
            }
        }
    }
    Ok(selected)
}

fn meant<'a>(truth: &'a Truth, text: &str) -> Result<Vec<&'a StreamTruth>> {
    if let Some(stream) = truth.stream(text) {
        return Ok(vec![stream]);
    }
    if !is_pattern(text) {
        return Err(no_such_stream(text));
    }
    let streams = truth.streams.iter().map(AsRef::as_ref);
    let fitting: Vec<_> = streams
        .filter(|stream: &&StreamTruth| names_stream(text, &stream.name))
        .collect();
    if fitting.is_empty() {
        return Err(no_stream_fits(text));
    }
    Ok(fitting)
}

/// What a pattern that no stream fits ends with.
pub(crate) fn no_stream_fits(pattern: &str) -> CliError {
    CliError::new(
        Exit::NOT_FOUND,
        format!("no stream fits \"{pattern}\"; liftui streams lists those there are"),
    )
}
