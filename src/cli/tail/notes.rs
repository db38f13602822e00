//! Sentences that the printer of a tail has for stderr, such as that a field is likely misspelt.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Sentences of the printer, which has no console.
#[derive(Clone, Debug)]
pub(super) struct Notes(UnboundedSender<String>);

impl Notes {
    /// A way for sentences, and its other end.
    pub(super) fn channel() -> (Self, UnboundedReceiver<String>) {
        let (sender, receiver) = unbounded_channel();
        (Self(sender), receiver)
    }

    /// Has the sentence printed, where there is one.
    pub(super) fn print(&self, sentence: Option<String>) {
        if let Some(sentence) = sentence {
            // Whoever would print it has ended.
            let _nobody_prints_it = self.0.send(sentence);
        }
    }
}
