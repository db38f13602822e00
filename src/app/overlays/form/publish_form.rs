//! The publish form: one message, from fields to [`Operation::Publish`]; and a message published again, edited.
//! Values that every broker refuses get an error at their field; all others are left to the broker.

use bytes::Bytes;

use super::{Field, FieldId, Form, FormFocus, FormKind, KnownStreams};
use crate::model::{
    AckPolicy, BROKER_HEADERS, Destination, Headers, Offset, Operation, PartitionId,
    PublishOptions, StreamName, did_you_mean, repeated_header,
};
use crate::store::PinnedMessage;

const ROUTES: &[&str] = &["partition", "by key", "round robin"];
const ROUND_ROBIN: usize = 2;
const ACKS: &[&str] = &["leader", "all", "none"];

/// An empty form for a message to that stream, to a partition of it where one is named, or to a stream yet to be named.
pub(in crate::app) fn publish_form(target: Option<(StreamName, Option<PartitionId>)>) -> Form {
    let (stream, partition) = target.unwrap_or_default();
    let has_stream = !stream.is_empty();
    let fields = vec![
        Field::single_line(FieldId::Stream, "stream", "name of a stream").with_text(&stream),
        Field::choice(FieldId::Route, "to", ROUTES),
        Field::single_line(FieldId::Partition, "partition", "number")
            .with_text(&partition.unwrap_or(0).to_string()),
        Field::single_line(FieldId::Key, "key", "none"),
        Field::multi_line(FieldId::Headers, "headers", "NAME=VALUE, one a line"),
        Field::multi_line(FieldId::Value, "value", "the message"),
        Field::choice(FieldId::AckPolicy, "ack from", ACKS),
        Field::single_line(
            FieldId::CorrelationId,
            "correlation id",
            "comes back in the ack",
        )
        .rare(),
        Field::single_line(FieldId::ExpectedOffset, "expected offset", "any").rare(),
    ];
    let mut form = Form::new(FormKind::Publish, fields);
    if partition.is_none() && has_stream {
        form.fill(FieldId::Route, |field| field.set_choice(ROUND_ROBIN));
    }
    if has_stream {
        form.focus = FormFocus::Field(FieldId::Key);
    }
    form
}

/// The form filled in with a message, its value replaced where it was edited elsewhere.
pub(in crate::app) fn publish_again(message: &PinnedMessage, value: Option<&str>) -> Form {
    let message = message.message();
    let stream = StreamName::clone(message.stream());
    let mut form = publish_form(Some((stream, Some(message.partition()))));
    let headers = message.publisher_headers();
    let (typed, kept): (Vec<_>, Vec<_>) = headers.partition(can_type);
    let lines: Vec<String> = typed
        .iter()
        .map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value)))
        .collect();
    form.kept_headers = kept
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Bytes::copy_from_slice(value)))
        .collect();
    let value = value.map_or(message.value(), str::as_bytes);
    form.fill(FieldId::Key, |field| field.set_bytes(message.key()));
    form.fill(FieldId::Value, |field| field.set_bytes(value));
    form.fill(FieldId::Headers, |field| field.set_text(&lines.join("\n")));
    form.focus = FormFocus::Field(FieldId::Value);
    form
}

/// Whether a header comes back the same from a line `NAME=VALUE`.
fn can_type((name, value): &(&str, &[u8])) -> bool {
    let plain = |text: &str| !text.contains(['\n', '\r']) && text.trim() == text;
    let value = std::str::from_utf8(value).is_ok_and(plain);
    value && !name.is_empty() && !name.contains('=') && plain(name)
}

/// Whether the user names the partition.
pub(super) fn chooses_partition(form: &Form) -> bool {
    form.choice(FieldId::Route) == 0
}

/// Reads the fields as an operation; wrong ones show their errors.
pub(super) fn operation(form: &mut Form, known: &KnownStreams) -> Option<Operation> {
    let stream = form.read(FieldId::Stream, |text| stream(text, known));
    let headers = form.read(FieldId::Headers, headers);
    let expected_offset = expected_offset(form);
    let to = destination(form, stream?, known);
    let mut headers = headers?;
    headers.extend(form.kept_headers.iter().cloned());
    form.read(FieldId::Headers, |_| match repeated_header(&headers) {
        Some(name) => Err(format!("\"{name}\" is there twice")),
        None => Ok(()),
    })?;
    Some(Operation::Publish(Box::new(PublishOptions {
        headers,
        key: form.bytes(FieldId::Key),
        ack_policy: ack_policy(form),
        correlation_id: form.read(FieldId::CorrelationId, |text| Ok(text.to_owned()))?,
        expected_offset: expected_offset?,
        ..PublishOptions::new(to?, form.bytes(FieldId::Value))
    })))
}

fn stream(text: &str, known: &KnownStreams) -> Result<StreamName, String> {
    if text.is_empty() {
        return Err("name a stream".into());
    }
    if known.is_empty() || known.contains_key(text) {
        return Ok(text.into());
    }
    let names = known.keys().map(|name| &**name);
    Err(format!(
        "there is no such stream{}",
        did_you_mean(text, names)
    ))
}

fn destination(form: &mut Form, stream: StreamName, known: &KnownStreams) -> Option<Destination> {
    match form.choice(FieldId::Route) {
        0 => {
            let count = known.get(&stream).copied();
            let partition = form.read(FieldId::Partition, |text| partition(text, count))?;
            Some(Destination::Partition(stream, partition))
        }
        1 => {
            let has_key = !form.bytes(FieldId::Key).is_empty();
            let missing = || "a key is what chooses the partition".to_owned();
            let destination = has_key.then_some(Destination::ByKey(stream));
            form.read(FieldId::Key, |_| destination.ok_or_else(missing))
        }
        _ => Some(Destination::RoundRobin(stream)),
    }
}

fn partition(text: &str, count: Option<usize>) -> Result<PartitionId, String> {
    let number: PartitionId = text
        .parse()
        .ok()
        .filter(|number| *number >= 0)
        .ok_or("a partition is a number, from 0")?;
    let beyond = |count: usize| usize::try_from(number).is_ok_and(|number| number >= count);
    match count {
        Some(count) if beyond(count) => {
            Err(format!("the last partition is {}", count.saturating_sub(1)))
        }
        _ => Ok(number),
    }
}

fn headers(text: &str) -> Result<Headers, String> {
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| header(line).map_err(|wrong| format!("line {}: {wrong}", at + 1)))
        .collect()
}

fn header(line: &str) -> Result<(String, Bytes), String> {
    let (name, value) = line.split_once('=').ok_or("write NAME=VALUE")?;
    let name = name.trim();
    if name.is_empty() {
        return Err("a header needs a name".into());
    }
    if BROKER_HEADERS.contains(&name) {
        return Err(format!("the broker overwrites \"{name}\""));
    }
    Ok((
        name.to_owned(),
        Bytes::copy_from_slice(value.trim().as_bytes()),
    ))
}

fn ack_policy(form: &Form) -> AckPolicy {
    match form.choice(FieldId::AckPolicy) {
        0 => AckPolicy::Leader,
        1 => AckPolicy::All,
        _ => AckPolicy::None,
    }
}

/// -1 for any. Without an ack nobody would learn that the offset was another (wire-contract §4.3).
fn expected_offset(form: &mut Form) -> Option<Offset> {
    let policy = ack_policy(form);
    form.read(FieldId::ExpectedOffset, |text| {
        if text.is_empty() {
            return Ok(-1);
        }
        if policy == AckPolicy::None {
            return Err("an expected offset needs an ack".into());
        }
        let number = text.parse().ok().filter(|offset| *offset >= 0);
        number.ok_or_else(|| "an offset is a number, from 0".into())
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Input, TextInput};
    use super::*;
    use crate::model::{MessageSink, MessageStamp};
    use crate::store::{ChunkBuilder, Store};

    fn known() -> KnownStreams {
        KnownStreams::from([("orders".into(), 4), ("payments".into(), 1)])
    }

    fn filled(fields: &[(FieldId, &str)]) -> Form {
        let mut form = publish_form(Some(("orders".into(), Some(2))));
        fill(&mut form, fields);
        form
    }

    fn fill(form: &mut Form, fields: &[(FieldId, &str)]) {
        for (id, text) in fields {
            let field = form
                .fields
                .iter_mut()
                .find(|field| field.id == *id)
                .unwrap();
            field.set_text(text);
        }
    }

    fn route(form: &mut Form, times: usize) {
        form.focus = FormFocus::Field(FieldId::Route);
        (0..times).for_each(|_| form.choose(true));
    }

    /// A message of `orders:1` in memory.
    fn pinned(key: &[u8], value: &[u8], headers: &[(&str, &[u8])]) -> PinnedMessage {
        let mut builder = ChunkBuilder::new();
        builder.stream(b"orders");
        builder.key(key);
        builder.value(value);
        for (name, value) in headers {
            builder.header(name.as_bytes(), value);
        }
        let stamp = MessageStamp {
            partition: 1,
            ..MessageStamp::default()
        };
        assert_eq!(builder.commit(stamp), None);
        let mut store = Store::new();
        store.push(&builder.flush().unwrap());
        let id = store.rows_from(0).next().unwrap().id();
        store.pin(&id).unwrap()
    }

    fn published(form: &mut Form) -> PublishOptions {
        match form.validate(&known()) {
            Some(Operation::Publish(options)) => *options,
            other => panic!("{other:?}, {:?}", form.fields),
        }
    }

    fn error(form: &mut Form, id: FieldId) -> String {
        assert_eq!(form.validate(&known()), None);
        assert_eq!(form.focus(), FormFocus::Field(id));
        form.field(id)
            .and_then(|field| field.error.clone())
            .unwrap()
    }

    #[test]
    fn a_filled_form_becomes_the_operation() {
        let mut form = filled(&[
            (FieldId::Key, "user-1"),
            (FieldId::Headers, "trace = 4bf9\n\na=b=c"),
            (FieldId::Value, "{\n}"),
            (FieldId::CorrelationId, "c-1"),
            (FieldId::ExpectedOffset, "7"),
        ]);
        let options = published(&mut form);
        assert_eq!(options.to, Destination::Partition("orders".into(), 2));
        assert_eq!(options.key, "user-1");
        assert_eq!(options.value, "{\n}");
        let headers = [("trace".into(), "4bf9".into()), ("a".into(), "b=c".into())];
        assert_eq!(options.headers, headers);
        assert_eq!(options.correlation_id, "c-1");
        assert_eq!(options.expected_offset, 7);
    }

    #[test]
    fn the_route_decides_what_else_is_asked() {
        let mut form = filled(&[]);
        assert!(form.stops().contains(&FormFocus::Field(FieldId::Partition)));
        route(&mut form, 1);
        assert!(!form.stops().contains(&FormFocus::Field(FieldId::Partition)));
        assert!(error(&mut form, FieldId::Key).contains("key"));
        fill(&mut form, &[(FieldId::Key, "k")]);
        assert_eq!(published(&mut form).to, Destination::ByKey("orders".into()));
        route(&mut form, 1);
        assert_eq!(
            published(&mut form).to,
            Destination::RoundRobin("orders".into())
        );
    }

    #[test]
    fn errors_stand_at_their_field() {
        let wrong = [
            (FieldId::Stream, "", "name a stream"),
            (FieldId::Stream, "ordres", "did you mean \"orders\"?"),
            (FieldId::Partition, "4", "the last partition is 3"),
            (FieldId::Partition, "-1", "from 0"),
            (
                FieldId::Headers,
                "a=b\nnonsense",
                "line 2: write NAME=VALUE",
            ),
            (FieldId::Headers, "subject=x", "overwrites"),
            (FieldId::ExpectedOffset, "x", "number"),
        ];
        for (id, text, sentence) in wrong {
            let found = error(&mut filled(&[(id, text)]), id);
            assert!(found.contains(sentence), "{found}");
        }
    }

    #[test]
    fn nothing_is_refused_for_a_cluster_that_is_not_known_yet() {
        let mut form = filled(&[(FieldId::Stream, "new"), (FieldId::Partition, "9")]);
        assert!(form.validate(&KnownStreams::new()).is_some());
    }

    #[test]
    fn a_header_is_there_once() {
        let mut form = filled(&[(FieldId::Headers, "a=1\nb=1\na=2")]);
        assert!(error(&mut form, FieldId::Headers).contains("\"a\" is there twice"));
    }

    #[test]
    fn an_expected_offset_needs_an_ack() {
        let mut form = filled(&[(FieldId::ExpectedOffset, "7")]);
        form.focus = FormFocus::Field(FieldId::AckPolicy);
        form.choose(false);
        assert!(error(&mut form, FieldId::ExpectedOffset).contains("needs an ack"));
    }

    #[test]
    fn a_message_published_again_is_the_same_message() {
        let headers: [(&str, &[u8]); 3] = [("a", b"b"), ("bin", &[0xff]), ("lines", b"x\ny")];
        let message = pinned(&[0, 0xff], b"{\"id\":1}\r\n", &headers);
        let mut form = publish_again(&message, None);
        assert_eq!(form.kept_headers(), 2);
        let options = published(&mut form);
        assert_eq!(options.key, message.message().key());
        assert_eq!(options.value, message.message().value());
        let mut sent: Vec<_> = options.headers.iter().map(|(n, v)| (&**n, &**v)).collect();
        sent.sort_unstable();
        assert_eq!(sent, headers);
    }

    #[test]
    fn bytes_give_way_to_text_when_they_are_deleted() {
        let mut form = publish_form(None);
        form.fill(FieldId::Value, |field| field.set_bytes(&[0xff]));
        form.focus = FormFocus::Field(FieldId::Value);
        let key = crossterm::event::KeyEvent::from(crossterm::event::KeyCode::Backspace);
        assert!(form.type_text(TextInput::Key(key)));
        assert!(matches!(
            form.field(FieldId::Value).unwrap().input,
            Input::Text(_)
        ));
    }
}
