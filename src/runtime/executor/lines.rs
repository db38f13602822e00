//! Carries out effects about lines of text: for the demo cluster's console, for the parser of the command line, of the log.

use super::Executor;
use crate::app::{Event, RequestId};
use crate::runtime::supervisor::panicked;

impl Executor {
    pub(super) fn console(&self, id: RequestId, line: String) {
        let Some(console) = self.options.console.clone() else {
            let none = "faults are for the demo cluster: start with `liftui demo`";
            return self.send(Event::Console(id, Err(none.to_owned())));
        };
        let outbox = self.outbox.clone();
        let answered = async move { outbox.send(Event::Console(id, console(line).await)).await };
        let failed = Event::Console(id, Err(panicked("running the line").sentence));
        self.spawn_or(&self.token, answered, failed);
    }

    pub(super) fn parse_line(&self, line: String) {
        let (parse, outbox) = (self.options.parse_line, self.outbox.clone());
        let failed = Err(panicked("reading the line").sentence);
        let failed = Event::LineParsed(line.clone(), failed);
        let parsed = async move {
            let task = parse(&line);
            outbox.send(Event::LineParsed(line, task)).await;
        };
        self.spawn_or(&self.token, parsed, failed);
    }

    pub(super) fn read_log(&self) {
        let lines = self.options.log.as_ref().map(|read| read());
        self.send(Event::LogRead(lines.unwrap_or_default()));
    }
}
