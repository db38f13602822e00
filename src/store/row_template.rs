//! What a row of a tail shows of a message: fields and text between them, as a config file or a line typed by the user has it.
//! What stands in the fields of a message is read in `row_cells`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::json_path::{JsonPath, step_of_key};
use crate::model::did_you_mean;

/// Fields of a row at most: no screen shows more.
const MOST_FIELDS: usize = 64;

/// A part of a message that stands in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowField {
    /// The stream.
    Stream,
    /// The partition.
    Partition,
    /// The offset.
    Offset,
    /// When it was stored.
    Time,
    /// The key.
    Key,
    /// The whole value.
    Value,
    /// What stands at a path of the value.
    ValueAt(JsonPath),
    /// The value of the first header of that name.
    Header(String),
    /// How large it is.
    Size,
    /// The subject it was published on.
    Subject,
}

/// Fields that are named by one word.
const PLAIN: [(&str, RowField); 8] = [
    ("key", RowField::Key),
    ("value", RowField::Value),
    ("offset", RowField::Offset),
    ("partition", RowField::Partition),
    ("stream", RowField::Stream),
    ("time", RowField::Time),
    ("size", RowField::Size),
    ("subject", RowField::Subject),
];

impl RowField {
    /// The fields that every message has, by their names.
    pub fn plain_names() -> impl Iterator<Item = &'static str> {
        PLAIN.iter().map(|(name, _)| *name)
    }
}

impl fmt::Display for RowField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::ValueAt(path) = self {
            return f.write_str(&path.in_value());
        }
        if let Self::Header(name) = self {
            return write!(f, "header{}", step_of_key(name));
        }
        let known = PLAIN.iter().find(|(_, field)| field == self);
        f.write_str(known.map_or("", |(name, _)| name))
    }
}

impl FromStr for RowField {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = PLAIN.iter().find(|(name, _)| *name == text);
        if let Some((_, field)) = plain {
            return Ok(field.clone());
        }
        let behind = |name: &str| {
            let rest = text.strip_prefix(name)?;
            rest.starts_with(['.', '[']).then_some(rest)
        };
        if let Some(rest) = behind("value") {
            let path = rest.strip_prefix('.').unwrap_or(rest).parse();
            return path.map(Self::ValueAt).map_err(|_no_path: String| {
                format!(
                    "\"{text}\" is no field; write one like value.amount or value.items[0].name"
                )
            });
        }
        if let Some(rest) = behind("header") {
            let name = rest.strip_prefix('.').map(str::to_owned).or_else(|| {
                let path: JsonPath = rest.parse().ok()?;
                path.only_key().map(str::to_owned)
            });
            let name = name.filter(|name| !name.is_empty());
            return name.map(Self::Header).ok_or_else(|| {
                format!(
                    "\"{text}\" is no header; write one like header.trace-id or header[\"a b\"]"
                )
            });
        }
        Err(unknown(text))
    }
}

fn unknown(text: &str) -> String {
    if text.is_empty() {
        return "the name of a field is missing; write one like value.amount".to_owned();
    }
    let near = did_you_mean(text, RowField::plain_names());
    if near.is_empty() {
        let names: Vec<&str> = RowField::plain_names().collect();
        let names = names.join(", ");
        return format!(
            "there is no field \"{text}\"; there are {names}, value.PATH and header.NAME"
        );
    }
    format!("there is no field \"{text}\"{near}")
}

/// What is wrong with a template, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// The byte at which the fault begins.
    pub at: usize,
    /// What is wrong, in one sentence.
    pub sentence: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for TemplateError {}

/// A field, and what stands before it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct TemplateColumn {
    /// `None`: a gap, as between the columns of a table.
    before: Option<String>,
    field: RowField,
}

/// The fields of a row in their order, and the text between them. A list of fields, `value.order value.amount`, is the template
/// `{value.order} {value.amount}`: blanks between two fields are a gap between columns.
///
/// ```
/// use liftui::store::RowTemplate;
/// let row: RowTemplate = "{value.order}: {value.amount} EUR".parse()?;
/// assert_eq!(row.fields().count(), 2);
/// assert_eq!("value.order walue".parse::<RowTemplate>().unwrap_err().at, 12);
/// # Ok::<(), liftui::store::TemplateError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RowTemplate {
    columns: Vec<TemplateColumn>,
    /// The text behind the last field.
    after: String,
}

impl Default for RowTemplate {
    /// The key and the whole value.
    fn default() -> Self {
        Self::of([RowField::Key, RowField::Value])
    }
}

impl RowTemplate {
    /// Those fields, with gaps between them.
    pub fn of(fields: impl IntoIterator<Item = RowField>) -> Self {
        let column = |field| TemplateColumn {
            before: None,
            field,
        };
        Self {
            columns: fields.into_iter().map(column).collect(),
            after: String::new(),
        }
    }

    /// The fields in their order.
    pub fn fields(&self) -> impl Iterator<Item = &RowField> {
        self.columns.iter().map(|column| &column.field)
    }

    /// The text before each field; `None` where only a gap is.
    pub(crate) fn texts(&self) -> impl Iterator<Item = Option<&str>> {
        self.columns.iter().map(|column| column.before.as_deref())
    }

    /// The text behind the last field.
    pub(crate) fn after(&self) -> &str {
        &self.after
    }

    /// Whether the field is in it.
    pub fn has(&self, field: &RowField) -> bool {
        self.fields().any(|own| own == field)
    }

    /// The fields that records of messages do not hold by themselves.
    pub fn beside_records(&self) -> impl Iterator<Item = &RowField> {
        self.fields().filter(|field| {
            matches!(
                field,
                RowField::ValueAt(_) | RowField::Header(_) | RowField::Size
            )
        })
    }

    /// Takes the field out, or puts it in: the size behind the key, everything else before the whole value.
    pub fn toggle(&mut self, field: RowField) {
        if self.has(&field) {
            return self.columns.retain(|column| column.field != field);
        }
        let place = |wanted| self.columns.iter().position(|one| one.field == wanted);
        let at = if field == RowField::Size {
            place(RowField::Key).map_or(0, |at| at + 1)
        } else {
            place(RowField::Value).unwrap_or(self.columns.len())
        };
        let column = TemplateColumn {
            before: None,
            field,
        };
        self.columns.insert(at, column);
    }
}

impl RowField {
    /// Where it stands in the value.
    pub(super) fn path(&self) -> Option<&JsonPath> {
        if let Self::ValueAt(path) = self {
            return Some(path);
        }
        None
    }
}

impl fmt::Display for RowTemplate {
    /// A list of fields where there is nothing but gaps between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_text = !self.after.is_empty() || self.texts().any(|text| text.is_some());
        for (number, column) in self.columns.iter().enumerate() {
            let gap = if number > 0 { " " } else { "" };
            match &column.before {
                None => f.write_str(gap)?,
                Some(text) => f.write_str(&escaped(text))?,
            }
            if has_text {
                write!(f, "{{{}}}", column.field)?;
            } else {
                write!(f, "{}", column.field)?;
            }
        }
        f.write_str(&escaped(&self.after))
    }
}

fn escaped(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

impl From<RowTemplate> for String {
    fn from(template: RowTemplate) -> Self {
        template.to_string()
    }
}

impl TryFrom<String> for RowTemplate {
    type Error = TemplateError;

    fn try_from(text: String) -> Result<Self, TemplateError> {
        text.parse()
    }
}

impl FromStr for RowTemplate {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let parser = Parser { text, at: 0 };
        let parsed = if text.contains(['{', '}']) {
            parser.template()?
        } else {
            parser.list()?
        };
        let wrong = |sentence: String| Err(TemplateError { at: 0, sentence });
        match parsed.columns.len() {
            0 => {
                wrong("a row without a field says nothing; write one like value.amount".to_owned())
            }
            1..=MOST_FIELDS => Ok(parsed),
            count => wrong(format!(
                "{count} fields are more than a row takes: {MOST_FIELDS}"
            )),
        }
    }
}

/// Reads a template from its start to its end.
struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Fields with blanks or commas between them.
    fn list(mut self) -> Result<RowTemplate, TemplateError> {
        let mut fields = Vec::new();
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start_matches(is_between).len();
            if self.rest().is_empty() {
                return Ok(RowTemplate::of(fields));
            }
            fields.push(self.field(field_end(self.rest(), is_between))?);
        }
    }

    /// Text with fields in braces.
    fn template(mut self) -> Result<RowTemplate, TemplateError> {
        let mut columns = Vec::new();
        let mut text = String::new();
        while let Some(c) = self.rest().chars().next() {
            if self.rest().starts_with("{{") || self.rest().starts_with("}}") {
                text.push(c);
                self.at += 2;
            } else if c == '}' {
                return Err(self.error("there is a } without its {; write }} for one to be shown"));
            } else if c == '{' {
                let before = std::mem::take(&mut text);
                let is_gap = before.trim().is_empty() && !before.is_empty();
                let before =
                    (!is_gap && (!before.is_empty() || !columns.is_empty())).then_some(before);
                let field = self.braced()?;
                columns.push(TemplateColumn { before, field });
            } else {
                text.push(c);
                self.at += c.len_utf8();
            }
        }
        Ok(RowTemplate {
            columns,
            after: text.trim_end().to_owned(),
        })
    }

    fn braced(&mut self) -> Result<RowField, TemplateError> {
        let inside = self.rest().get(1..).unwrap_or_default();
        let length = field_end(inside, |c| c == '}');
        if length == inside.len() {
            return Err(self.error("the } that closes this field is missing"));
        }
        self.at += 1;
        let field = self.field(length)?;
        self.at += 1;
        Ok(field)
    }

    fn field(&mut self, length: usize) -> Result<RowField, TemplateError> {
        let text = self.rest().get(..length).unwrap_or_default();
        let field = text.trim().parse::<RowField>();
        let field = field.map_err(|sentence| self.error(&sentence))?;
        self.at += length;
        Ok(field)
    }

    fn error(&self, sentence: &str) -> TemplateError {
        TemplateError {
            at: self.at,
            sentence: sentence.to_owned(),
        }
    }
}

/// Whether it stands between the fields of a list.
fn is_between(c: char) -> bool {
    c.is_whitespace() || c == ','
}

/// How long the field is with which the text begins: what ends it counts outside of brackets and quotes alone.
fn field_end(text: &str, ends: impl Fn(char) -> bool) -> usize {
    let (mut is_inside, mut is_quoted, mut is_escaped) = (false, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' if is_inside => is_quoted = !is_quoted,
            '[' if !is_quoted => is_inside = true,
            ']' if !is_quoted => is_inside = false,
            c if !is_inside && ends(c) => return at,
            _ => {}
        }
    }
    text.len()
}

/// The field being typed at the end of a template: where it begins.
pub(crate) fn open_field(text: &str) -> usize {
    let starts = |(at, c): (usize, char)| {
        (is_between(c) || matches!(c, '{' | '}')).then_some(at + c.len_utf8())
    };
    let mut at = 0;
    for start in text.char_indices().filter_map(starts) {
        if start > at
            && field_end(text.get(at..).unwrap_or_default(), |c| {
                is_between(c) || matches!(c, '{' | '}')
            }) < start - at
        {
            at = start;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str) -> RowTemplate {
        text.parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_list_of_fields_is_the_template_with_gaps() {
        let list = row("value.order, value.customer.name   key");
        assert_eq!(list, row("{value.order} {value.customer.name} {key}"));
        assert_eq!(list.to_string(), "value.order value.customer.name key");
        let odd = row("value[\"a b\"] header.trace-id header[\"x y\"] value[0].n");
        assert_eq!(odd, row(&odd.to_string()));
        assert_eq!(odd.fields().count(), 4);
    }

    #[test]
    fn text_between_fields_is_kept() {
        for text in [
            "#{value.order}: {value.amount} EUR",
            "{key}{value}",
            "{{{key}}} of {value[\"}\"]}",
            "{key} {value.a} = {value.b}",
        ] {
            let parsed = row(text);
            assert_eq!(parsed.to_string(), text);
            assert_eq!(row(&parsed.to_string()), parsed);
        }
    }

    #[test]
    fn a_fault_is_named_with_its_place() {
        for (text, at, word) in [
            ("", 0, "without a field"),
            ("just {{text}}", 0, "without a field"),
            ("{value.order} {value.}", 15, "\"value.\" is no field"),
            ("{key} {vlue}", 7, "did you mean \"value\"?"),
            ("key order", 4, "value.PATH"),
            ("{key} {value", 6, "closes this field"),
            ("{key} value}", 11, "without its {"),
            ("{key} {}", 7, "missing"),
            ("key header.", 4, "\"header.\" is no header"),
        ] {
            let error = text.parse::<RowTemplate>().expect_err(text);
            assert_eq!(error.at, at, "{text}: {error}");
            assert!(error.sentence.contains(word), "{text}: {error}");
        }
    }

    #[test]
    fn a_field_comes_and_goes_where_it_is_looked_for() {
        let mut shown = RowTemplate::default();
        for (field, expected) in [
            ("value.amount", "key value.amount value"),
            ("size", "key size value.amount value"),
            ("value.amount", "key size value"),
            ("value", "key size"),
            ("value.id", "key size value.id"),
            ("key", "size value.id"),
        ] {
            shown.toggle(field.parse().unwrap());
            assert_eq!(shown.to_string(), expected);
        }
    }

    #[test]
    fn the_field_being_typed_is_the_last_one() {
        for (text, typed) in [
            ("", ""),
            ("val", "val"),
            ("key val", "val"),
            ("key,val", "val"),
            ("key ", ""),
            ("{key} {value.a", "value.a"),
            ("{key}", ""),
            ("key value[\"a b", "value[\"a b"),
            ("{key} of {value[\"a b\"].c", "value[\"a b\"].c"),
        ] {
            assert_eq!(text.get(open_field(text)..), Some(typed), "{text}");
        }
    }
}
