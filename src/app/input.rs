//! Keys and text: which key means which command, and boxes in which text is typed.

pub mod editor;
pub mod keymap;
pub mod keys;

mod key_hints;
