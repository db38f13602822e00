//! The tasks of programs that decode values: one for each program, which has one value at a time.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Executor;
use crate::app::{DecoderCommand, Event, ValueToDecode};
use crate::runtime::channels::EventSender;
use crate::runtime::supervisor::panicked;
use crate::runtime::value_decoder::ValueDecoder;

/// A program's task.
struct RunningDecoder {
    /// The values that are wanted, the first one first.
    wanted: watch::Sender<VecDeque<ValueToDecode>>,
    token: CancellationToken,
}

/// The programs that were needed so far.
#[derive(Default)]
pub(super) struct Decoders(HashMap<Arc<DecoderCommand>, RunningDecoder>);

impl Executor {
    /// These values are wanted from now on, and no others.
    pub(super) fn decode_values(&mut self, values: Vec<ValueToDecode>) {
        let mut wanted: HashMap<Arc<DecoderCommand>, VecDeque<ValueToDecode>> = HashMap::new();
        for value in values {
            let of_program = wanted.entry(Arc::clone(&value.command)).or_default();
            of_program.push_back(value);
        }
        // One that broke is begun anew.
        self.decoders
            .0
            .retain(|_, running| !running.token.is_cancelled());
        for (command, running) in &self.decoders.0 {
            running
                .wanted
                .send_replace(wanted.remove(command).unwrap_or_default());
        }
        for (command, values) in wanted {
            let (sender, receiver) = watch::channel(values);
            let work = run(Arc::clone(&command), receiver, self.outbox.clone());
            let token = self.spawn_cancellable(work, Event::Failed(panicked("decoding values")));
            let running = RunningDecoder {
                wanted: sender,
                token,
            };
            self.decoders.0.insert(command, running);
        }
    }

    /// Ends all programs.
    pub(super) fn restart_decoders(&mut self) {
        for (_, running) in self.decoders.0.drain() {
            running.token.cancel();
        }
    }
}

/// Has the program decode what is wanted, as long as anybody may want anything. Dropping this ends the program.
async fn run(
    command: Arc<DecoderCommand>,
    mut wanted: watch::Receiver<VecDeque<ValueToDecode>>,
    outbox: EventSender,
) {
    let mut decoder = ValueDecoder::new(command);
    let mut queue = wanted.borrow_and_update().clone();
    loop {
        if wanted.has_changed().unwrap_or(false) {
            queue.clone_from(&wanted.borrow_and_update());
        }
        let Some(next) = queue.pop_front() else {
            if wanted.changed().await.is_err() {
                return;
            }
            queue.clone_from(&wanted.borrow_and_update());
            continue;
        };
        let value = decoder.decode(next.value.bytes()).await;
        outbox.send(Event::ValueDecoded(next.id, value)).await;
    }
}
