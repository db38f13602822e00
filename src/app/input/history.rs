//! Lines accepted before in a text box, and how far back in them a text box is.

/// Lines accepted before, the oldest first.
#[derive(Clone, Debug)]
pub(in crate::app) struct History {
    lines: Vec<String>,
    limit: usize,
}

impl History {
    /// A history that remembers so many lines.
    pub(in crate::app) fn new(limit: usize) -> Self {
        let lines = Vec::new();
        Self { lines, limit }
    }

    /// A history that begins with these lines, the oldest first, and remembers as many as there is room for.
    pub(in crate::app) fn of(lines: &[String], limit: usize) -> Self {
        let mut history = Self::new(limit);
        for line in lines {
            history.add(line);
        }
        history
    }

    /// Adds a line; one that is there already becomes the newest.
    pub(in crate::app) fn add(&mut self, line: &str) {
        self.lines.retain(|before| before != line);
        self.lines.push(line.to_owned());
        let surplus = self.lines.len().saturating_sub(self.limit);
        self.lines.drain(..surplus);
    }
}

/// How far back in the history a text box is.
#[derive(Clone, Debug, Default)]
pub(in crate::app) struct Recall {
    /// How many lines back; 0 is the line being typed.
    back: usize,
    typed: String,
}

impl Recall {
    /// The line before the recalled one, or the one after it; beyond the newest stands what was being typed. `None`:
    /// there is no such line.
    pub(in crate::app) fn step<'a>(
        &'a mut self,
        older: bool,
        history: &'a History,
        text: String,
    ) -> Option<&'a str> {
        if self.back == 0 {
            self.typed = text;
        }
        let back = if older {
            self.back + 1
        } else {
            self.back.checked_sub(1)?
        };
        let line = match back.checked_sub(1) {
            None => &self.typed,
            Some(steps) => history.lines.iter().rev().nth(steps)?,
        };
        self.back = back;
        Some(line)
    }

    /// The line was edited: it is the one being typed from now on.
    pub(in crate::app) fn reset(&mut self) {
        self.back = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_and_go_again_down_to_what_was_typed() {
        let mut history = History::new(2);
        for line in ["zero", "one", "two", "one"] {
            history.add(line);
        }
        let mut recall = Recall::default();
        let mut text = "thr".to_owned();
        for (older, expected) in [
            (true, Some("one")),
            (true, Some("two")),
            (true, None),
            (false, Some("one")),
            (false, Some("thr")),
            (false, None),
        ] {
            let found = recall.step(older, &history, text.clone());
            assert_eq!(found, expected, "{older}");
            text = found.map_or(text, str::to_owned);
        }
    }
}
