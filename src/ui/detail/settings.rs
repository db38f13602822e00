//! Every setting with its value and where that came from.

use super::Line;
use crate::app::{SettingOrigin, Settings};
use crate::ui::format;
use crate::ui::painter::span;
use crate::ui::theme::Theme;

/// Columns of names and of values at most: what is longer pushes what follows aside.
const MOST: [usize; 2] = [32, 40];

/// Every setting, those first that were set by somebody.
pub(super) fn settings_detail(settings: &Settings, theme: &Theme) -> Vec<Line> {
    let width = |most: usize, text: fn(&SettingOrigin) -> &str| {
        let lengths = settings.origins.iter().map(|one| format::width(text(one)));
        lengths.filter(|width| *width <= most).max().unwrap_or(0)
    };
    let [most_name, most_value] = MOST;
    let name = width(most_name, |one| &one.setting);
    let value = width(most_value, |one| &one.value);
    let line = |one: &SettingOrigin| {
        let is_default = one.from == "default";
        let (own, other) = if is_default {
            (theme.muted, theme.muted)
        } else {
            (theme.text, theme.title)
        };
        let shown = if one.value.is_empty() {
            "-"
        } else {
            &one.value
        };
        Line(vec![
            span(format!("{}  ", format::pad(&one.setting, name)), other),
            span(format!("{}  ", format::pad(shown, value)), own),
            span(one.from.clone(), theme.muted),
        ])
    };
    let (of_default, of_somebody): (Vec<_>, Vec<_>) = settings
        .origins
        .iter()
        .partition(|one| one.from == "default");
    let mut lines: Vec<Line> = of_somebody.into_iter().map(line).collect();
    if !of_default.is_empty() {
        lines.push(Line::gap());
        lines.extend(of_default.into_iter().map(line));
    }
    lines
}
