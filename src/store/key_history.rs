//! What became of one key: each message of it that is kept, and what it changed in the one before.
//! Values are read as the inspector reads them, and compared as it compares two.

use std::collections::VecDeque;
use std::sync::Arc;

use super::decode::{DecodeOptions, Decoded, Format, Lines, Schema, decode};
use super::{Chunk, LineChange, PartitionStatistics, diff};
use serde::{Deserialize, Serialize};

use crate::model::{Offset, PartitionId, StreamName, SubscriptionEvent, Timestamp};

/// The newest messages that are remembered.
const MOST_VERSIONS: usize = 1_000;
/// Fields that are remembered of one change.
const MOST_FIELDS: usize = 24;
/// Characters that are remembered of a field.
const MOST_TEXT: usize = 200;
/// Bytes and lines of a value that are compared.
const COMPARED: (usize, usize) = (64 << 10, 2_000);

/// What a message changed in one field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Where it is in the value, as a query names it: `items[0].name`; empty for the value as a whole.
    pub field: String,
    /// What stood there; `None` where it was not there.
    pub before: Option<String>,
    /// What stands there; `None` where it is not there any more.
    pub after: Option<String>,
}

/// What a message made of the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ValueChange {
    /// It is the first one that is kept, or the first after a deletion.
    Began,
    /// It changed what the fields say.
    Changed,
    /// It is as the one before.
    Same,
    /// It is empty, which deletes the key.
    Deleted,
}

/// A message of the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyVersion {
    /// Its offset.
    pub offset: Offset,
    /// When it was stored.
    pub time: Timestamp,
    /// Bytes of its value.
    pub size: usize,
    /// What it made of the value.
    pub change: ValueChange,
    /// What it changed; of one that began, all that it says.
    pub fields: Vec<FieldChange>,
    /// How many fields more it changed.
    pub more: usize,
}

/// What became of a key, as far as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyHistory {
    /// Its messages, the oldest first.
    pub versions: VecDeque<Arc<KeyVersion>>,
    /// Older messages of it that were read and are not remembered.
    pub left_out: u64,
    /// Messages of the partition that were read, of whatever key.
    pub read: u64,
    /// What was read of the partition.
    pub reading: PartitionStatistics,
}

impl KeyHistory {
    /// Nothing was read yet.
    pub fn new(stream: StreamName, partition: PartitionId) -> Self {
        Self {
            versions: VecDeque::new(),
            left_out: 0,
            read: 0,
            reading: PartitionStatistics::new(stream, partition),
        }
    }
}

/// Puts a history together.
#[derive(Debug)]
pub struct KeyHistoryBuilder {
    key: Arc<[u8]>,
    schema: Option<Schema>,
    /// The value of the last message; `None` where it is empty, or none came.
    last: Option<Decoded>,
    history: KeyHistory,
}

impl KeyHistoryBuilder {
    /// The history of a key of that partition, whose values are of that type where one is known.
    pub fn new(
        stream: StreamName,
        partition: PartitionId,
        key: Arc<[u8]>,
        schema: Option<Schema>,
    ) -> Self {
        Self {
            key,
            schema,
            last: None,
            history: KeyHistory::new(stream, partition),
        }
    }

    /// What is known so far.
    pub fn history(&self) -> &KeyHistory {
        &self.history
    }

    /// Takes the messages of the key in a chunk; chunks come in order.
    pub fn add_chunk(&mut self, chunk: &Chunk) {
        self.history.read += u64::try_from(chunk.len()).unwrap_or(0);
        self.history.reading.record_chunk(chunk, true);
        let key = Arc::clone(&self.key);
        for message in chunk.iter().filter(|message| message.key() == &*key) {
            self.add(message.offset(), message.timestamp(), message.value());
        }
    }

    /// Something happened to the reading.
    pub fn apply_event(&mut self, event: &SubscriptionEvent) {
        self.history.reading.apply_event(event);
    }

    /// The reading failed.
    pub fn fail(&mut self, sentence: String) {
        self.history.reading.note = Some(sentence);
    }

    fn add(&mut self, offset: Offset, time: Timestamp, value: &[u8]) {
        let (bytes, lines) = COMPARED;
        let decoded = (!value.is_empty()).then(|| {
            let options = DecodeOptions {
                schema: self.schema.as_ref(),
                bytes,
                lines,
                ..DecodeOptions::default()
            };
            decode(value, &options)
        });
        let mut fields = match &decoded {
            Some(decoded) => changed_fields(self.last.as_ref(), decoded),
            None => Vec::new(),
        };
        let change = match (&self.last, &decoded) {
            (_, None) => ValueChange::Deleted,
            (None, Some(_)) => ValueChange::Began,
            (Some(_), Some(_)) if fields.is_empty() => ValueChange::Same,
            (Some(_), Some(_)) => ValueChange::Changed,
        };
        let more = fields.len().saturating_sub(MOST_FIELDS);
        fields.truncate(MOST_FIELDS);
        self.last = decoded;
        if self.history.versions.len() == MOST_VERSIONS {
            self.history.versions.pop_front();
            self.history.left_out += 1;
        }
        self.history.versions.push_back(Arc::new(KeyVersion {
            offset,
            time,
            size: value.len(),
            change,
            fields,
            more,
        }));
    }
}

/// What changed from one value to the next: by field where both have fields, else as a whole.
fn changed_fields(before: Option<&Decoded>, after: &Decoded) -> Vec<FieldChange> {
    let Some(before) = before else {
        let after = &after.lines;
        let changes: Vec<_> = (0..after.len()).map(LineChange::Right).collect();
        return by_field(&Lines::default(), after, &changes);
    };
    let (left, right) = (&before.lines, &after.lines);
    let changes = diff(left, right);
    if changes
        .iter()
        .all(|change| matches!(change, LineChange::Same(..)))
    {
        return Vec::new();
    }
    if has_fields(before) && has_fields(after) {
        return by_field(left, right, &changes);
    }
    vec![FieldChange {
        field: String::new(),
        before: Some(whole(left)),
        after: Some(whole(right)),
    }]
}

fn has_fields(decoded: &Decoded) -> bool {
    let is_text = matches!(decoded.form, Format::Text | Format::Hex);
    !is_text && decoded.lines.path(0).is_some()
}

fn by_field(left: &Lines, right: &Lines, changes: &[LineChange]) -> Vec<FieldChange> {
    let mut found: Vec<FieldChange> = Vec::new();
    for change in changes {
        let (lines, line, is_left) = match change {
            LineChange::Same(..) => continue,
            LineChange::Left(line) => (left, *line, true),
            LineChange::Right(line) => (right, *line, false),
        };
        if is_bracket(lines, line) {
            continue;
        }
        let field = lines.path(line).unwrap_or_default();
        let text = cut(value_text(lines, line));
        // Lines that say the same field anew follow soon.
        let is_other_side = |one: &&mut FieldChange| {
            one.field == field
                && if is_left {
                    one.before.is_none()
                } else {
                    one.after.is_none()
                }
        };
        let known = found.iter_mut().rev().take(MOST_FIELDS).find(is_other_side);
        match (known, is_left) {
            (Some(known), true) => known.before = Some(text),
            (Some(known), false) => known.after = Some(text),
            (None, true) => found.push(FieldChange {
                field,
                before: Some(text),
                after: None,
            }),
            (None, false) => found.push(FieldChange {
                field,
                before: None,
                after: Some(text),
            }),
        }
    }
    // In another place than before it is no other.
    found.retain(|one| one.before != one.after);
    found
}

/// Whether a line only opens or closes what others say.
fn is_bracket(lines: &Lines, line: usize) -> bool {
    let text = lines.text(line).trim_end_matches(',');
    lines.fold(line).is_some() || matches!(text, "}" | "]")
}

/// What stands behind the key of a line.
fn value_text(lines: &Lines, line: usize) -> String {
    let skipped = if lines.is_member(line) { 2 } else { 0 };
    let tokens = lines.tokens(line).skip(skipped);
    let text: String = tokens.map(|(_, text)| text).collect();
    text.trim_end_matches(',').trim().to_owned()
}

fn whole(lines: &Lines) -> String {
    let mut text = String::new();
    for line in 0..lines.len() {
        if line > 0 {
            text.push(' ');
        }
        text.push_str(lines.text(line));
        if text.len() > MOST_TEXT * 4 {
            break;
        }
    }
    cut(text)
}

fn cut(text: String) -> String {
    match text.char_indices().nth(MOST_TEXT) {
        None => text,
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(values: &[&str]) -> KeyHistory {
        let mut builder =
            KeyHistoryBuilder::new("settings".into(), 0, b"k".as_slice().into(), None);
        for (offset, value) in (0..).zip(values) {
            builder.add(offset, Timestamp(offset), value.as_bytes());
        }
        builder.history().clone()
    }

    fn texts(version: &KeyVersion) -> Vec<String> {
        let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let fields = version.fields.iter();
        fields
            .map(|one| {
                format!(
                    "{}: {} > {}",
                    one.field,
                    side(&one.before),
                    side(&one.after)
                )
            })
            .collect()
    }

    #[test]
    fn json_is_compared_by_field_wherever_it_stands() {
        let history = history(&[
            r#"{"status":"new","items":[{"id":1}],"note":"a"}"#,
            r#"{"note":"a","status":"paid","items":[{"id":1},{"id":2}],"extra":{"x":null}}"#,
            r#"{"note":"a","status":"paid","items":[{"id":1},{"id":2}],"extra":{"x":null}}"#,
            "",
            r#"{"status":"again"}"#,
        ]);
        let [first, changed, same, deleted, again] =
            std::array::from_fn(|at| KeyVersion::clone(&history.versions[at]));
        assert_eq!(first.change, ValueChange::Began);
        assert_eq!(
            texts(&first),
            [
                "status: - > \"new\"",
                "items[0].id: - > 1",
                "note: - > \"a\""
            ]
        );
        assert_eq!(changed.change, ValueChange::Changed);
        let fields = texts(&changed);
        for change in [
            "status: \"new\" > \"paid\"",
            "items[1].id: - > 2",
            "extra.x: - > null",
        ] {
            assert!(fields.contains(&change.to_owned()), "{change}: {fields:?}");
        }
        assert_eq!((same.change, same.fields.len()), (ValueChange::Same, 0));
        assert_eq!((deleted.change, deleted.size), (ValueChange::Deleted, 0));
        assert_eq!(again.change, ValueChange::Began);
    }

    #[test]
    fn what_has_no_fields_is_compared_as_a_whole() {
        let history = history(&["on", "off", r#"{"a":1}"#]);
        assert_eq!(texts(&history.versions[0]), [": - > on"]);
        assert_eq!(texts(&history.versions[1]), [": on > off"]);
        assert_eq!(history.versions[2].fields.len(), 1);
    }

    #[test]
    fn memory_is_bounded_and_what_is_left_out_is_counted() {
        let values: Vec<String> = (0..MOST_VERSIONS + 5)
            .map(|number| number.to_string())
            .collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let many = history(&values);
        assert_eq!((many.versions.len(), many.left_out), (MOST_VERSIONS, 5));
        assert_eq!(many.versions[0].offset, 5);
        let wide: Vec<String> = (0..40)
            .map(|number| format!("\"f{number}\":{number}"))
            .collect();
        let wide = history(&[&format!("{{{}}}", wide.join(","))]);
        let version = &wide.versions[0];
        assert_eq!(
            (version.fields.len(), version.more),
            (MOST_FIELDS, 40 - MOST_FIELDS)
        );
    }
}
