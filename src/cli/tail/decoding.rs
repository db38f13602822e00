//! Values of rows that a program decodes: the thread that prints asks, and waits for the task that has the programs.
//! A value that is not decoded is shown as it is stored; the first one of each program is reported, the others are counted.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::notes::Notes;
use crate::app::{DecodedValue, DecoderCommand};
use crate::model::counted;
use crate::runtime::value_decoder::ValueDecoder;
use crate::store::MessageRef;

/// A value that is to be decoded.
struct ValueRequest {
    command: Arc<DecoderCommand>,
    value: Vec<u8>,
    answer: oneshot::Sender<DecodedValue>,
}

/// The end of the thread that prints.
pub(super) struct RowDecoder {
    requests: mpsc::Sender<ValueRequest>,
    /// Two sentences of each program at most.
    notes: Notes,
    /// How many values each program did not decode.
    failed: HashMap<Arc<DecoderCommand>, u64>,
}

/// The end of the task that has the programs. Dropping it ends them.
pub(super) struct DecoderTask {
    requests: mpsc::Receiver<ValueRequest>,
    decoders: HashMap<Arc<DecoderCommand>, ValueDecoder>,
}

/// Both ends; what is to be said on standard error goes to `notes`.
pub(super) fn row_decoder(notes: Notes) -> (RowDecoder, DecoderTask) {
    let (requests, asked) = mpsc::channel(1);
    let decoder = RowDecoder {
        requests,
        notes,
        failed: HashMap::new(),
    };
    let task = DecoderTask {
        requests: asked,
        decoders: HashMap::new(),
    };
    (decoder, task)
}

impl DecoderTask {
    /// Has values decoded, one after the other, for ever.
    pub(super) async fn run(mut self) -> std::convert::Infallible {
        while let Some(request) = self.requests.recv().await {
            let command = request.command;
            let decoder = self.decoders.entry(Arc::clone(&command));
            let decoder = decoder.or_insert_with(|| ValueDecoder::new(command));
            let value = decoder.decode(&request.value).await;
            // Whoever asked may have ended.
            let _ = request.answer.send(value);
        }
        std::future::pending().await
    }
}

impl RowDecoder {
    /// What the program makes of the value of a message; `None` where that is nothing.
    pub(super) fn decode(
        &mut self,
        command: &Arc<DecoderCommand>,
        message: &MessageRef<'_>,
    ) -> Option<Arc<str>> {
        let (answer, answered) = oneshot::channel();
        let request = ValueRequest {
            command: Arc::clone(command),
            value: message.value().to_vec(),
            answer,
        };
        self.requests.blocking_send(request).ok()?;
        match answered.blocking_recv().ok()? {
            Ok(text) => Some(text),
            Err(why) => {
                let failed = self.failed.entry(Arc::clone(command)).or_default();
                *failed += 1;
                if *failed == 1 {
                    let (name, place) = (command.name(), message.id());
                    self.notes.print(Some(format!(
                        "{place}: {name}: {why}; a value that it does not decode is shown as it is stored"
                    )));
                }
                None
            }
        }
    }

    /// Says at the end how many values were not decoded, where that is more than what was said already.
    pub(super) fn finish(&mut self) {
        for (command, failed) in std::mem::take(&mut self.failed) {
            if failed > 1 {
                let values = counted(failed, "value");
                let sentence = format!("{} did not decode {values}", command.name());
                self.notes.print(Some(sentence));
            }
        }
    }
}
