//! Keys and text: which key means which command, boxes in which text is typed, lines typed before.

pub(super) mod burst_guard;
pub(crate) mod editor;
pub(super) mod history;
pub(super) mod key_hints;
pub(super) mod keyboard_layouts;
pub(crate) mod keymap;
pub(crate) mod keys;
