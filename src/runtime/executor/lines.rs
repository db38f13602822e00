//! Lines: what was typed for the console of the demo cluster or for the parser of the command line, and what was logged.

use super::{Executor, broken};
use crate::app::{Event, RequestId};

impl Executor {
    pub(super) fn console(&self, id: RequestId, line: String) {
        let outbox = self.deps.outbox.clone();
        let Some(console) = self.deps.console.clone() else {
            let none = "faults are for the demo cluster: start with `liftui demo`";
            let answer = async move { outbox.send(Event::Console(id, Err(none.to_owned()))).await };
            return self.spawn(&self.token, answer);
        };
        let answered = async move { outbox.send(Event::Console(id, console(line).await)).await };
        let failed = Event::Console(id, Err(broken().sentence));
        self.spawn_or(&self.token, answered, failed);
    }

    pub(super) fn parse_line(&self, line: String) {
        let (parse, outbox) = (self.deps.parse_line, self.deps.outbox.clone());
        let failed = Event::LineParsed(line.clone(), Err(broken().sentence));
        let parsed = async move {
            let task = parse(&line);
            outbox.send(Event::LineParsed(line, task)).await;
        };
        self.spawn_or(&self.token, parsed, failed);
    }

    pub(super) fn read_log(&self) {
        let lines = self.deps.log.as_ref().map(|read| read());
        let outbox = self.deps.outbox.clone();
        self.spawn(&self.token, async move {
            outbox.send(Event::LogRead(lines.unwrap_or_default())).await;
        });
    }
}
