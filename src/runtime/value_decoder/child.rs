//! The process of a decoder and what goes through its pipes.
//!
//! In goes a frame for each value: its length in four bytes, big end first, and its bytes. Out comes one for each: 0 for what was
//! decoded or 1 for why it was not, the length of a text in four bytes, and that text. It never has the terminal, and has
//! a process group of its own, so that no key of the terminal reaches it; it ends, with all that it has started, when this is dropped.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::MOST_BYTES;
use super::last_line::LastLine;
use crate::app::DecoderCommand;
use crate::model::{format_duration, sanitise};

/// How long a value may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the first one may take: some programs are slow to start.
const FIRST_PATIENCE: Duration = Duration::from_secs(5);
/// How long a program that has closed its output may take to end, and one that has ended to have its last words read.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// What stands before the text of an answer.
const HEADER: usize = 5;
/// Bytes of what is no frame that are shown.
const SHOWN: usize = 40;

/// What a program makes of a value: text, or why there is none.
pub(super) type Answer = Result<String, String>;

/// What is wrong with what comes out.
enum Fault {
    /// Nothing more comes; whether it is in the middle of an answer.
    Ended(bool),
    /// That, in words.
    Wrong(String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            Self::Ended(true)
        } else {
            Self::Wrong(error.to_string())
        }
    }
}

/// A program that runs.
pub(super) struct DecoderChild {
    process: Child,
    /// The group of processes that it leads.
    #[cfg(unix)]
    group: Option<rustix::process::Pid>,
    input: Option<ChildStdin>,
    output: Option<ChildStdout>,
    errors: LastLine,
    has_answered: bool,
}

impl DecoderChild {
    /// Starts it.
    pub(super) fn start(command: &DecoderCommand) -> Result<Self, String> {
        let Some((program, arguments)) = command.words.split_first() else {
            return Err("no program is named".to_owned());
        };
        let mut starting = Command::new(program);
        starting
            .args(arguments)
            .current_dir(&command.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(unix)]
        starting.process_group(0);
        let started = starting.spawn();
        let mut process = started.map_err(|error| format!("it cannot be started: {error}"))?;
        Ok(Self {
            input: process.stdin.take(),
            output: process.stdout.take(),
            errors: LastLine::new(process.stderr.take()),
            #[cfg(unix)]
            group: group_of(&process),
            process,
            has_answered: false,
        })
    }

    /// Itself, where it has not ended.
    pub(super) fn still_running(mut self) -> Option<Self> {
        let has_not_ended = matches!(self.process.try_wait(), Ok(None));
        has_not_ended.then_some(self)
    }

    /// Hands it a value and reads what it makes of it.
    ///
    /// # Errors
    /// What went wrong; then it is of no more use.
    pub(super) async fn ask(&mut self, value: &[u8]) -> Result<Answer, String> {
        let patience = if self.has_answered {
            PATIENCE
        } else {
            FIRST_PATIENCE
        };
        let Ok(answered) = timeout(patience, self.exchange(value)).await else {
            let patience = format_duration(patience);
            return Err(format!(
                "it did not answer within {patience} and was killed"
            ));
        };
        self.has_answered = true;
        match answered {
            Ok(answer) => Ok(answer),
            Err(Fault::Wrong(words)) => Err(words),
            Err(Fault::Ended(is_within)) => Err(self.last_words(is_within).await),
        }
    }

    async fn exchange(&mut self, value: &[u8]) -> Result<Answer, Fault> {
        let (Some(input), Some(output)) = (&mut self.input, &mut self.output) else {
            return Err(Fault::Ended(false));
        };
        // What it writes before the first value is no second answer.
        if self.has_answered {
            is_silent(output).await?;
        }
        let write = async {
            // Where it reads no more it says why by what it answers, or by how it ends.
            let _ = write_frame(input, value).await;
            Ok(())
        };
        let exchange = async { tokio::try_join!(write, read_answer(output)) };
        tokio::select! {
            answered = exchange => answered.map(|((), answer)| answer),
            // What it says beside is read at the same time: it must not wait for a reader.
            never = read_for_ever(&mut self.errors) => never,
        }
    }

    /// How it ended, and what it said last.
    async fn last_words(&mut self, is_within: bool) -> String {
        let ended = timeout(LAST_WORDS, self.process.wait()).await;
        let mut words = match ended {
            Ok(Ok(status)) => how_it_ended(status),
            Ok(Err(error)) => error.to_string(),
            Err(_) => {
                self.kill();
                "closed its output".to_owned()
            }
        };
        if is_within {
            words.push_str(" in the middle of an answer");
        }
        // What it has started may keep it open.
        let _ = timeout(LAST_WORDS, self.errors.read_to_end()).await;
        match self.errors.text().as_str() {
            "" => words,
            line => format!("{words}: {line}"),
        }
    }

    /// Ends it with all that it has started.
    fn kill(&mut self) {
        #[cfg(unix)]
        if let Some(group) = self.group.take() {
            // All of it may have ended by itself.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.process.start_kill();
    }
}

impl Drop for DecoderChild {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(unix)]
fn group_of(process: &Child) -> Option<rustix::process::Pid> {
    let id = i32::try_from(process.id()?).ok()?;
    rustix::process::Pid::from_raw(id)
}

fn how_it_ended(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("was ended by signal {signal}");
    }
    match status.code() {
        Some(code) => format!("exited with {code}"),
        None => format!("ended: {status}"),
    }
}

async fn write_frame(input: &mut ChildStdin, value: &[u8]) -> io::Result<()> {
    let length = u32::try_from(value.len()).map_err(io::Error::other)?;
    input.write_all(&length.to_be_bytes()).await?;
    input.write_all(value).await?;
    input.flush().await
}

/// Whether nothing comes that was not asked for: it would be taken for the answer to another value.
async fn is_silent(output: &mut ChildStdout) -> Result<(), Fault> {
    let mut byte = [0];
    tokio::select! {
        biased;
        read = output.read(&mut byte) => match read? {
            0 => Err(Fault::Ended(false)),
            _ => Err(Fault::Wrong("it answered more than once".to_owned())),
        },
        () = std::future::ready(()) => Ok(()),
    }
}

async fn read_answer(output: &mut ChildStdout) -> Result<Answer, Fault> {
    let mut header = [0; HEADER];
    let first = output.read(&mut header).await?;
    if first == 0 {
        return Err(Fault::Ended(false));
    }
    if header[0] > 1 {
        return Err(Fault::Wrong(no_frame(&header[..first], output).await));
    }
    output.read_exact(&mut header[first..]).await?;
    let [status, length @ ..] = header;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > MOST_BYTES {
        let most = MOST_BYTES >> 20;
        let words =
            format!("its answer has {length} bytes, more than the {most} MiB that are taken");
        return Err(Fault::Wrong(words));
    }
    let mut text = vec![0; length];
    output.read_exact(&mut text).await?;
    let Ok(text) = String::from_utf8(text) else {
        return Ok(Err("its answer is no UTF-8".to_owned()));
    };
    Ok(if status == 0 { Ok(text) } else { Err(text) })
}

/// What is wrong with an answer that begins like that: mostly it is text without the frame.
async fn no_frame(begin: &[u8], output: &mut ChildStdout) -> String {
    let mut bytes = begin.to_vec();
    let mut more = [0; SHOWN];
    // What is not there at once is not waited for.
    let length = tokio::select! {
        biased;
        read = output.read(&mut more) => read.unwrap_or(0),
        () = std::future::ready(()) => 0,
    };
    bytes.extend(more.iter().take(length));
    let line = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let begin = sanitise::bytes(line, SHOWN);
    format!(
        "its answer begins with \"{begin}\", and an answer with 0 or 1 and the length of its text"
    )
}

async fn read_for_ever<T>(errors: &mut LastLine) -> T {
    errors.read_to_end().await;
    std::future::pending().await
}
