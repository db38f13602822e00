//! Reads the source and holds it to its own rules: who may use whom, how long things may be, what every file must say.
//! Knows text alone; what the compiler and clippy can see is theirs.

#![expect(
    clippy::string_slice,
    reason = "text is cut where something was found in it"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// Which layers each layer may name with `crate::`, itself aside.
const EDGES: [(&str, &[&str]); 13] = [
    ("model", &[]),
    ("wire", &["model"]),
    ("client", &["model", "wire"]),
    ("demo", &["model", "wire"]),
    ("store", &["model"]),
    ("health", &["model"]),
    ("app", &["model", "store", "health"]),
    ("ui", &["app", "model", "store", "health"]),
    ("recording", &["app", "model", "store"]),
    ("config", &["model"]),
    (
        "runtime",
        &[
            "app",
            "client",
            "config",
            "health",
            "model",
            "recording",
            "store",
            "ui",
        ],
    ),
    (
        "cli",
        &[
            "app",
            "client",
            "config",
            "demo",
            "health",
            "model",
            "recording",
            "runtime",
            "store",
            "ui",
            "wire",
        ],
    ),
    ("main", &["cli"]),
];

/// The rooms of a layer from the innermost outwards; what stands in none of them is the layer's own file, outermost.
const ROOMS: [(&str, &[&[&str]]); 2] = [
    (
        "app",
        &[
            &[
                "app_request",
                "command",
                "decoded_values",
                "effect",
                "event",
                "focus",
                "ids",
                "inflight",
                "kept_queries",
                "shell_commands",
                "kept_view",
                "key_context",
                "motion",
                "notice",
                "playback",
                "read_settings",
                "row_key",
                "row_settings",
                "schemas",
                "subject_report",
                "viewport",
            ],
            &["input"],
            &["lists"],
            &["settings", "context"],
            &["screens"],
            &["overlays"],
        ],
    ),
    (
        "ui",
        &[
            &["format", "theme"],
            &["row_layout"],
            &["row_cache"],
            &["areas", "painter", "layout", "labels"],
            &["widgets"],
            &["detail"],
            &["screens"],
            &["overlays"],
        ],
    ),
];

/// Words that a layer must not contain: crates above its station, clocks, chance, shared mutability.
const BANNED: [(&str, &[&str]); 6] = [
    (
        "model",
        &[
            "tokio",
            "tonic",
            "prost",
            "toml",
            "clap",
            "ratatui",
            "crossterm",
        ],
    ),
    (
        "store",
        &["tokio", "tonic", "prost", "ratatui", "crossterm", "clap"],
    ),
    (
        "health",
        &[
            "tokio",
            "tonic",
            "prost",
            "ratatui",
            "crossterm",
            "clap",
            "Instant",
        ],
    ),
    (
        "app",
        &[
            "tokio",
            "tonic",
            "prost",
            "ratatui",
            "clap",
            "fastrand",
            "Instant",
            "SystemTime",
            "RefCell",
            "Mutex",
            "RwLock",
            "async",
            "env",
            "fs",
        ],
    ),
    (
        "ui",
        &[
            "tokio",
            "tonic",
            "prost",
            "clap",
            "fastrand",
            "Instant",
            "SystemTime",
            "async",
        ],
    ),
    (
        "config",
        &["tokio", "tonic", "prost", "ratatui", "crossterm"],
    ),
];

/// Names that say nothing (architecture.md §3.7). `GroupInfo` is what Liftbridge's clients call it, `ConnectInfo` and `Data`
/// are types that tonic's and hyper's traits want.
const EMPTY_NAMES: [&str; 5] = ["Manager", "Helper", "Util", "Data", "Info"];
const MEANT: [&str; 3] = ["GroupInfo", "ConnectInfo", "Data"];

const FILE_CAP: usize = 450;
const FUNCTION_CAP: usize = 60;

/// How many modules may define a type of one name.
const TYPE_NAME_CAP: usize = 2;

/// Private metaphors that named things once. A name is a word of Liftbridge, of gRPC, of ratatui, or a plain one: whoever
/// looks for the thing would search for it.
const OLD_WORDS: &[&str] = &[
    "attendance",
    "bed",
    "book",
    "books",
    "copier",
    "crew",
    "cue",
    "desk",
    "flying",
    "gist",
    "intake",
    "lane",
    "lanes",
    "lately",
    "mailbox",
    "modal",
    "mood",
    "nudge",
    "obey",
    "onset",
    "onsets",
    "opener",
    "presence",
    "promise",
    "promises",
    "quirks",
    "receipt",
    "roster",
    "said",
    "scene",
    "seat",
    "seats",
    "settle",
    "sheet",
    "stage",
    "stir",
    "survey",
    "tally",
    "tell",
    "tells",
    "told",
    "trail",
    "trouble",
    "upright",
    "voice",
    "wish",
    "witness",
    "woke",
];

/// One source file: its code without comments, strings and tests, line for line.
struct Source {
    name: String,
    text: String,
    code: String,
}

impl Source {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("a source file is readable");
        let whole = blank(&text);
        let tests = whole.find("#[cfg(test)]\nmod tests {");
        let tests = tests.unwrap_or(whole.len());
        let name = path
            .strip_prefix(root().join("src"))
            .expect("it lies in src");
        Self {
            name: name.to_string_lossy().replace('\\', "/"),
            code: whole.get(..tests).unwrap_or_default().to_owned(),
            text,
        }
    }

    /// The files of modules that are compiled for tests alone: `#[cfg(test)] mod test_support;`.
    fn test_files(&self) -> Vec<String> {
        let folder = self.name.trim_end_matches(".rs");
        let folder = if folder == "lib" { "" } else { folder };
        let marks = self.code.split("#[cfg(test)]\nmod ").skip(1);
        let names = marks.filter_map(|rest| rest.split_once(';'));
        names
            .map(|(name, _)| format!("{folder}/{name}.rs"))
            .map(|path| path.trim_start_matches('/').to_owned())
            .collect()
    }

    fn layer(&self) -> &str {
        let end = self.name.find(['/', '.']).unwrap_or(self.name.len());
        &self.name[..end]
    }

    /// How many `super::` lead to the crate's root: the file's depth in the tree of modules.
    fn depth(&self) -> usize {
        if self.name == "main.rs" || self.name == "lib.rs" {
            return 0;
        }
        self.name.matches('/').count() + 1
    }

    fn lines(&self) -> usize {
        self.code.lines().count()
    }

    /// The layers that this file names.
    fn uses(&self) -> BTreeSet<String> {
        let up = "super::".repeat(self.depth());
        let roots = if up.is_empty() {
            vec!["crate::", "liftui::"]
        } else {
            vec!["crate::", up.as_str()]
        };
        let mut found = BTreeSet::new();
        for root in roots {
            for (at, _) in self.code.match_indices(root) {
                let before = self.code[..at].chars().last();
                if before.is_none_or(|c| !is_word(c) && c != ':') {
                    found.extend(first_names(&self.code[at + root.len()..]));
                }
            }
        }
        found
    }

    /// The module that this file is, as a path from the crate's root.
    fn module(&self) -> Vec<&str> {
        self.name.trim_end_matches(".rs").split('/').collect()
    }

    /// All paths of this crate that the file names, each from the crate's root.
    fn paths(&self) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        for (at, _) in self.code.match_indices("::") {
            let head = &self.code[..at];
            let start = head.rfind(|c: char| !is_word(c)).map_or(0, |at| at + 1);
            let is_root = ["crate", "super"].contains(&&head[start..]);
            if is_root && !head[..start].ends_with(':') {
                expand(&self.code[start..], &[], &mut found);
            }
        }
        for path in &mut found {
            let ups = path.iter().take_while(|part| *part == "super").count();
            let mut parents = self.module();
            parents.truncate(parents.len().saturating_sub(ups));
            let root: Vec<String> = match ups {
                0 => Vec::new(),
                _ => parents.into_iter().map(str::to_owned).collect(),
            };
            path.splice(..ups.max(1), root);
        }
        found
    }

    /// The names of the types that it defines; associated types are those of their traits.
    fn types(&self) -> Vec<String> {
        let mut found = Vec::new();
        for line in self.code.lines() {
            let words: Vec<&str> = line.split(|c: char| !is_word(c)).collect();
            let item = words.iter().position(|word| {
                let alias = *word == "type" && !line.starts_with(' ');
                alias || ["struct", "enum", "trait"].contains(word)
            });
            let name = item.and_then(|at| words.get(at + 1));
            let name = name.filter(|name| name.starts_with(char::is_uppercase));
            found.extend(name.map(|name| (*name).to_owned()));
        }
        found
    }

    /// Name and length of each function.
    fn functions(&self) -> Vec<(String, usize)> {
        let mut found = Vec::new();
        for (at, _) in self.code.match_indices("fn ") {
            let before = self.code[..at].chars().last();
            if before.is_some_and(is_word) {
                continue;
            }
            let rest = &self.code[at + 3..];
            let name: String = rest.chars().take_while(|c| is_word(*c)).collect();
            if let (false, Some(length)) = (name.is_empty(), body_lines(rest)) {
                found.push((name, length));
            }
        }
        found
    }
}

/// The paths that begin here, each branch of a group its own.
fn expand(text: &str, before: &[String], found: &mut Vec<Vec<String>>) {
    let name: String = text.chars().take_while(|c| is_word(*c)).collect();
    let rest = &text[name.len()..];
    let mut path = before.to_vec();
    path.extend((!name.is_empty()).then_some(name));
    let Some(rest) = rest.strip_prefix("::") else {
        return found.push(path);
    };
    let Some(group) = rest.strip_prefix('{') else {
        return expand(rest, &path, found);
    };
    let mut depth = 0;
    let mut start = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            ',' | '}' if depth == 0 => {
                expand(group[start..at].trim_start(), &path, found);
                start = at + 1;
            }
            '}' => depth -= 1,
            _ => {}
        }
        if c == '}' && start == at + 1 {
            return;
        }
    }
}

/// The names that follow `crate::`: one, or the first of each branch of a group.
fn first_names(rest: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| is_word(*c)).collect::<String>();
    let Some(group) = rest.strip_prefix('{') else {
        return vec![word(rest)];
    };
    let mut names = vec![word(group.trim_start())];
    let mut depth = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(word(group[at + 1..].trim_start())),
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// Lines from the name of a function to the end of its body; `None` where it has none.
fn body_lines(rest: &str) -> Option<usize> {
    let mut depth = 0_i32;
    let mut lines = 1;
    for c in rest.chars() {
        match c {
            '\n' => lines += 1,
            ';' if depth == 0 => return None,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' => depth -= 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(lines);
                }
            }
            _ => {}
        }
    }
    None
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The text with comments, strings and characters turned to blanks, line ends kept.
fn blank(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let previous = out.chars().last().is_some_and(is_word);
        let length = literal(rest, previous);
        let keep = length == 0;
        let length = length.max(first.len_utf8());
        let (token, after) = rest.split_at(length);
        let hide = |c: char| if keep || c == '\n' { c } else { ' ' };
        out.extend(token.chars().map(hide));
        rest = after;
    }
    out
}

/// Bytes of the comment, string or character that begins here; 0 where none does.
fn literal(rest: &str, in_word: bool) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return rest.find("*/").map_or(rest.len(), |end| end + 2);
    }
    if rest.starts_with('"') {
        return quoted(rest);
    }
    let raw = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'));
    if let Some(raw) = raw.filter(|_| !in_word) {
        let hashes = raw.chars().take_while(|c| *c == '#').count();
        if raw[hashes..].starts_with('"') {
            let close = format!("\"{}", "#".repeat(hashes));
            let body = rest.len() - raw.len() + hashes + 1;
            let end = rest[body..].find(&close);
            return end.map_or(rest.len(), |end| body + end + close.len());
        }
    }
    if rest.starts_with('\'') {
        return character(rest);
    }
    0
}

fn quoted(rest: &str) -> usize {
    let mut escaped = true; // steps over the opening quote
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// A character, and not a lifetime: closed after one character or one escape.
fn character(rest: &str) -> usize {
    let inside = &rest[1..];
    if inside.starts_with('\\') {
        let end = inside[2..].find('\'');
        return end.map_or(0, |end| end + 4);
    }
    let first = inside.chars().next().map_or(0, char::len_utf8);
    if inside[first..].starts_with('\'') {
        first + 2
    } else {
        0
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("a folder of sources is readable");
    for entry in entries {
        let path = entry.expect("a folder of sources is readable").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
}

fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    rust_files(&root().join("src"), &mut paths);
    paths.sort();
    let sources: Vec<Source> = paths.iter().map(|path| Source::read(path)).collect();
    let tests: Vec<String> = sources.iter().flat_map(Source::test_files).collect();
    let is_shipped = |source: &Source| !tests.contains(&source.name);
    sources.into_iter().filter(is_shipped).collect()
}

/// Fails with all complaints at once, a line each.
fn none_of(rule: &str, complaints: &[String]) {
    let text = complaints.join("\n  ");
    assert!(complaints.is_empty(), "{rule}:\n  {text}");
}

/// A file that is built in is in the package that others build: `cargo package` would not compile without.
#[test]
fn what_is_built_in_is_packaged() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("there is one");
    let include = manifest.lines().find(|line| line.starts_with("include = "));
    let packaged: Vec<&str> = include
        .expect("it says what")
        .split('"')
        .skip(1)
        .step_by(2)
        .collect();
    let is_packaged = |path: &str| {
        packaged.iter().any(|entry| match entry.split_once("/*.") {
            Some((folder, kind)) => {
                let file = path
                    .strip_prefix(folder)
                    .and_then(|rest| rest.strip_prefix('/'));
                file.is_some_and(|file| !file.contains('/') && file.ends_with(kind))
            }
            None => path.starts_with(entry),
        })
    };
    let mut wrong = Vec::new();
    let mut seen = 0;
    for source in sources() {
        let folder = root().join("src").join(&source.name);
        let folder = folder.parent().expect("it lies in a folder");
        for macro_name in ["include_str!(\"", "include_bytes!(\""] {
            for rest in source.text.split(macro_name).skip(1) {
                let name = rest.split('"').next().unwrap_or_default();
                let Ok(path) = folder.join(name).canonicalize() else {
                    continue;
                };
                let path = path.strip_prefix(root().canonicalize().expect("it is there"));
                let path = format!("/{}", path.expect("it lies here").display());
                seen += 1;
                if !is_packaged(&path) {
                    wrong.push(path);
                }
            }
        }
    }
    assert!(seen > 5, "{seen}");
    none_of("name in Cargo.toml's include what is built in", &wrong);
}

/// No machine of the gate has Windows: what only Unix has stands beneath an attribute that says so, a few lines above.
#[test]
fn what_only_unix_has_is_not_asked_for_elsewhere() {
    let mut wrong = Vec::new();
    let is_marked = |line: &str| line.trim() == "#[cfg(unix)]";
    for source in sources() {
        if source.name.ends_with("/unix.rs") {
            continue;
        }
        let lines: Vec<&str> = source.code.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let is_unix = ["rustix::", "::unix::"]
                .iter()
                .any(|word| line.contains(word));
            let above = &lines[at.saturating_sub(12)..at];
            if is_unix && !above.iter().any(|line| is_marked(line)) {
                wrong.push(format!("{}:{}: {}", source.name, at + 1, line.trim()));
            }
        }
    }
    none_of("say #[cfg(unix)] above what Windows does not have", &wrong);
}

#[test]
fn layers_use_only_what_lies_below_them() {
    let layers: Vec<&str> = EDGES.iter().map(|(layer, _)| *layer).collect();
    let mut wrong = Vec::new();
    for source in sources() {
        let layer = source.layer().to_owned();
        let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == layer) else {
            assert_eq!(layer, "lib", "{} belongs to no layer", source.name);
            continue;
        };
        for used in source.uses() {
            let known = layers.contains(&used.as_str());
            if known && used != layer && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{} uses {used}", source.name));
            }
        }
    }
    none_of("an import goes against the layers", &wrong);
}

#[test]
fn rooms_use_only_what_lies_further_in() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some((layer, rooms)) = ROOMS.iter().find(|(layer, _)| *layer == source.layer()) else {
            continue;
        };
        let rank = |name: Option<&str>| {
            let room = rooms
                .iter()
                .position(|room| name.is_some_and(|name| room.contains(&name)));
            room.unwrap_or(rooms.len())
        };
        let own = rank(source.module().get(1).copied());
        for path in source.paths() {
            // A path of one name is a visibility, not a use.
            let [first, second, ..] = path.as_slice() else {
                continue;
            };
            if first == layer && rank(Some(second)) > own {
                wrong.push(format!("{} uses {}", source.name, path.join("::")));
            }
        }
    }
    none_of("an import leads out of an inner room", &wrong);
}

#[test]
fn the_walks_in_the_crate_docs_are_those_of_the_code() {
    let sources = sources();
    let text = fs::read_to_string(root().join("src/lib.rs")).expect("the crate has a root");
    let steps = text.lines().filter_map(|line| {
        let step = line.strip_prefix("//!")?.trim_start();
        let (number, rest) = step.split_once(' ')?;
        let is_first = number == "1";
        let queued = number.ends_with('~');
        number.trim_end_matches('~').parse::<usize>().ok()?;
        let (file, function) = rest.trim_start().split_once("::")?;
        Some((is_first, queued, file, function.split(' ').next()?))
    });
    let (mut wrong, mut walks) = (Vec::new(), 0);
    let mut walked: Vec<&str> = Vec::new();
    for (is_first, queued, file, function) in steps {
        if is_first {
            walks += 1;
            walked.clear();
        }
        let source = sources.iter().find(|one| one.name == format!("{file}.rs"));
        let code = source.map_or("", |source| source.code.as_str());
        let call = format!("{function}(");
        let called = is_first || queued || walked.iter().any(|code| code.contains(&call));
        if !called || !code.contains(&format!("fn {function}")) {
            wrong.push(format!("{file}::{function}"));
        }
        walked.push(code);
    }
    assert_eq!(walks, 3, "a key, an answer, a chunk");
    none_of("a step of a walk is not in the code", &wrong);
}

#[test]
fn layers_stay_free_of_what_would_make_them_impure() {
    let mut wrong = Vec::new();
    for source in sources() {
        let banned = BANNED.iter().find(|(layer, _)| *layer == source.layer());
        let words = source.code.split(|c: char| !is_word(c));
        let words: BTreeSet<&str> = words.collect();
        for word in banned.map(|(_, words)| *words).unwrap_or_default() {
            if words.contains(word) {
                wrong.push(format!("{} holds `{word}`", source.name));
            }
        }
        if words.contains("tui_textarea") && source.name != "app/input/editor.rs" {
            wrong.push(format!(
                "{} names the textarea; that is app/input/editor.rs",
                source.name
            ));
        }
    }
    none_of("a layer holds what it must not", &wrong);
}

#[test]
fn durations_are_written_by_the_functions_for_them() {
    // "over after 5400s": whole seconds belong in records and reckoning, and what people read is in `duration_text`.
    const ALLOWED: [&str; 4] = [
        "cli/incidents.rs",
        "health/known_findings.rs",
        "model/duration_text.rs",
        "model/time_text.rs",
    ];
    let mut complaints = Vec::new();
    for source in sources() {
        if ALLOWED.contains(&&*source.name) {
            continue;
        }
        let code = source.text.split("mod tests {").next().unwrap_or_default();
        for (line, text) in (1..).zip(code.lines()) {
            if text.contains(".as_secs()") || text.contains(".as_millis()") {
                complaints.push(format!("{}:{line}: {}", source.name, text.trim()));
            }
        }
    }
    none_of(
        "a duration is written as text by model/duration_text.rs",
        &complaints,
    );
}

#[test]
fn names_are_not_of_the_old_words() {
    let mut wrong = BTreeSet::new();
    for source in sources() {
        for name in source.code.split(|c: char| !is_word(c)) {
            if words_of(name)
                .iter()
                .any(|word| OLD_WORDS.contains(&&**word))
            {
                wrong.insert(format!("{name} in {}", source.name));
            }
        }
    }
    let wrong: Vec<String> = wrong.into_iter().collect();
    none_of("a name is of an old word", &wrong);
}

/// The words of a name: `NextPane` and `next_pane` are of two.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut previous = '_';
    for c in name.chars() {
        let begins = c.is_uppercase() && !previous.is_uppercase();
        if c == '_' || begins {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c != '_') {
            word.extend(c.to_lowercase());
        }
        previous = c;
    }
    words
}

#[test]
fn a_type_name_means_one_thing() {
    let mut modules: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources() {
        for name in source.types() {
            modules.entry(name).or_default().insert(source.name.clone());
        }
    }
    let many = modules
        .iter()
        .filter(|(_, modules)| modules.len() > TYPE_NAME_CAP);
    let wrong: Vec<String> = many
        .map(|(name, modules)| format!("{name} is in {modules:?}"))
        .collect();
    none_of("a type's name is in too many modules", &wrong);
}

#[test]
fn the_glossary_names_types_that_are_there() {
    let text = fs::read_to_string(root().join("src/lib.rs")).expect("the crate has a root");
    let (_, glossary) = text.split_once("//! # Glossary").expect("there is one");
    let (glossary, _) = glossary.split_once("//! # ").expect("a section follows");
    let sources = sources();
    let types = sources.iter().flat_map(|source| {
        let types = source.types().into_iter();
        types.map(|name| format!("{}::{name}", source.layer()))
    });
    let types: BTreeSet<String> = types.collect();
    let paths: Vec<&str> = glossary.split('`').skip(1).step_by(2).collect();
    assert!(paths.len() >= 10, "a glossary of {} names", paths.len());
    let unknown = paths.into_iter().filter(|path| !types.contains(*path));
    let wrong: Vec<String> = unknown.map(str::to_owned).collect();
    none_of("the glossary names a type that is not there", &wrong);
}

#[test]
fn paths_in_the_docs_exist() {
    let mut wrong = Vec::new();
    let mut found = 0;
    for (document, folders) in [
        ("CONTRIBUTING.md", &[""][..]),
        ("src/lib.rs", &["", "src", "proto"]),
    ] {
        let text = fs::read_to_string(root().join(document)).expect("the document is there");
        // Spans of code only: blocks of it are commands.
        let blocks = text.split("```").step_by(2);
        for path in blocks.flat_map(|block| block.split('`').skip(1).step_by(2)) {
            let is_path = path.contains('/') && !path.contains(|c: char| c.is_whitespace());
            let exists = |folder: &&str| root().join(folder).join(path).exists();
            if is_path && !folders.iter().any(exists) {
                wrong.push(format!("{document}: {path}"));
            }
            found += usize::from(is_path);
        }
    }
    assert!(found > 30, "{found} paths were found");
    none_of("a path in a document leads nowhere", &wrong);
}

#[test]
fn every_fault_is_shown_by_a_test_that_exists() {
    let table = fs::read_to_string(root().join("tests/README.md")).expect("the table is there");
    let rows = table.lines().filter(|line| line.starts_with("| "));
    let rows: Vec<&str> = rows.filter(|line| !line.contains("| test |")).collect();
    let mut wrong = Vec::new();
    for row in &rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let filled = cells.len() == 4 && cells.iter().all(|cell| !cell.trim().is_empty());
        let tests = cells.last().copied().unwrap_or_default().split('`');
        let tests: Vec<&str> = tests.skip(1).step_by(2).collect();
        if !filled || tests.is_empty() {
            wrong.push(format!("four cells and a test: {row}"));
        }
        wrong.extend(
            tests
                .into_iter()
                .filter(|test| !is_a_test(test))
                .map(str::to_owned),
        );
    }
    assert!(rows.len() >= 80, "{} faults", rows.len());
    none_of("the table of faults names what is no test", &wrong);
}

/// Whether `path/of/file.rs::name` is a function below a line that makes a test of it.
fn is_a_test(path: &str) -> bool {
    let Some((file, name)) = path.split_once("::") else {
        return false;
    };
    let text = fs::read_to_string(root().join(file)).unwrap_or_default();
    let begins = format!("fn {name}(");
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let Some(at) = lines.iter().position(|line| line.contains(&begins)) else {
        return false;
    };
    let above = lines[..at].iter().rev();
    let mut attributes = above.take_while(|line| line.starts_with("#["));
    attributes.any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
}

#[test]
fn files_and_functions_stay_short() {
    let mut wrong = Vec::new();
    let mut files = Vec::new();
    let mut functions = Vec::new();
    for source in sources() {
        files.push(source.lines());
        if source.lines() > FILE_CAP {
            wrong.push(format!("{} has {} lines", source.name, source.lines()));
        }
        for (name, length) in source.functions() {
            functions.push(length);
            if length > FUNCTION_CAP {
                wrong.push(format!("{} of {} has {length} lines", name, source.name));
            }
        }
    }
    println!("files: {}", spread(&mut files));
    println!("functions: {}", spread(&mut functions));
    none_of("something is too long", &wrong);
}

fn spread(lengths: &mut [usize]) -> String {
    lengths.sort_unstable();
    let at = |percent: usize| lengths.get((lengths.len() - 1) * percent / 100);
    let [median, p90, max] = [at(50), at(90), at(100)].map(|found| found.copied().unwrap_or(0));
    let count = lengths.len();
    format!("{count}, lines median {median}, p90 {p90}, longest {max}")
}

#[test]
fn every_file_opens_by_saying_what_it_owns() {
    let unsaid = |source: &Source| {
        let lines = source.text.lines();
        lines.take_while(|line| line.starts_with("//! ")).count() == 0
    };
    let wrong: Vec<String> = sources()
        .into_iter()
        .filter(unsaid)
        .map(|s| s.name)
        .collect();
    none_of("a file does not open with //!", &wrong);
}

#[test]
fn what_other_files_may_use_is_explained() {
    let items = [
        "fn", "async", "const", "static", "struct", "enum", "trait", "type",
    ];
    let mut wrong = Vec::new();
    let mut count = 0;
    for source in sources().iter().filter(|source| source.name != "wire.rs") {
        let lines: Vec<&str> = source.text.lines().take(source.lines()).collect();
        for (at, line) in lines.iter().enumerate() {
            // What only its own folder uses may go by its name alone.
            let item = ["pub ", "pub(crate) "]
                .iter()
                .find_map(|visible| line.trim_start().strip_prefix(visible));
            let word = item.and_then(|item| item.split_whitespace().next());
            if word.is_none_or(|word| !items.contains(&word)) {
                continue;
            }
            count += 1;
            if !is_explained(&lines[..at]) {
                wrong.push(format!("{}:{}: {}", source.name, at + 1, line.trim()));
            }
        }
    }
    println!("{} of {count} items explained", count - wrong.len());
    none_of("an item has no sentence", &wrong);
}

/// Whether the lines before an item end in a doc comment with words; attributes between them do not count.
fn is_explained(before: &[&str]) -> bool {
    let mut in_attribute = false;
    for line in before.iter().rev().map(|line| line.trim()) {
        in_attribute |= line.ends_with(")]");
        if line.starts_with("#[") {
            in_attribute = false;
        } else if !in_attribute {
            let words = line.strip_prefix("///").unwrap_or_default();
            return !words.trim().is_empty();
        }
    }
    false
}

#[test]
fn nothing_is_left_for_later_and_nothing_silenced() {
    let marks = ["TODO", "FIXME", "XXX", "HACK"];
    let mut wrong = Vec::new();
    let mut expects = 0;
    let mut lines = 0;
    for source in sources() {
        lines += source.lines();
        expects += source.code.matches(".expect(").count();
        for (at, line) in source.text.lines().enumerate() {
            if let Some(mark) = marks.iter().find(|mark| line.contains(**mark)) {
                wrong.push(format!("{}:{} says {mark}", source.name, at + 1));
            }
        }
        for call in [
            ".unwrap()",
            "todo!(",
            "unimplemented!(",
            "dbg!(",
            "#[allow(",
            "#![allow(",
        ] {
            if source.code.contains(call) && !(source.name == "wire.rs" && call.contains("allow")) {
                wrong.push(format!("{} holds {call}", source.name));
            }
        }
        if source.name.ends_with("mod.rs") {
            wrong.push(format!("{}: modules lie beside their folder", source.name));
        }
    }
    println!("{expects} expects in {lines} lines");
    none_of("something is unfinished or silenced", &wrong);
}

#[test]
fn names_say_what_a_thing_owns() {
    let mut wrong = Vec::new();
    for source in sources() {
        let words = source.code.split(|c: char| !is_word(c));
        let kinds = words.zip(source.code.split(|c: char| !is_word(c)).skip(1));
        for (kind, name) in kinds {
            let is_type = ["struct", "enum", "trait", "type"].contains(&kind);
            let empty = is_type && EMPTY_NAMES.iter().any(|end| name.ends_with(end));
            let chain = kind == "fn" && name.starts_with("handle_");
            if (empty || chain) && !MEANT.contains(&name) {
                wrong.push(format!("{}: {kind} {name}", source.name));
            }
        }
    }
    none_of("a name says nothing", &wrong);
}

#[test]
fn the_reader_of_sources_reads_what_is_meant() {
    assert_eq!(words_of("NextPane"), ["", "next", "pane"]);
    assert_eq!(words_of("LOG_here"), ["", "log", "here"]);
    let text = "fn a() { let s = \"fn b() {\"; } // fn c() {\nfn d(x: &'static str) {\n  '}';\n r#\"}\"#;\n}\n";
    let source = Source {
        name: "app/x.rs".into(),
        text: String::new(),
        code: blank(text),
    };
    assert_eq!(
        source.functions(),
        [("a".to_owned(), 1), ("d".to_owned(), 4)]
    );
    let names = first_names("{model::{A, B}, store, ui::x};");
    assert_eq!(names, ["model", "store", "ui"]);
    let source = Source {
        name: "app/screens/x.rs".into(),
        text: String::new(),
        code: "use super::{a, b::{C, D}}; use crate::app::e; fn f(g: super::super::H) {}".into(),
    };
    let paths: Vec<String> = source.paths().iter().map(|path| path.join("::")).collect();
    assert_eq!(
        paths,
        [
            "app::screens::a",
            "app::screens::b::C",
            "app::screens::b::D",
            "app::e",
            "app::H"
        ]
    );
    let mut report = String::new();
    write!(report, "{:?}", first_names("client::Client")).expect("a string takes it");
    assert_eq!(report, "[\"client\"]");
}
