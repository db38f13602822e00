//! Row templates of tails: reads those of the config file, and keeps those that the dashboard's user chose, in a file a cluster
//! in the state folder.

use std::collections::BTreeMap;
use std::path::Path;

use super::exit::{CliError, Result};
use super::state_file::StateFile;
use crate::app::{KeptRow, RowSettings};
use crate::config::{ConfigFile, Folders};
use crate::store::RowTemplate;

/// What was chosen for a cluster, by the names of streams.
pub(super) const FILE: StateFile<BTreeMap<String, KeptRow>> =
    StateFile::new(Folders::rows, "what rows showed");

/// The rows that the config file names.
///
/// # Errors
/// One sentence with the file, the line and the place of what is wrong with one.
pub(crate) fn configured(file: &ConfigFile, path: &Path) -> Result<RowSettings> {
    let rows =
        file.streams.iter().filter_map(|(stream, section)| {
            let row = section.row.as_ref()?;
            let template = row.text().parse::<RowTemplate>();
            Some(template.map(|template| (stream.clone(), template)).map_err(|error| {
            let place = row.place(error.at);
            let (line, column, sentence) = (place.line, place.column, error.sentence);
            CliError::usage(format!(
                "{} line {line}, column {column}: the row of streams.{stream}: {sentence}",
                path.display()
            ))
        }))
        });
    Ok(RowSettings::new(rows.collect::<Result<Vec<_>>>()?))
}

/// Keeps what the rows of these streams show. What another liftui has kept of others meanwhile stays.
pub(crate) fn keep(cluster: &str, streams: &str, row: Option<KeptRow>) {
    FILE.update(cluster, |kept| match row {
        Some(row) => drop(kept.insert(streams.to_owned(), row)),
        None => drop(kept.remove(streams)),
    });
}
