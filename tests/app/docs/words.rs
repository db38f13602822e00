//! Keys and queries that pages name: each key is one of the keymap, each query means what its row says.

use std::collections::BTreeSet;

use chrono::{FixedOffset, Utc};
use liftui::app::Keymap;
use liftui::model::{Locator, Place, Timestamp, parse_start, parse_stop};
use liftui::store::Query;

use super::markdown::{Page, code_spans, guide};

/// Pages whose code spans are the words of another language, or come from the keymap.
const OTHER_WORDS: [&str; 4] = [
    "docs/commands.md",
    "docs/config.md",
    "docs/keys.md",
    "docs/queries.md",
];

/// What looks like a key and is none, with the reason.
const NO_KEYS: [(&str, &str); 5] = [
    ("ctrl-w", "a key of text boxes themselves"),
    ("@", "what a time is written behind"),
    (".", "a key of a Russian keyboard"),
    ("alt", "a modifier, with keys named beside it"),
    ("#", "a sign in a template"),
];

/// Keys that have more than one letter, modifiers aside.
const NAMED: [&str; 13] = [
    "enter",
    "esc",
    "tab",
    "space",
    "up",
    "down",
    "left",
    "right",
    "home",
    "pageup",
    "pagedown",
    "backspace",
    "f1",
];

#[test]
fn every_key_that_a_page_names_is_in_the_keymap() {
    let keymap = Keymap::default();
    let chords = keymap.bindings().iter().map(|one| one.chord.to_string());
    let bound: BTreeSet<String> = chords.collect();
    let pages = guide().into_iter().chain([Page::read("README.md")]);
    let mut named = 0;
    for page in pages.filter(|page| !OTHER_WORDS.contains(&page.name.as_str())) {
        for span in page.prose().flat_map(code_spans).filter(|one| is_key(one)) {
            named += 1;
            assert!(
                bound.contains(&as_shown(&span)),
                "{} names the key `{span}`, which nothing is bound to",
                page.name
            );
        }
    }
    assert!(named > 100, "{named} keys");
}

/// Keys with a sign of their own are shown by it, and written by their name.
fn as_shown(key: &str) -> String {
    let signs = [
        ("down", "↓"),
        ("up", "↑"),
        ("left", "←"),
        ("right", "→"),
        ("pagedown", "pgdn"),
        ("pageup", "pgup"),
    ];
    let sign = signs.iter().find(|(name, _)| *name == key);
    sign.map_or(key, |(_, sign)| sign).to_owned()
}

fn is_key(span: &str) -> bool {
    let modifiers = ["ctrl-", "alt-", "shift-"];
    let key = modifiers
        .iter()
        .fold(span, |key, prefix| key.strip_prefix(prefix).unwrap_or(key));
    // Letters of other scripts count by their place.
    let is_sign = key.is_ascii() && key.len() == 1;
    let looks_like_one = is_sign || NAMED.contains(&key);
    looks_like_one && NO_KEYS.iter().all(|(word, _)| *word != span)
}

#[test]
fn every_query_of_the_reference_parses_and_what_does_not_says_what_the_page_says() {
    let page = Page::read("docs/queries.md");
    for heading in [
        "## Text and fields",
        "## Numbers",
        "## Together",
        "## Expressions",
    ] {
        let rows = page.rows(heading);
        assert!(rows.len() >= 3, "{heading}: {} rows", rows.len());
        for row in rows {
            for query in code_spans(&row[0]) {
                let parsed = Query::parse(&query);
                let hint = parsed.map(|query| query.hint());
                assert_eq!(hint, Ok(None), "{heading}: {query}");
            }
        }
    }
    let refused = page.rows("## What does not parse");
    assert!(refused.len() >= 3, "{} rows", refused.len());
    for row in refused {
        let query = &code_spans(&row[0])[0];
        let error = Query::parse(query).expect_err(query);
        assert_eq!(error.to_string(), row[1], "{query}");
    }
}

/// Queries in commands, behind `:` and in locators. One that lacks `cel:` finds nothing.
#[test]
fn every_query_that_a_page_shows_in_a_command_is_one() {
    let pages = guide().into_iter().chain([Page::read("README.md")]);
    let mut shown = 0;
    for page in pages {
        let spans = page.prose().flat_map(code_spans);
        let code = page.all_code().into_iter().map(str::to_owned);
        for query in spans.chain(code).flat_map(|line| queries_in(&line)) {
            shown += 1;
            let hint = Query::parse(&query).map(|parsed| parsed.hint());
            assert_eq!(hint, Ok(None), "{} shows the query {query}", page.name);
        }
    }
    assert!(shown >= 25, "{shown} queries");
}

/// The queries of a command line; none where it is no line of a shell, as a pattern of a table is not.
fn queries_in(line: &str) -> Vec<String> {
    let words = shell_words(line);
    let behind = |at: usize| words.get(at + 1).cloned();
    let is_command = |name: &str| {
        matches!(
            name.trim_start_matches(':'),
            "liftui" | "trace" | "tail" | "table" | "stats"
        )
    };
    if !words.first().is_some_and(|word| is_command(word)) {
        return Vec::new();
    }
    let of_option = words.iter().enumerate().filter_map(|(at, word)| {
        let is_option = matches!(word.as_str(), "-q" | "--query");
        is_option.then(|| behind(at)).flatten()
    });
    let of_trace = words
        .iter()
        .position(|word| word.trim_start_matches(':') == "trace");
    let of_trace = of_trace
        .and_then(behind)
        .filter(|word| !word.starts_with('-'));
    let locators = words.iter().filter_map(|word| word.parse::<Locator>().ok());
    let of_locators = locators.filter_map(|locator| match locator.place {
        Place::Messages(place) => place.query,
        Place::Screen(_) => None,
    });
    let found = of_option.chain(of_trace).chain(of_locators);
    found.filter(|query| !is_placeholder(query)).collect()
}

/// `QUERY`, `<QUERY>`, `…`
fn is_placeholder(word: &str) -> bool {
    word.trim_matches(['<', '>', '…', '[', ']'])
        .chars()
        .all(|char| char.is_ascii_uppercase())
}

/// A line cut as a shell cuts it; `\|` of tables aside.
fn shell_words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for char in line.chars() {
        match (char, quote) {
            (_, Some(open)) if char == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            (_, None) if char.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    words
}

#[test]
fn every_seek_of_the_reference_is_one_where_the_page_says_so() {
    let (now, zone) = (
        Timestamp(1_795_000_000_000_000_000),
        FixedOffset::east_opt(3600).expect("a zone"),
    );
    let rows = Page::read("docs/queries.md").rows("## Where reading starts and stops");
    assert!(rows.len() >= 8, "{} rows", rows.len());
    for row in rows {
        for seek in code_spans(&row[0]) {
            let (start, stop) = (parse_start(&seek, now, &zone), parse_stop(&seek, now, &Utc));
            assert_eq!(start.is_ok(), !row[1].is_empty(), "{seek}: {start:?}");
            assert_eq!(stop.is_ok(), !row[2].is_empty(), "{seek}: {stop:?}");
        }
    }
}
