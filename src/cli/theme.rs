//! Which theme is shown: the one of that name or file, in the colours, on the background and in the letters that this
//! terminal has.

use std::io;
use std::path::Path;

use super::exit::{CliError, Result};
use super::private_file;
use crate::ui::Theme;

/// Bytes of a theme at most.
const MOST_THEME: u64 = 1 << 20;

/// The theme that uses none but the colours of the terminal's own palette.
const OF_PALETTE: &str = "ansi";

/// How many colours a terminal knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ColorDepth {
    /// Those of its palette: eight, and eight brighter ones.
    Sixteen,
    /// 256 that are the same on all terminals but for the first sixteen.
    Indexed,
    /// Any.
    Rgb,
}

impl ColorDepth {
    /// What `TERM` and `COLORTERM` say. Terminals that say nothing know 256 nowadays.
    fn of(term: &str, colorterm: &str) -> Self {
        if ["truecolor", "24bit"].contains(&colorterm) || term.ends_with("-direct") {
            return Self::Rgb;
        }
        let is_named = ["linux", "ansi", "cygwin", "xterm-color"].contains(&term);
        let is_counted = term.ends_with("-16color") || term.ends_with("-8color");
        if is_named || is_counted || term.starts_with("vt") {
            return Self::Sixteen;
        }
        Self::Indexed
    }
}

/// The names of themes to choose from: those that come with the program, and the file that the settings name.
pub(super) fn names(configured: &str) -> Vec<String> {
    let built_in = std::iter::once("auto").chain(Theme::names());
    let mut names: Vec<String> = built_in.map(str::to_owned).collect();
    if !names.iter().any(|name| name == configured) {
        names.push(configured.to_owned());
    }
    names
}

/// The theme of that name or file, in colours and glyphs that this terminal has.
pub(super) fn named(name: &str) -> Result<Theme> {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let term = variable("TERM");
    let depth = ColorDepth::of(&term, &variable("COLORTERM"));
    let name = resolve(name, &variable("COLORFGBG"), depth);
    let mut theme = match Theme::named(name) {
        Some(theme) => theme,
        None => read(Path::new(name))?,
    };
    if depth != ColorDepth::Rgb {
        theme = theme.in_256_colors();
    }
    let locale = locale().to_ascii_lowercase();
    let utf8 = locale.is_empty() || locale.contains("utf-8") || locale.contains("utf8");
    let bare = ["linux", "dumb"].contains(&term.as_str());
    Ok(if bare || !utf8 { theme.ascii() } else { theme })
}

/// The name of the theme that this terminal can show: `auto` goes by its background, and where it knows sixteen colours only,
/// the themes that come with the program are the one of its palette.
fn resolve<'a>(name: &'a str, background: &str, depth: ColorDepth) -> &'a str {
    let name = match name {
        "auto" if background.ends_with(";15") || background.ends_with(";7") => "light",
        "auto" => "dark",
        name => name,
    };
    let has_colors = name != "none" && Theme::names().any(|built_in| built_in == name);
    if has_colors && depth == ColorDepth::Sixteen {
        return OF_PALETTE;
    }
    name
}

/// The locale of what is typed and shown; empty where none is set.
pub(super) fn locale() -> String {
    let mut variables = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok());
    let locale = variables.find(|value| !value.is_empty());
    locale.unwrap_or_default()
}

fn read(path: &Path) -> Result<Theme> {
    let names = Theme::names().collect::<Vec<_>>().join(", ");
    let text = private_file::read_file_within(path, MOST_THEME).and_then(|bytes| {
        let text = String::from_utf8(bytes);
        text.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    });
    let text = text.map_err(|error| {
        CliError::usage(format!(
            "theme \"{}\" is none of auto, {names}, and no file that can be read: {error}",
            path.display()
        ))
    })?;
    let theme = Theme::parse(&text);
    theme.map_err(|why| CliError::usage(format!("theme {}: {why}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_without_an_end_is_refused_with_a_sentence() {
        let sentence = named("/dev/zero").unwrap_err().sentence.unwrap();
        assert!(sentence.contains("it holds more than"), "{sentence}");
    }

    #[test]
    fn a_terminal_of_sixteen_colours_is_shown_those_of_its_palette() {
        for (term, colorterm, depth) in [
            ("xterm-256color", "truecolor", ColorDepth::Rgb),
            ("xterm-direct", "", ColorDepth::Rgb),
            ("linux", "", ColorDepth::Sixteen),
            ("vt220", "", ColorDepth::Sixteen),
            ("xterm-16color", "", ColorDepth::Sixteen),
            ("screen", "", ColorDepth::Indexed),
            ("xterm", "", ColorDepth::Indexed),
            ("", "", ColorDepth::Indexed),
        ] {
            assert_eq!(ColorDepth::of(term, colorterm), depth, "{term} {colorterm}");
        }
        assert_eq!(resolve("auto", "0;15", ColorDepth::Indexed), "light");
        assert_eq!(resolve("auto", "", ColorDepth::Rgb), "dark");
        for name in ["auto", "dark", "light", "deuteranopia", "ansi"] {
            assert_eq!(resolve(name, "", ColorDepth::Sixteen), "ansi", "{name}");
        }
        for name in ["none", "own.toml"] {
            assert_eq!(resolve(name, "", ColorDepth::Sixteen), name);
        }
    }
}
