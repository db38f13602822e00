//! Values that programs decode: those in sight are asked for, and what comes of them is shown in their place.
//! In a recording and in the past nothing is asked for, as no program runs there.

use super::App;
use super::decoded_values::{DecodedValue, DecodedValues, ValueId, ValueReadings};
use super::effect::Effect;
use super::focus::{Pane, Screen};

impl App {
    /// How the values of messages are read.
    pub(crate) fn value_readings(&self) -> ValueReadings<'_> {
        ValueReadings {
            schemas: &self.context.settings.schemas,
            decoded: self.decoded_values(),
        }
    }

    /// What programs have made of values.
    pub fn decoded_values(&self) -> &DecodedValues {
        self.screens.tails.decoded_values()
    }

    /// Asks for the values that have come into sight, and no longer for those that are out of it.
    pub(super) fn ask_for_values(&mut self) {
        let schemas = &self.context.settings.schemas;
        if !schemas.have_commands() || self.context.playback.is_some() {
            return;
        }
        let (screen, pane) = (self.focus.screen(), self.focus.pane());
        let values = if screen == Screen::Tails {
            self.screens.tails.values_in_sight(schemas)
        } else if pane == Pane::Table {
            self.screens.table.values_in_sight(schemas)
        } else {
            Vec::new()
        };
        if let Some(values) = self.screens.tails.look_at_values(values) {
            self.context.emit(Effect::DecodeValues(values));
        }
    }

    /// A program has answered.
    pub(super) fn on_value_decoded(&mut self, id: ValueId, value: DecodedValue) {
        self.screens.tails.on_value_decoded(id, value);
    }

    /// All that is in sight is decoded anew, by programs that are started anew: they, or what they read, may have changed.
    pub(super) fn decode_anew(&mut self) {
        self.screens.tails.forget_decoded_values();
        if self.context.playback.is_none() {
            self.context.emit(Effect::RestartDecoders);
        }
    }
}
