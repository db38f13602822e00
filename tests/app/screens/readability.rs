//! What holds of a frame in every theme: it says the same, and what it says can be read on the background it stands on.

use std::sync::LazyLock;

use liftui::ui::Theme;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier, Style};

use crate::world::World;

use super::{draw, text};

type Rgb = (u8, u8, u8);

/// How much lighter or darker than its background text is at least, by the formula of WCAG 2: 3 is its least for large text.
const LEAST: f64 = 3.0;
/// The same for what stands back on purpose: zeros, empty places, histories.
const LEAST_FAINT: f64 = 2.0;

/// The colours of a terminal that has not been told any: text, and what it stands on. Not black: that would be easier.
const DARK: (Rgb, Rgb) = ((0xd4, 0xd4, 0xd4), (0x1e, 0x1e, 0x1e));
const LIGHT: (Rgb, Rgb) = ((0x1a, 0x1a, 0x1a), (0xff, 0xff, 0xff));

struct Look {
    name: &'static str,
    theme: Theme,
    /// `None` where the terminal's palette decides.
    terminal: Option<(Rgb, Rgb)>,
}

/// Every theme, and those with shades also as terminals of 256 colours show them.
static LOOKS: LazyLock<Vec<Look>> = LazyLock::new(|| {
    let mut looks = Vec::new();
    for (name, terminal) in [
        ("dark", Some(DARK)),
        ("light", Some(LIGHT)),
        ("deuteranopia", Some(DARK)),
        ("ansi", None),
        ("none", None),
    ] {
        let theme = Theme::named(name).expect("it comes with the program");
        if terminal.is_some() {
            let theme = theme.clone().in_256_colors();
            looks.push(Look {
                name,
                theme,
                terminal,
            });
        }
        looks.push(Look {
            name,
            theme,
            terminal,
        });
    }
    looks
});

/// Draws the same in every theme.
pub(super) fn in_every_theme(world: &World, (width, height): (u16, u16), expected: &str) {
    for look in LOOKS.iter() {
        let name = look.name;
        let buffer = draw(&world.app, width, height, &look.theme).1;
        assert_eq!(text(&buffer), expected, "in the theme {name}");
        for at in buffer.area.positions() {
            let cell = &buffer[at];
            let Some(terminal) = look.terminal else {
                assert!(is_of_palette(cell), "{name}: {cell:?} at {at}");
                continue;
            };
            let (contrast, least) = (contrast(cell, terminal), least(cell, &look.theme));
            assert!(
                cell.symbol().trim().is_empty() || contrast >= least,
                "{name}: {:?} at {at} has a contrast of {contrast:.2}, {cell:?} in\n{expected}",
                row_of(&buffer, at.y)
            );
        }
    }
}

fn row_of(buffer: &Buffer, y: u16) -> String {
    let cells = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol());
    cells.collect::<String>().trim().to_owned()
}

fn is_of_palette(cell: &Cell) -> bool {
    let has_shade = |color| matches!(color, Color::Rgb(..) | Color::Indexed(_));
    !has_shade(cell.fg) && !has_shade(cell.bg)
}

/// Lines between panes need not be read.
fn least(cell: &Cell, theme: &Theme) -> f64 {
    let is = |style: Style| style.fg == Some(cell.fg);
    if is(theme.line) {
        1.0
    } else if is(theme.faint) || is(theme.spark) {
        LEAST_FAINT
    } else {
        LEAST
    }
}

fn contrast(cell: &Cell, (text, ground): (Rgb, Rgb)) -> f64 {
    let (mut fg, mut bg) = (rgb(cell.fg).unwrap_or(text), rgb(cell.bg).unwrap_or(ground));
    if cell.modifier.contains(Modifier::REVERSED) {
        (fg, bg) = (bg, fg);
    }
    let (one, other) = (luminance(fg), luminance(bg));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance((red, green, blue): Rgb) -> f64 {
    let linear = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.039_28 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

/// The colour, where a theme names one that is the same on all terminals.
fn rgb(color: Color) -> Option<Rgb> {
    if let Color::Rgb(red, green, blue) = color {
        return Some((red, green, blue));
    }
    let Color::Indexed(index) = color else {
        assert_eq!(color, Color::Reset, "it is another one on each terminal");
        return None;
    };
    if index >= 232 {
        let shade = 8 + (index - 232) * 10;
        return Some((shade, shade, shade));
    }
    let cube = index.checked_sub(16).expect("the first 16 are no theme's");
    let level = |step: u8| if step == 0 { 0 } else { 55 + step * 40 };
    Some((level(cube / 36), level(cube / 6 % 6), level(cube % 6)))
}
