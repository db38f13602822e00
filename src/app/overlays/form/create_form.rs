//! The create form: a stream with all its options, from fields to [`Operation::Create`].
//! Values that no server accepts, or that crash one, are refused here; all others are left to the server.

use std::time::Duration;

use super::{Field, FieldId, Form, FormKind, KnownStreams};

use crate::model::{Operation, StreamOptions, parse_duration, parse_size};

/// `None`, `Some(true)`, `Some(false)`.
const SWITCH: &[&str] = &["server's default", "on", "off"];

/// An empty form for a stream.
pub(in crate::app) fn create_form() -> Form {
    let server = "server's default";
    let fields = vec![
        Field::single_line(FieldId::Name, "name", "unique in the cluster"),
        Field::single_line(FieldId::Subject, "subject", "the name"),
        Field::single_line(FieldId::Partitions, "partitions", "1"),
        Field::single_line(FieldId::Replication, "replication", "1, or all"),
        Field::single_line(
            FieldId::Group,
            "group",
            "none; streams of one group share messages",
        )
        .rare(),
        Field::single_line(FieldId::RetentionBytes, "retention bytes", server).rare(),
        Field::single_line(FieldId::RetentionMessages, "retention messages", server).rare(),
        Field::single_line(FieldId::RetentionAge, "retention age", server).rare(),
        Field::single_line(FieldId::CleanerInterval, "cleaner interval", server).rare(),
        Field::single_line(FieldId::SegmentBytes, "segment bytes", server).rare(),
        Field::single_line(FieldId::SegmentAge, "segment age", server).rare(),
        Field::choice(FieldId::Compact, "compact", SWITCH).rare(),
        Field::single_line(FieldId::CompactGoroutines, "compact goroutines", server).rare(),
        Field::single_line(FieldId::AutoPause, "auto pause", server).rare(),
        Field::choice(
            FieldId::AutoPauseUnlessSubscribed,
            "unless subscribed",
            SWITCH,
        )
        .rare(),
        Field::single_line(FieldId::MinIsr, "min ISR", server).rare(),
        Field::choice(FieldId::ConcurrencyControl, "concurrency control", SWITCH).rare(),
        Field::choice(FieldId::Encryption, "encrypt", SWITCH).rare(),
    ];
    Form::new(FormKind::Create, fields)
}

/// Reads the fields as an operation; every wrong one shows its error.
pub(super) fn operation(form: &mut Form, known: &KnownStreams) -> Option<Operation> {
    let options = options(form, known);
    let wrong = form.fields.iter().any(|field| field.error.is_some());
    if wrong {
        return None;
    }
    Some(Operation::Create(Box::new(options)))
}

/// All fields are read, so that every wrong one shows its error; a wrong one reads as its default.
fn options(form: &mut Form, known: &KnownStreams) -> StreamOptions {
    StreamOptions {
        name: form
            .read(FieldId::Name, |text| name(text, known))
            .unwrap_or_default(),
        subject: form.read(FieldId::Subject, subject).unwrap_or_default(),
        group: form
            .read(FieldId::Group, |text| Ok(text.to_owned()))
            .unwrap_or_default(),
        partitions: count(form, FieldId::Partitions, 1),
        replication_factor: form.read(FieldId::Replication, replication).flatten(),
        retention_max_bytes: size(form, FieldId::RetentionBytes, 0),
        retention_max_messages: count(form, FieldId::RetentionMessages, 0),
        retention_max_age: age(form, FieldId::RetentionAge),
        cleaner_interval: age(form, FieldId::CleanerInterval),
        segment_max_bytes: size(form, FieldId::SegmentBytes, 1),
        segment_max_age: age(form, FieldId::SegmentAge),
        compact_max_goroutines: count(form, FieldId::CompactGoroutines, 1),
        compact_enabled: switch(form, FieldId::Compact),
        auto_pause_time: age(form, FieldId::AutoPause),
        auto_pause_disable_if_subscribers: switch(form, FieldId::AutoPauseUnlessSubscribed),
        min_isr: count(form, FieldId::MinIsr, 1),
        optimistic_concurrency_control: switch(form, FieldId::ConcurrencyControl),
        encryption: switch(form, FieldId::Encryption),
    }
}

/// The name becomes a folder on the brokers' disks (wire-contract §2.4).
fn name(text: &str, known: &KnownStreams) -> Result<String, String> {
    if text.is_empty() {
        return Err("a stream needs a name".into());
    }
    if text.contains(['/', '\\']) || text.contains("..") {
        return Err("no /, \\ or .. : the name becomes a folder on the brokers".into());
    }
    if known.contains_key(text) {
        return Err("a stream of that name exists".into());
    }
    // The subject is the name where none is given.
    subject(text)
}

/// Wire-contract §2.4: no space, no empty token between dots. Empty stands for the name.
fn subject(text: &str) -> Result<String, String> {
    if text.chars().any(char::is_whitespace) {
        return Err("no space in a subject".into());
    }
    if !text.is_empty() && text.split('.').any(str::is_empty) {
        return Err("something must stand before, between and after dots".into());
    }
    Ok(text.to_owned())
}

fn replication(text: &str) -> Result<Option<i32>, String> {
    match text {
        "" => Ok(None),
        "all" | "-1" => Ok(Some(-1)),
        number => {
            let number = number.parse().ok().filter(|number| *number > 0);
            number
                .map(Some)
                .ok_or_else(|| "write a number of brokers, or all".into())
        }
    }
}

/// A negative count crashes real servers (wire-contract §0.10), and 0 counts only where it is no limit.
fn count<T: std::str::FromStr + PartialOrd + std::fmt::Display + Copy>(
    form: &mut Form,
    id: FieldId,
    least: T,
) -> Option<T> {
    let read = |text: &str| {
        let number = text.parse().ok().filter(|number| *number >= least);
        number.ok_or_else(|| format!("write a number, from {least}"))
    };
    optional(form, id, read)
}

fn size(form: &mut Form, id: FieldId, least: u64) -> Option<i64> {
    optional(form, id, |text| {
        let bytes = parse_size(text)?;
        if bytes < least {
            return Err(format!("at least {least} B"));
        }
        i64::try_from(bytes).map_err(|_too_large| "more than any server counts".into())
    })
}

/// Whole milliseconds on the wire: less would be sent as none.
fn age(form: &mut Form, id: FieldId) -> Option<Duration> {
    optional(form, id, |text| {
        let duration = parse_duration(text)?;
        if duration < Duration::from_millis(1) {
            return Err("at least 1ms".into());
        }
        Ok(duration)
    })
}

fn optional<T>(
    form: &mut Form,
    id: FieldId,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Option<T> {
    let given = |text: &str| {
        if text.is_empty() {
            Ok(None)
        } else {
            read(text).map(Some)
        }
    };
    form.read(id, given).flatten()
}

fn switch(form: &Form, id: FieldId) -> Option<bool> {
    match form.choice(id) {
        0 => None,
        at => Some(at == 1),
    }
}

#[cfg(test)]
mod tests {
    use super::super::FormFocus;
    use super::*;
    use crate::app::command::FormCommand;
    use crate::app::context::Context;
    use crate::health::Truth;

    fn filled(fields: &[(FieldId, &str)]) -> Form {
        let mut form = create_form();
        for (id, text) in fields {
            let field = form
                .fields
                .iter_mut()
                .find(|field| field.id == *id)
                .unwrap();
            field.set_text(text);
        }
        form
    }

    fn created(form: &mut Form) -> StreamOptions {
        match form.validate(&KnownStreams::new()) {
            Some(Operation::Create(options)) => *options,
            other => panic!("{other:?}, {:?}", form.fields),
        }
    }

    #[test]
    fn what_is_left_out_is_left_to_the_server() {
        let options = created(&mut filled(&[(FieldId::Name, "eu.orders")]));
        let name = "eu.orders".into();
        assert_eq!(
            options,
            StreamOptions {
                name,
                ..StreamOptions::default()
            }
        );
    }

    #[test]
    fn every_option_can_be_given() {
        let mut form = filled(&[
            (FieldId::Name, "s"),
            (FieldId::Subject, "s.*"),
            (FieldId::Group, "g"),
            (FieldId::Partitions, "4"),
            (FieldId::Replication, "all"),
            (FieldId::RetentionBytes, "1Gi"),
            (FieldId::RetentionMessages, "1000000"),
            (FieldId::RetentionAge, "7d"),
            (FieldId::CleanerInterval, "5m"),
            (FieldId::SegmentBytes, "64Mi"),
            (FieldId::SegmentAge, "1h"),
            (FieldId::CompactGoroutines, "2"),
            (FieldId::AutoPause, "10m"),
            (FieldId::MinIsr, "2"),
        ]);
        form.shows_rare = true;
        for id in [
            FieldId::Compact,
            FieldId::AutoPauseUnlessSubscribed,
            FieldId::Encryption,
        ] {
            form.focus = FormFocus::Field(id);
            form.choose(true);
        }
        form.focus = FormFocus::Field(FieldId::ConcurrencyControl);
        form.choose(false);
        let seconds = |count| Some(Duration::from_secs(count));
        let expected = StreamOptions {
            name: "s".into(),
            subject: "s.*".into(),
            group: "g".into(),
            partitions: Some(4),
            replication_factor: Some(-1),
            retention_max_bytes: Some(1 << 30),
            retention_max_messages: Some(1_000_000),
            retention_max_age: seconds(604_800),
            cleaner_interval: seconds(300),
            segment_max_bytes: Some(64 << 20),
            segment_max_age: seconds(3_600),
            compact_max_goroutines: Some(2),
            compact_enabled: Some(true),
            auto_pause_time: seconds(600),
            auto_pause_disable_if_subscribers: Some(true),
            min_isr: Some(2),
            optimistic_concurrency_control: Some(false),
            encryption: Some(true),
        };
        assert_eq!(created(&mut form), expected);
    }

    #[test]
    fn what_no_server_takes_is_refused_at_its_field() {
        let wrong = [
            (FieldId::Name, ""),
            (FieldId::Name, "../x"),
            (FieldId::Name, "a b"),
            (FieldId::Subject, "a..b"),
            (FieldId::Partitions, "-1"),
            (FieldId::Partitions, "0"),
            (FieldId::Replication, "-2"),
            (FieldId::RetentionBytes, "much"),
            (FieldId::RetentionBytes, "-5"),
            (FieldId::RetentionMessages, "-7"),
            (FieldId::SegmentBytes, "-5"),
            (FieldId::SegmentBytes, "0"),
            (FieldId::CompactGoroutines, "-1"),
            (FieldId::RetentionAge, "1us"),
            (FieldId::MinIsr, "0"),
        ];
        for (id, text) in wrong {
            let mut form = filled(&[(FieldId::Name, "s"), (id, text)]);
            assert_eq!(form.validate(&KnownStreams::new()), None, "{id:?} {text}");
            assert_eq!(form.focus(), FormFocus::Field(id));
            assert!(form.field(id).unwrap().error.is_some());
        }
    }

    #[test]
    fn no_limit_of_what_is_kept_can_be_given() {
        let mut form = filled(&[
            (FieldId::Name, "s"),
            (FieldId::RetentionBytes, "0"),
            (FieldId::RetentionMessages, "0"),
        ]);
        let options = created(&mut form);
        assert_eq!(options.retention_max_bytes, Some(0));
        assert_eq!(options.retention_max_messages, Some(0));
    }

    #[test]
    fn a_wrong_rare_field_is_shown() {
        let mut form = filled(&[(FieldId::Name, "s"), (FieldId::MinIsr, "x")]);
        assert!(!form.shows_rare());
        assert_eq!(form.validate(&KnownStreams::new()), None);
        assert!(form.shows_rare());
    }

    #[test]
    fn enter_goes_from_field_to_field_and_opens_the_rare_ones() {
        let (truth, mut context) = (Truth::default(), Context::default());
        let mut form = create_form();
        let press = |form: &mut Form, context: &mut Context| {
            form.run(FormCommand::Press, &Truth::default(), context)
        };
        for _ in 0..4 {
            assert!(!press(&mut form, &mut context));
        }
        assert_eq!(form.focus(), FormFocus::More);
        assert!(!press(&mut form, &mut context));
        assert!(form.shows_rare());
        form.focus = FormFocus::Send;
        form.guard.on_quiet();
        form.guard.on_input();
        assert!(!press(&mut form, &mut context));
        assert!(form.guard.on_quiet(), "one key alone sends");
        form.submit(&truth, &mut context);
        let wrong = form.field(FieldId::Name).unwrap().error.as_deref();
        assert_eq!(wrong, Some("a stream needs a name"));
        form.focus = FormFocus::Cancel;
        assert!(press(&mut form, &mut context), "closed");
    }
}
