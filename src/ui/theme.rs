//! How things look, by what they mean: styles from `assets/themes`, glyphs with an ASCII fallback.
//!
//! Panes name meanings; only this file and the theme files name colours.

use std::collections::BTreeMap;
use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};

use crate::app::Level;
use crate::model::nearest;

/// The themes that come with the program, and their files.
const BUILT_IN: [(&str, &str); 5] = [
    ("dark", include_str!("../../assets/themes/dark.toml")),
    ("light", include_str!("../../assets/themes/light.toml")),
    (
        "deuteranopia",
        include_str!("../../assets/themes/deuteranopia.toml"),
    ),
    ("ansi", include_str!("../../assets/themes/ansi.toml")),
    ("none", include_str!("../../assets/themes/none.toml")),
];

macro_rules! theme {
    ($( $(#[doc = $about:literal])+ $field:ident = $name:literal, )+) => {
        /// Styles by meaning, and the glyphs beside them.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Theme {
            $( $(#[doc = $about])+ pub $field: Style, )+
            /// The signs that stand beside colours.
            pub glyphs: Glyphs,
        }

        impl Theme {
            const NAMES: &'static [&'static str] = &[$( $name, )+];

            fn from_styles(styles: &BTreeMap<String, Style>) -> Self {
                let style = |name: &str| styles.get(name).copied().unwrap_or_default();
                Self { $( $field: style($name), )+ glyphs: Glyphs::UNICODE }
            }

            fn each(&mut self, change: impl Fn(&mut Style)) {
                $( change(&mut self.$field); )+
            }
        }
    };
}

theme! {
    /// What is read.
    text = "text",
    /// What stands behind what is read: labels, units, old values.
    muted = "muted",
    /// What is hardly read: missing members of a list, empty places.
    faint = "faint",
    /// Lines between panes.
    line = "line",
    /// Titles of panes without the focus.
    title = "title",
    /// What has the focus.
    focus = "focus",
    /// Heads of columns.
    head = "head",
    /// As it should be.
    good = "good",
    /// Degraded, or about to break.
    degraded = "degraded",
    /// Broken now.
    broken = "broken",
    /// What nobody can know.
    unknown = "unknown",
    /// Paused.
    paused = "paused",
    /// Readonly.
    readonly = "readonly",
    /// The selected row of the pane in focus.
    chosen = "chosen",
    /// The selected row of another pane.
    chosen_elsewhere = "chosen_elsewhere",
    /// Marked rows.
    marked = "marked",
    /// Keys in the footer and in help.
    key = "key",
    /// Text being typed.
    input = "input",
    /// Letters that were looked for.
    matched = "match",
    /// The program's name.
    brand = "brand",
    /// A button.
    button = "button",
    /// The button in focus.
    button_focus = "button_focus",
    /// Histories.
    spark = "spark",
    /// Names of JSON fields.
    json_key = "json_key",
    /// JSON strings.
    json_string = "json_string",
    /// JSON numbers.
    json_number = "json_number",
    /// `true`, `false`, `null`.
    json_literal = "json_literal",
}

impl Default for Theme {
    fn default() -> Self {
        Self::named("dark").expect("the built-in themes are sound: a test reads them")
    }
}

impl Theme {
    /// The names of the themes that come with the program.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// The theme of that name that comes with the program.
    pub fn named(name: &str) -> Option<Self> {
        let (_, text) = BUILT_IN.iter().find(|(built_in, _)| *built_in == name)?;
        Self::parse(text).ok()
    }

    /// Reads a theme: a style a line. Styles that are left out are the terminal's own.
    ///
    /// # Errors
    /// One sentence that names what is unknown.
    pub fn parse(text: &str) -> Result<Self, String> {
        let table: BTreeMap<String, String> =
            toml::from_str(text).map_err(|error| format!("the theme cannot be read: {error}"))?;
        let mut styles = BTreeMap::new();
        for (name, words) in table {
            if !Self::NAMES.contains(&name.as_str()) {
                let hint = nearest(&name, Self::NAMES.iter().copied());
                let hint = hint.map(|near| format!("; did you mean \"{near}\"?"));
                return Err(format!(
                    "the theme names no \"{name}\"{}",
                    hint.unwrap_or_default()
                ));
            }
            let style =
                parse_style(&words).map_err(|why| format!("{name} = \"{words}\": {why}"))?;
            styles.insert(name, style);
        }
        Ok(Self::from_styles(&styles))
    }

    /// The title of a pane, which may have the focus.
    pub(super) fn title_style(&self, focused: bool) -> Style {
        if focused { self.focus } else { self.title }
    }

    /// Which time it is where that is not now: it stands out without colours too.
    pub(super) fn past(&self) -> Style {
        self.focus.add_modifier(Modifier::REVERSED)
    }

    /// A notice of that level.
    pub(super) fn level_style(&self, level: Level) -> Style {
        match level {
            Level::Note => self.text,
            Level::Warning => self.degraded,
            Level::Error => self.broken,
        }
    }

    /// The theme with lines and name in a context's colour, so that nobody mistakes the cluster. A colour that is
    /// none changes nothing: the config file is checked when it is read.
    #[must_use]
    pub(super) fn framed(&self, name: Option<&str>) -> Self {
        let mut framed = self.clone();
        if let Some(color) = name.and_then(|name| color(name).ok()) {
            framed.line = framed.line.fg(color);
            framed.brand = framed.brand.fg(color).add_modifier(Modifier::REVERSED);
        }
        framed
    }

    /// The theme with glyphs that every terminal has.
    #[must_use]
    pub fn ascii(mut self) -> Self {
        self.glyphs = Glyphs::ASCII;
        self
    }

    /// The theme in the 256 colours of terminals that know no others.
    #[must_use]
    pub fn in_256_colors(mut self) -> Self {
        self.each(|style| {
            style.fg = style.fg.map(indexed);
            style.bg = style.bg.map(indexed);
        });
        self
    }
}

fn parse_style(words: &str) -> Result<Style, String> {
    let mut style = Style::new();
    let mut words = words.split_whitespace();
    while let Some(word) = words.next() {
        style = match word {
            "bold" => style.add_modifier(Modifier::BOLD),
            "dim" => style.add_modifier(Modifier::DIM),
            "italic" => style.add_modifier(Modifier::ITALIC),
            "underlined" => style.add_modifier(Modifier::UNDERLINED),
            "reversed" => style.add_modifier(Modifier::REVERSED),
            "on" => style.bg(color(words.next().unwrap_or_default())?),
            name => style.fg(color(name)?),
        };
    }
    Ok(style)
}

/// A colour by name or as `#rrggbb`, or one sentence that names the text.
fn color(text: &str) -> Result<Color, String> {
    Color::from_str(text).map_err(|_unnamed| format!("\"{text}\" is no colour; try red or #ff8800"))
}

/// The nearest of the 216 colours of the xterm cube, or of its 24 greys.
fn indexed(color: Color) -> Color {
    let Color::Rgb(red, green, blue) = color else {
        return color;
    };
    let step = |value: u8| {
        if value < 48 {
            0
        } else {
            (value.max(75) - 35) / 40
        }
    };
    let level = |step: u8| if step == 0 { 0 } else { 55 + step * 40 };
    let (r, g, b) = (step(red), step(green), step(blue));
    let cube = distance((red, green, blue), (level(r), level(g), level(b)));
    let mean = (u16::from(red) + u16::from(green) + u16::from(blue)) / 3;
    let grey = u8::try_from(mean.saturating_sub(3) / 10)
        .unwrap_or(23)
        .min(23);
    let shade = 8 + grey * 10;
    if distance((red, green, blue), (shade, shade, shade)) < cube {
        Color::Indexed(232 + grey)
    } else {
        Color::Indexed(16 + 36 * r + 6 * g + b)
    }
}

fn distance(one: (u8, u8, u8), other: (u8, u8, u8)) -> u32 {
    let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    square(one.0, other.0) + square(one.1, other.1) + square(one.2, other.2)
}

/// Signs that stand beside colours, so that no meaning hangs on colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// As it should be.
    pub good: &'static str,
    /// Degraded.
    pub degraded: &'static str,
    /// Broken.
    pub broken: &'static str,
    /// Unknown.
    pub unknown: &'static str,
    /// Paused.
    pub paused: &'static str,
    /// Readonly.
    pub readonly: &'static str,
    /// In front of the selected row.
    pub chosen: &'static str,
    /// In front of a marked row.
    pub marked: &'static str,
    /// In front of a message that a cursor stands at.
    pub cursor: &'static str,
    /// In front of a favourite's name.
    pub favourite: &'static str,
    /// Between panes that stand side by side, and between parts of the header.
    pub divider: &'static str,
    /// Between panes that stand one above the other.
    pub line: &'static str,
    /// Where text was cut.
    pub cut: &'static str,
    /// Between words of one line.
    pub dot: &'static str,
    /// Beside a message that came after newer ones.
    pub late: &'static str,
    /// In front of how far a value may be off.
    pub within: &'static str,
    /// What leads to what.
    pub arrow: &'static str,
    /// No value.
    pub none: &'static str,
    /// Sorted upwards, downwards.
    pub sorted: [&'static str; 2],
    /// A folded JSON node, an unfolded one.
    pub fold: [&'static str; 2],
    /// The corners of a box: top left, top right, bottom left, bottom right.
    pub corners: [&'static str; 4],
    /// The upright side of a box.
    pub side: &'static str,
    /// Histories, from low to high.
    pub spark: [&'static str; 8],
    /// Turns while something is awaited.
    pub spinner: [&'static str; 4],
}

impl Glyphs {
    /// For terminals that show Unicode.
    pub const UNICODE: Self = Self {
        good: "●",
        degraded: "▲",
        broken: "✖",
        unknown: "○",
        paused: "❚❚",
        readonly: "∅",
        chosen: "▸",
        marked: "◆",
        cursor: "◂",
        favourite: "★",
        divider: "▏",
        line: "─",
        cut: "…",
        dot: "·",
        late: "↥",
        within: "±",
        arrow: "→",
        none: "–",
        sorted: ["↑", "↓"],
        fold: ["▸", "▾"],
        corners: ["┌", "┐", "└", "┘"],
        side: "│",
        spark: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
        spinner: ["◐", "◓", "◑", "◒"],
    };

    /// For those that do not.
    pub const ASCII: Self = Self {
        good: "+",
        degraded: "!",
        broken: "x",
        unknown: "?",
        paused: "P",
        readonly: "R",
        chosen: ">",
        marked: "*",
        cursor: "<",
        favourite: "*",
        divider: "|",
        line: "-",
        cut: "~",
        dot: "-",
        late: "^",
        within: "~",
        arrow: "->",
        none: "-",
        sorted: ["^", "v"],
        fold: [">", "v"],
        corners: ["+", "+", "+", "+"],
        side: "|",
        spark: ["_", "_", ".", ".", "-", "-", "=", "#"],
        spinner: ["|", "/", "-", "\\"],
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_theme_names_every_meaning() {
        for (name, text) in BUILT_IN {
            let table: BTreeMap<String, String> = toml::from_str(text).unwrap();
            let named: Vec<&str> = table.keys().map(String::as_str).collect();
            let mut wanted = Theme::NAMES.to_vec();
            wanted.sort_unstable();
            assert_eq!(named, wanted, "{name}");
            Theme::parse(text).unwrap();
        }
    }

    #[test]
    fn the_theme_without_colour_has_none() {
        let mut theme = Theme::named("none").unwrap();
        theme.each(|style| assert_eq!((style.fg, style.bg), (None, None)));
    }

    #[test]
    fn what_is_unknown_is_named() {
        let error = Theme::parse("focsu = \"red\"").unwrap_err();
        assert!(error.contains("did you mean \"focus\""), "{error}");
        let error = Theme::parse("focus = \"bold rde\"").unwrap_err();
        assert!(error.contains("\"rde\""), "{error}");
    }

    #[test]
    fn true_colours_become_near_ones_of_256() {
        assert_eq!(indexed(Color::Rgb(255, 0, 0)), Color::Indexed(196));
        assert_eq!(indexed(Color::Rgb(128, 128, 128)), Color::Indexed(244));
        assert_eq!(indexed(Color::Red), Color::Red);
    }
}
