//! All that is known of a message but its value: where and when it was stored, its sizes, its headers.

use super::{Line, TextBuilder};
use crate::app::App;
use crate::model::sanitise;
use crate::store::{PinnedMessage, header_text};
use crate::ui::format;
use crate::ui::labels;
use crate::ui::theme::Theme;

/// Characters of each end of a key.
const KEY: usize = 2_048;

/// The lines about a message.
pub(super) fn message_detail(pinned: &PinnedMessage, app: &App, theme: &Theme) -> Vec<Line> {
    let message = pinned.message();
    let mut text = TextBuilder::new(theme);
    let time = app.times().date(message.timestamp());
    let ago = format::ago(message.timestamp(), app.now());
    text.pair("time", format!("{time}  {ago} ago"));
    text.pair("size", labels::sizes(&message, theme));
    text.pair("value", format::bytes_len(message.value().len()));
    let key = sanitise::both_ends(message.key(), KEY);
    text.pair(
        "key",
        if key.is_empty() {
            theme.glyphs.none
        } else {
            &key
        },
    );
    text.pair("subject", message.subject());
    if !message.reply_subject().is_empty() {
        text.pair("reply", message.reply_subject());
    }
    if message.publisher_headers().next().is_some() {
        text.head("headers");
    }
    for (name, value) in message.publisher_headers() {
        text.pair(&format!("{name}  "), header_text(value));
    }
    text.lines
}
