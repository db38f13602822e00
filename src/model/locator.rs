//! Where something is, as a text that can be handed on: a message, what a query finds, a screen of the dashboard.
//!
//! ```text
//! LOCATOR = [ "liftui://" CLUSTER "/" ] PLACE
//! CLUSTER = a context's name, HOST:PORT[,HOST:PORT…], or nothing
//! PLACE   = STREAM [ ":" PARTITIONS ] [ "@" SEEK ] [ "?" QUERY ] | ":" SCREEN
//! ```
//! What stands for itself in a name is written `%3A` and so on, as in a URL.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::units::{format_ranges, parse_ranges};
use super::{Offset, PartitionId, Timestamp, parse_start};

const SCHEME: &str = "liftui://";

/// What is escaped everywhere: what ends a part or a link in a text.
const COMMON: AsciiSet = CONTROLS
    .add(b' ')
    .add(b'%')
    .add(b'?')
    .add(b'#')
    .add(b'"')
    .add(b'\'')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'\\')
    .add(b'|');

/// In a cluster's name.
const CLUSTER: AsciiSet = COMMON.add(b'/');

/// In a stream's or a screen's name.
const NAME: AsciiSet = CLUSTER.add(b':').add(b'@');

/// Where something is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Locator {
    /// A context's name, or addresses with commas between them; `None`: the cluster at hand.
    pub cluster: Option<String>,
    /// What is there.
    pub place: Place,
}

/// What a locator leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A screen of the dashboard, by its name there.
    Screen(String),
    /// Messages of a stream.
    Messages(MessagePlace),
}

/// Messages of a stream, or one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessagePlace {
    /// The stream.
    pub stream: String,
    /// Its partitions, sorted; none: all of them.
    pub partitions: Vec<PartitionId>,
    /// Where reading begins, as SEEK is written; `None`: at the last messages.
    pub seek: Option<String>,
    /// What the messages are to match.
    pub query: Option<String>,
}

impl MessagePlace {
    /// The one message that it leads to, where it is one.
    pub fn message(&self) -> Option<(PartitionId, Offset)> {
        let [partition] = self.partitions.as_slice() else {
            return None;
        };
        let offset = self.seek.as_ref()?.parse().ok()?;
        (offset >= 0).then_some((*partition, offset))
    }
}

impl FromStr for Locator {
    type Err = String;

    /// One sentence that says what is wrong with the text, and what may stand there.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let Some(rest) = text.strip_prefix(SCHEME) else {
            let cluster = None;
            return Place::parse(text).map(|place| Self { cluster, place });
        };
        let (cluster, place) = rest.split_once('/').unwrap_or((rest, ""));
        let cluster = decoded(cluster)?;
        Ok(Self {
            cluster: (!cluster.is_empty()).then_some(cluster),
            place: Place::parse(place)?,
        })
    }
}

impl From<Locator> for String {
    fn from(locator: Locator) -> Self {
        locator.to_string()
    }
}

impl TryFrom<String> for Locator {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl Place {
    fn parse(text: &str) -> Result<Self, String> {
        if let Some(screen) = text.strip_prefix(':') {
            return match decoded(screen)? {
                screen if screen.is_empty() => Err(wrong(text)),
                screen => Ok(Self::Screen(screen)),
            };
        }
        let (text, query) = split(text, '?');
        let (name, seek) = split(text, '@');
        if name.contains("://") {
            return Err(format!(
                "\"{text}\" is of another kind; a locator begins with {SCHEME}, or with a stream"
            ));
        }
        let (stream, partitions) = match name.rsplit_once(':') {
            Some((stream, ranges)) => (stream, parse_ranges(ranges)?),
            None => (name, Vec::new()),
        };
        let stream = decoded(stream)?;
        if stream.is_empty() {
            return Err(wrong(text));
        }
        let seek = seek.map(decoded).transpose()?;
        if let Some(seek) = &seek {
            parse_start(seek, Timestamp(0), &chrono::Utc)?;
        }
        let query = query.map(decoded).transpose()?;
        Ok(Self::Messages(MessagePlace {
            stream,
            partitions,
            seek,
            query: query.filter(|query| !query.is_empty()),
        }))
    }
}

fn wrong(text: &str) -> String {
    format!(
        "\"{text}\" names no place; write STREAM:PARTITION@OFFSET, STREAM?QUERY or :SCREEN, \
         with liftui://CLUSTER/ in front for another cluster"
    )
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn decoded(text: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_not_utf8| format!("\"{text}\" has escapes that are no text"));
    Ok(decoded?.into_owned())
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(cluster) = &self.cluster {
            write!(f, "{SCHEME}{}/", utf8_percent_encode(cluster, &CLUSTER))?;
        }
        match &self.place {
            Place::Screen(name) => write!(f, ":{}", utf8_percent_encode(name, &NAME)),
            Place::Messages(place) => place.fmt(f),
        }
    }
}

impl fmt::Display for MessagePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        utf8_percent_encode(&self.stream, &NAME).fmt(f)?;
        if !self.partitions.is_empty() {
            write!(f, ":{}", format_ranges(&self.partitions))?;
        }
        if let Some(seek) = &self.seek {
            write!(f, "@{}", utf8_percent_encode(seek, &COMMON))?;
        }
        if let Some(query) = &self.query {
            write!(f, "?{}", utf8_percent_encode(query, &COMMON))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::btree_set;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    fn messages(text: &str) -> MessagePlace {
        match text.parse::<Locator>().unwrap().place {
            Place::Messages(place) => place,
            screen @ Place::Screen(_) => panic!("{screen:?}"),
        }
    }

    #[test]
    fn a_message_a_time_a_query_and_a_screen_are_places() {
        let place = messages("orders:2@48301");
        assert_eq!(place.message(), Some((2, 48_301)));
        assert_eq!(place.stream, "orders");
        let place = messages("orders:0,2-3@@-15m?cel:%20value.amount > 500");
        assert_eq!(place.partitions, [0, 2, 3]);
        assert_eq!(place.seek.as_deref(), Some("@-15m"));
        assert_eq!(place.query.as_deref(), Some("cel: value.amount > 500"));
        assert_eq!(place.message(), None);
        assert_eq!(messages("orders:2@-5").message(), None);
        let all: Locator = "liftui://[::1]:9292,b:9292/eu%2Forders?key:a?b"
            .parse()
            .unwrap();
        assert_eq!(all.cluster.as_deref(), Some("[::1]:9292,b:9292"));
        assert_eq!(
            all.to_string(),
            "liftui://[::1]:9292,b:9292/eu%2Forders?key:a%3Fb"
        );
        let screen: Locator = "liftui:///:cursors".parse().unwrap();
        assert_eq!(screen.place, Place::Screen("cursors".to_owned()));
        assert_eq!(screen.cluster, None);
    }

    #[test]
    fn what_leads_nowhere_is_refused_with_a_sentence() {
        for (text, word) in [
            ("", "names no place"),
            (":", "names no place"),
            ("liftui://prod", "names no place"),
            ("@5", "names no place"),
            ("http://x/y", "another kind"),
            ("orders:x", "names no partitions"),
            ("orders:1@soon", "no place in a stream"),
            ("orders@@never", "no time"),
            ("%ff", "no text"),
        ] {
            let sentence = text.parse::<Locator>().unwrap_err();
            assert!(sentence.contains(word), "{text}: {sentence}");
        }
    }

    fn seeks() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("earliest".to_owned()),
            Just("@-15m".to_owned()),
            Just("@2026-11-26 12:40:02.118 +01".to_owned()),
            any::<u32>().prop_map(|offset| offset.to_string()),
            any::<u32>().prop_map(|count| format!("-{count}")),
        ]
    }

    fn places() -> impl Strategy<Value = Place> {
        let name = "(?s).{1,12}";
        let numbers = btree_set(0..100, 0..5);
        let parts = (name, numbers, option::of(seeks()), option::of(name));
        let messages = parts.prop_map(|(stream, partitions, seek, query)| {
            Place::Messages(MessagePlace {
                stream,
                partitions: partitions.into_iter().collect(),
                seek,
                query,
            })
        });
        prop_oneof![name.prop_map(Place::Screen), messages]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(cluster in option::of("(?s).{1,12}"), place in places()) {
            let locator = Locator { cluster, place };
            let text = locator.to_string();
            prop_assert_eq!(text.parse::<Locator>(), Ok(locator));
            let is_safe = |c: char| !c.is_control() && c != ' ';
            prop_assert!(text.chars().all(is_safe), "{}", text);
        }
    }
}
