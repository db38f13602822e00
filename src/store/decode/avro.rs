//! Avro by a schema: a schema file says what the bytes of a stream's values are, which say nothing of themselves.
//!
//! Its own reader, not that of the `apache-avro` crate: that one goes as deep as a value says it is nested, which ends a
//! process, and makes room for as much as a value claims to hold. Reading the file is the caller's.

mod reader;

use std::collections::HashMap;

use serde_json::Value;

use super::MOST_BINARY;
use super::lines::Writer;
use reader::AvroReader;

/// Types of a schema.
const MOST_TYPES: usize = 20_000;
/// Before the value: a mark and the fingerprint of its schema.
const SINGLE_OBJECT: [u8; 2] = [0xc3, 0x01];
const SINGLE_OBJECT_HEADER: usize = 10;

/// What is said of a type besides what its bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Logical {
    None,
    /// A number with so many digits behind the point.
    Decimal(usize),
    /// Days since 1970.
    Date,
    /// A time, and how many nanoseconds its unit has.
    Time(i64),
}

/// A type; those that it is made of are known by their number in the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Type {
    Null,
    Boolean,
    /// `int` and `long` are written alike.
    Integer(Logical),
    Float,
    Double,
    Bytes(Logical),
    Text,
    Fixed(usize, Logical),
    Enum(Vec<String>),
    List(usize),
    Map(usize),
    Union(Vec<usize>),
    Record(Vec<(String, usize)>),
}

/// A schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AvroSchema {
    /// The JSON that it was read from.
    pub(super) source: String,
    /// The full name of its type.
    pub(super) name: String,
    types: Vec<Type>,
    root: usize,
}

impl AvroSchema {
    /// The schema that this JSON is.
    pub(super) fn parse(source: &str) -> Result<Self, String> {
        let json: Value =
            serde_json::from_str(source).map_err(|error| format!("this is no JSON: {error}"))?;
        let mut parser = SchemaParser::default();
        let root = parser.parse(&json, "")?;
        let name = parser.names.iter().find(|(_, number)| **number == root);
        let name = name.map_or("the Avro schema", |(name, _)| name).to_owned();
        Ok(Self {
            source: source.to_owned(),
            name,
            types: parser.types,
            root,
        })
    }

    /// Writes a value that these bytes are to their end, and returns what was before it.
    pub(super) fn write(
        &self,
        bytes: &[u8],
        writer: &mut Writer,
    ) -> Result<Option<String>, String> {
        if bytes.len() > MOST_BINARY {
            return Err(format!("it has more than {MOST_BINARY} bytes"));
        }
        let is_marked = bytes.starts_with(&SINGLE_OBJECT) && bytes.len() > SINGLE_OBJECT_HEADER;
        let behind = bytes.get(SINGLE_OBJECT_HEADER..).filter(|_| is_marked);
        let (value, note) = match behind {
            Some(rest) if self.check(rest).is_ok() => {
                let note = "10 bytes before the value name its schema by a fingerprint";
                (rest, Some(note.to_owned()))
            }
            _ => (bytes, None),
        };
        self.check(value)?;
        AvroReader::new(self, value).read_whole(Some(writer))?;
        Ok(note)
    }

    /// Whether the bytes are a value to their end. Nothing is written before that is known.
    fn check(&self, bytes: &[u8]) -> Result<(), String> {
        AvroReader::new(self, bytes).read_whole(None)
    }
}

#[derive(Default)]
struct SchemaParser {
    types: Vec<Type>,
    /// Numbers of types by their full names.
    names: HashMap<String, usize>,
}

impl SchemaParser {
    fn add(&mut self, one: Type) -> Result<usize, String> {
        if self.types.len() >= MOST_TYPES {
            return Err(format!("the schema has more than {MOST_TYPES} types"));
        }
        self.types.push(one);
        Ok(self.types.len() - 1)
    }

    fn parse(&mut self, json: &Value, namespace: &str) -> Result<usize, String> {
        match json {
            Value::String(name) => self.named(name, namespace, Logical::None),
            Value::Array(branches) => {
                let branches = branches.iter().map(|branch| self.parse(branch, namespace));
                let branches: Vec<usize> = branches.collect::<Result<_, _>>()?;
                self.add(Type::Union(branches))
            }
            Value::Object(_) => self.parse_object(json, namespace),
            Value::Null | Value::Bool(_) | Value::Number(_) => {
                Err(format!("{json} is no type of Avro"))
            }
        }
    }

    /// A primitive type, or one that was declared before.
    fn named(&mut self, name: &str, namespace: &str, logical: Logical) -> Result<usize, String> {
        let primitive = match name {
            "null" => Type::Null,
            "boolean" => Type::Boolean,
            "int" | "long" => Type::Integer(logical),
            "float" => Type::Float,
            "double" => Type::Double,
            "bytes" => Type::Bytes(logical),
            "string" => Type::Text,
            _ => {
                let full = full_name(name, namespace);
                let found = self.names.get(&full).or_else(|| self.names.get(name));
                return found
                    .copied()
                    .ok_or_else(|| format!("there is no type \"{name}\""));
            }
        };
        self.add(primitive)
    }

    fn parse_object(&mut self, json: &Value, namespace: &str) -> Result<usize, String> {
        let part = |name: &str| {
            let found = json.get(name);
            found.ok_or_else(|| format!("\"{name}\" is missing in a type of the schema"))
        };
        let kind = part("type")?;
        let Value::String(kind) = kind else {
            return self.parse(kind, namespace);
        };
        match kind.as_str() {
            "array" => {
                let items = self.parse(part("items")?, namespace)?;
                self.add(Type::List(items))
            }
            "map" => {
                let values = self.parse(part("values")?, namespace)?;
                self.add(Type::Map(values))
            }
            "record" | "error" | "enum" | "fixed" => {
                let own = json.get("namespace").and_then(Value::as_str);
                let name = part("name")?.as_str().unwrap_or_default();
                let full = full_name(name, own.unwrap_or(namespace));
                let inside = full.rsplit_once('.').map_or("", |(inside, _)| inside);
                self.declare(&full, kind, json, inside)
            }
            primitive => self.named(primitive, namespace, logical_of(json)),
        }
    }

    /// A type with a name, by which it can be meant within itself, too.
    fn declare(
        &mut self,
        full: &str,
        kind: &str,
        json: &Value,
        namespace: &str,
    ) -> Result<usize, String> {
        let list = |name: &str| json.get(name).and_then(Value::as_array);
        let missing = |name: &str| format!("\"{name}\" is missing in {full}");
        let one = match kind {
            "enum" => {
                let symbols = list("symbols").ok_or_else(|| missing("symbols"))?;
                let symbols = symbols.iter().filter_map(Value::as_str);
                Type::Enum(symbols.map(str::to_owned).collect())
            }
            "fixed" => {
                let size = json.get("size").and_then(Value::as_u64);
                let size = size.ok_or_else(|| missing("size"))?;
                Type::Fixed(
                    usize::try_from(size).unwrap_or(usize::MAX),
                    logical_of(json),
                )
            }
            _ => Type::Record(Vec::new()),
        };
        let is_record = matches!(one, Type::Record(_));
        let number = self.add(one)?;
        if self.names.insert(full.to_owned(), number).is_some() {
            return Err(format!("{full} is declared twice"));
        }
        if is_record {
            let mut fields = Vec::new();
            for field in list("fields").ok_or_else(|| missing("fields"))? {
                let name = field.get("name").and_then(Value::as_str);
                let name = name.ok_or_else(|| missing("name"))?;
                let kind = field.get("type").ok_or_else(|| missing("type"))?;
                fields.push((name.to_owned(), self.parse(kind, namespace)?));
            }
            if let Some(one) = self.types.get_mut(number) {
                *one = Type::Record(fields);
            }
        }
        Ok(number)
    }
}

fn full_name(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() {
        name.to_owned()
    } else {
        format!("{namespace}.{name}")
    }
}

fn logical_of(json: &Value) -> Logical {
    let scale = json.get("scale").and_then(Value::as_u64).unwrap_or(0);
    match json.get("logicalType").and_then(Value::as_str) {
        Some("decimal") => Logical::Decimal(usize::try_from(scale).unwrap_or(0).min(40)),
        Some("date") => Logical::Date,
        Some("timestamp-millis") => Logical::Time(1_000_000),
        Some("timestamp-micros") => Logical::Time(1_000),
        Some("timestamp-nanos") => Logical::Time(1),
        Some(_) | None => Logical::None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::raw_protobuf::varint;
    use super::*;
    use crate::model::Timestamp;
    use crate::store::decode::{DecodeOptions, Format, Schema, decode};

    const ORDER: &str = r#"{"type":"record","name":"Order","namespace":"shop","fields":[
        {"name":"id","type":"long"},
        {"name":"state","type":{"type":"enum","name":"State","symbols":["OPEN","PAID"]}},
        {"name":"amount","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}},
        {"name":"note","type":["null","string"]},
        {"name":"tags","type":{"type":"map","values":"int"}},
        {"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
        {"name":"parts","type":{"type":"array","items":"Order"}}]}"#;

    /// The order 7, paid, of -12.34, with a note, a tag, a time, and of no parts.
    fn order() -> Vec<u8> {
        let mut bytes = vec![14, 2, 4, 0xfb, 0x2e, 2, 4, b'h', b'i'];
        bytes.extend([2, 2, b'k', 3, 0]);
        bytes.extend([0x80, 0x80, 0xf4, 0xd8, 0xb1, 0x66]);
        bytes.push(0);
        bytes
    }

    fn lines(bytes: &[u8]) -> (Format, Vec<String>, Vec<String>) {
        let schema = Schema::avro(ORDER).expect("it is one");
        let options = DecodeOptions {
            schema: Some(&schema),
            ..DecodeOptions::default()
        };
        let decoded = decode(bytes, &options);
        let lines = (0..decoded.lines.len()).map(|line| decoded.lines.text(line).to_owned());
        (decoded.form, lines.collect(), decoded.notes)
    }

    #[test]
    fn a_value_is_read_by_its_schema() {
        let (form, lines, notes) = lines(&order());
        let time = order_time();
        assert_eq!(
            lines,
            [
                "{",
                "\"id\": 7,",
                "\"state\": \"PAID\",",
                "\"amount\": -12.34,",
                "\"note\": \"hi\",",
                "\"tags\": {",
                "\"k\": -2",
                "},",
                &format!("\"at\": {},  {}", time.0 / 1_000_000, time.to_rfc3339()),
                "\"parts\": []",
                "}"
            ]
        );
        assert_eq!((form, notes), (Format::Avro, Vec::new()));
    }

    fn order_time() -> Timestamp {
        let mut zigzag: &[u8] = &[0x80, 0x80, 0xf4, 0xd8, 0xb1, 0x66];
        let millis = varint(&mut zigzag).expect("it is one") >> 1;
        Timestamp(i64::try_from(millis).expect("small") * 1_000_000)
    }

    #[test]
    fn what_stands_before_a_value_is_passed_over_and_told() {
        let registry = [&[0, 0, 0, 0, 42], &order()[..]].concat();
        let (form, found, notes) = lines(&registry);
        assert_eq!((form, found.len()), (Format::Avro, 11));
        assert_eq!(
            notes,
            ["5 bytes before the value name schema 42 of a registry"]
        );
        let single = [&[0xc3, 1, 1, 2, 3, 4, 5, 6, 7, 8], &order()[..]].concat();
        let (form, found, notes) = lines(&single);
        assert_eq!((form, found.len()), (Format::Avro, 11));
        assert_eq!(
            notes,
            ["10 bytes before the value name its schema by a fingerprint"]
        );
    }

    #[test]
    fn what_is_no_such_value_says_where_it_broke() {
        let whole = order();
        let (form, _, notes) = lines(&whole[..4]);
        assert_ne!(form, Format::Avro);
        assert!(
            notes.contains(&"this is no shop.Order: it ends too early in field amount".to_owned()),
            "{notes:?}"
        );
        let (_, _, notes) = lines(&[&whole[..], b"xy"].concat());
        assert!(
            notes.contains(&"this is no shop.Order: 2 bytes are left over".to_owned()),
            "{notes:?}"
        );
        let (_, _, notes) = lines(&[14, 9]);
        assert!(
            notes
                .contains(&"this is no shop.Order: an enum has no symbol -5 in field state".into()),
            "{notes:?}"
        );
    }

    #[test]
    fn what_has_no_room_is_read_all_the_same_and_brackets_are_closed() {
        let schema = AvroSchema::parse(ORDER).expect("it is one");
        let whole = order();
        for lines in 1..12 {
            let mut writer = Writer::new(lines);
            schema.write(&whole, &mut writer).expect("it is one");
            let found = writer.finish();
            assert!(found.text(found.len() - 1).ends_with('}'), "{lines}");
            assert_eq!(found.depth(found.len() - 1), 0, "{lines}");
        }
    }

    #[test]
    fn no_value_is_read_too_deep_too_long_or_without_an_end() {
        let nested = r#"{"type":"record","name":"N","fields":[{"name":"n","type":["null","N"]}]}"#;
        let nothings = r#"{"type":"array","items":"null"}"#;
        for (schema, bytes, why) in [
            (
                nested,
                vec![2; 100_000],
                "it is nested deeper than 128 levels",
            ),
            (
                nothings,
                vec![0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0],
                "it holds too many values",
            ),
            (
                "\"bytes\"",
                vec![0xfe, 0xff, 0xff, 0xff, 0x0f],
                "it ends too early",
            ),
            ("\"bytes\"", vec![1], "a length is negative"),
        ] {
            let schema = AvroSchema::parse(schema).expect("it is one");
            let error = schema.write(&bytes, &mut Writer::new(10)).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn a_schema_that_is_none_says_what_is_wrong() {
        for (schema, why) in [
            ("{", "this is no JSON"),
            ("7", "7 is no type of Avro"),
            ("\"Order\"", "there is no type \"Order\""),
            (r#"{"type":"array"}"#, "\"items\" is missing"),
            (
                r#"{"type":"record","name":"R"}"#,
                "\"fields\" is missing in R",
            ),
            (
                r#"[{"type":"fixed","name":"F","size":2},{"type":"fixed","name":"F","size":3}]"#,
                "F is declared twice",
            ),
        ] {
            let error = AvroSchema::parse(schema).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
