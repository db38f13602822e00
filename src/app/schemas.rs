//! How the values of streams are decoded, from the config file: by their type, or by a program.
//!
//! Files are read by the command line, and programs are run by the runtime; what bytes mean under a schema is decided in
//! `store::decode`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::health::best_match;
use crate::store::decode::Schema;
use crate::store::{Query, ValueReading, ValueTypes};

/// By what values are decoded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DecodeMethod {
    /// By their type.
    Schema(Schema),
    /// By a program.
    Command(Arc<DecoderCommand>),
}

impl From<Schema> for DecodeMethod {
    fn from(schema: Schema) -> Self {
        Self::Schema(schema)
    }
}

impl From<DecoderCommand> for DecodeMethod {
    fn from(command: DecoderCommand) -> Self {
        Self::Command(Arc::new(command))
    }
}

/// A program that decodes values, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DecoderCommand {
    /// The program and its arguments.
    pub words: Vec<String>,
    /// The folder that it runs in.
    pub folder: PathBuf,
}

impl DecoderCommand {
    /// What it is called on screen: the program, without the folder that it lies in.
    pub fn name(&self) -> &str {
        let program = self.words.first().map_or("", String::as_str);
        let name = Path::new(program).file_name();
        name.and_then(|name| name.to_str()).unwrap_or(program)
    }

    /// A sentence for whoever asks for a field that is not in the values themselves.
    pub fn unsearched(&self) -> String {
        let name = self.name();
        format!("queries look at the bytes of a value, not at what {name} makes of them")
    }
}

/// Decoders by stream. An exact name beats a pattern, and of patterns the longest one counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schemas(Vec<(String, DecodeMethod)>);

impl Schemas {
    /// Decoders by stream name or by pattern, in which `*` stands for any letters.
    pub fn new<D: Into<DecodeMethod>>(decoders: impl IntoIterator<Item = (String, D)>) -> Self {
        let decoders = decoders.into_iter();
        Self(
            decoders
                .map(|(streams, one)| (streams, one.into()))
                .collect(),
        )
    }

    fn decoder(&self, stream: &str) -> Option<&DecodeMethod> {
        let decoders = self.0.iter();
        best_match(decoders.map(|(pattern, one)| (&**pattern, one)), stream)
    }

    /// The type of the messages of that stream, where it is known.
    pub fn of(&self, stream: &str) -> Option<&Schema> {
        match self.decoder(stream)? {
            DecodeMethod::Schema(schema) => Some(schema),
            DecodeMethod::Command(_) => None,
        }
    }

    /// Whether the type of any values is known.
    pub fn have_types(&self) -> bool {
        let is_type = |(_, one): &(String, DecodeMethod)| matches!(one, DecodeMethod::Schema(_));
        self.0.iter().any(is_type)
    }

    /// The query, reading values by their types where any are known.
    pub fn reading_query(&self, query: Query) -> Query {
        if self.have_types() && query.names_value() {
            return query.reading_by(Arc::new(self.clone()));
        }
        query
    }

    /// The program that decodes the values of that stream, where one does.
    pub fn command_of(&self, stream: &str) -> Option<&Arc<DecoderCommand>> {
        match self.decoder(stream)? {
            DecodeMethod::Schema(_) => None,
            DecodeMethod::Command(command) => Some(command),
        }
    }

    /// How a value of that stream is read of which a program has made `decoded`, where one did.
    pub fn reading<'a>(&'a self, stream: &str, decoded: Option<&'a str>) -> ValueReading<'a> {
        ValueReading {
            schema: self.of(stream),
            decoded,
            is_undecoded: decoded.is_none() && self.command_of(stream).is_some(),
        }
    }

    /// Whether any stream has a program that decodes its values.
    pub fn have_commands(&self) -> bool {
        let is_command =
            |(_, one): &(String, DecodeMethod)| matches!(one, DecodeMethod::Command(_));
        self.0.iter().any(is_command)
    }
}

impl ValueTypes for Schemas {
    fn type_of(&self, stream: &str) -> Option<&Schema> {
        self.of(stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(program: &str) -> DecodeMethod {
        let command = DecoderCommand {
            words: vec![program.to_owned()],
            folder: PathBuf::from("/etc/liftui"),
        };
        command.into()
    }

    #[test]
    fn the_best_rule_counts_of_whichever_kind_it_is() {
        let schema = Schema::avro("\"long\"").expect("a schema");
        let schemas = Schemas::new([
            ("orders.*".to_owned(), schema.clone().into()),
            ("orders.eu".to_owned(), command("/opt/bin/decode")),
            ("audit*".to_owned(), command("avro-decode")),
            ("audit.log".to_owned(), schema.clone().into()),
        ]);
        let name = |stream: &str| schemas.command_of(stream).map(|one| one.name().to_owned());
        assert_eq!(schemas.of("orders.us"), Some(&schema));
        assert_eq!(name("orders.us"), None);
        assert_eq!(schemas.of("orders.eu"), None);
        assert_eq!(name("orders.eu").as_deref(), Some("decode"));
        assert_eq!(name("audits").as_deref(), Some("avro-decode"));
        assert_eq!(schemas.of("audit.log"), Some(&schema));
        assert!(schemas.have_commands());
        assert!(!Schemas::new([("a".to_owned(), schema)]).have_commands());
    }

    #[test]
    fn decoders_are_recorded_as_they_are_and_types_as_they_were_before_there_were_programs() {
        let schema = Schema::avro("\"long\"").expect("a schema");
        let decoders = [
            ("a".to_owned(), schema.clone().into()),
            ("b".to_owned(), command("x")),
        ];
        let schemas = Schemas::new(decoders);
        let mut bytes = Vec::new();
        ciborium::into_writer(&schemas, &mut bytes).expect("written");
        let read: Schemas = ciborium::from_reader(&bytes[..]).expect("read");
        assert_eq!(read, schemas);
        let mut before = Vec::new();
        ciborium::into_writer(&[("a", &schema)], &mut before).expect("written");
        let read: Schemas = ciborium::from_reader(&before[..]).expect("read");
        assert_eq!(read.of("a"), Some(&schema));
    }
}
