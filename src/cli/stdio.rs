//! What a command reads from and writes to: handed in, so that tests can read them.
//! The only place that touches the process's own streams.

use std::fmt;
use std::io::{self, IsTerminal, Read, Write};

use tokio::task::spawn_blocking;

use super::escaped_output::EscapedOutput;
use crate::model::{sanitise, without_asides};
use crate::store::{Query, QueryFieldCheck};

/// How often a pipe is asked whether somebody reads it.
#[cfg(unix)]
const READER_CHECKED_EVERY: std::time::Duration = std::time::Duration::from_millis(100);

/// Bytes of an answer at most: names of streams are shorter.
const MAX_ANSWER: usize = 64 * 1024;

/// The streams of a process and what they are.
pub struct Stdio {
    /// Standard output: data where it is a pipe or a file.
    pub out: EscapedOutput,
    /// Standard error: always for eyes, sooner or later.
    pub err: EscapedOutput,
    /// Standard input.
    pub input: Box<dyn Read + Send>,
    /// Whether standard output is a terminal.
    pub out_is_terminal: bool,
    /// Whether standard error is a terminal.
    pub err_is_terminal: bool,
    /// Whether standard input is a terminal.
    pub in_is_terminal: bool,
}

/// Standard output, whose errors say whose they are: they come up far from where it was written to.
struct StandardOutput(io::Stdout);

impl Write for StandardOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .write(bytes)
            .map_err(|error| of_standard_output(&error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(|error| of_standard_output(&error))
    }
}

fn of_standard_output(error: &io::Error) -> io::Error {
    let sentence = format!("standard output could not be written: {error}");
    io::Error::new(error.kind(), sentence)
}

impl Stdio {
    /// The streams of this process.
    pub fn of_process() -> Self {
        let out_is_terminal = io::stdout().is_terminal();
        let out = EscapedOutput::new(Box::new(StandardOutput(io::stdout())), out_is_terminal);
        let size = crossterm::terminal::size().ok();
        let size = size.filter(|(columns, _)| out_is_terminal && *columns > 0);
        let columns = size.map(|(columns, _)| usize::from(columns));
        Self {
            out: out.with_columns(columns),
            err: EscapedOutput::new(Box::new(io::stderr()), true),
            input: Box::new(io::stdin()),
            out_is_terminal,
            err_is_terminal: io::stderr().is_terminal(),
            in_is_terminal: io::stdin().is_terminal(),
        }
    }

    /// Asks on standard error, and returns the line that is answered. A thread of its own waits for it, so that SIGINT ends
    /// the question.
    pub(crate) async fn ask(&mut self, question: &str) -> io::Result<String> {
        self.err.write_all(sanitise::line(question).as_bytes())?;
        self.err.flush()?;
        let mut input = std::mem::replace(&mut self.input, Box::new(io::empty()));
        let answer = spawn_blocking(move || {
            let line = read_line(&mut input);
            (input, line)
        });
        let (input, line) = answer.await?;
        self.input = input;
        line
    }

    /// Writes one line to standard error, without the numbers that the standard library puts behind what the system says. Where even that fails there is nowhere left to report it.
    pub(crate) fn print_error(&mut self, sentence: &str) {
        self.print_paragraph(&sanitise::line(&without_asides(sentence, " (os error ")));
    }

    /// Says on standard error where a query is likely to be meant otherwise.
    pub(crate) fn print_hint(&mut self, query: Option<&Query>) {
        if let Some(hint) = query.and_then(Query::hint) {
            self.print_error(&hint);
        }
    }

    /// Says which field of a query is likely misspelt, after a reading in which the query found so many messages.
    pub(crate) fn print_mistake(&mut self, check: &mut QueryFieldCheck, found: u64) {
        if let Some(mistake) = check.last(found) {
            self.print_error(&mistake);
        }
    }

    /// Writes lines of our own to standard error.
    pub(crate) fn print_paragraph(&mut self, text: &str) {
        let _nobody_reads = writeln!(self.err, "{text}").and_then(|()| self.err.flush());
    }
}

/// Ends when standard output is a pipe that nobody reads any more: who follows a quiet stream would write nothing for hours,
/// and so not learn of it.
#[cfg(unix)]
pub(crate) async fn reader_left() {
    use rustix::event::{PollFd, PollFlags, Timespec};
    let mut ticks = tokio::time::interval(READER_CHECKED_EVERY);
    loop {
        ticks.tick().await;
        let out = io::stdout();
        let mut asked = [PollFd::new(&out, PollFlags::empty())];
        let at_once = Timespec::default();
        let found = rustix::event::poll(&mut asked, Some(&at_once));
        if found.is_ok_and(|found| found > 0) && asked[0].revents().contains(PollFlags::ERR) {
            return;
        }
    }
}

/// Elsewhere a pipe tells it only to who writes.
#[cfg(not(unix))]
pub(crate) async fn reader_left() {
    std::future::pending::<()>().await;
}

/// Reads a line and not a byte more: what follows it answers the next question.
fn read_line(input: &mut dyn Read) -> io::Result<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.len() < MAX_ANSWER && input.read(&mut byte)? > 0 && byte != *b"\n" {
        line.extend(byte);
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}

impl fmt::Debug for Stdio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stdio")
            .field("out_is_terminal", &self.out_is_terminal)
            .field("in_is_terminal", &self.in_is_terminal)
            .finish_non_exhaustive()
    }
}
