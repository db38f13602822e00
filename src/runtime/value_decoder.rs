//! Decodes values by a program of the user's: started at the first value, asked one after the other, started anew where it fails.
//!
//! What goes wrong is a sentence of that value. A program that fails again and again rests: what is asked meanwhile gets the same
//! sentence at once.

mod child;
mod last_line;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use self::child::{Answer, DecoderChild};
use crate::app::{DecodedValue, DecoderCommand};
use crate::model::sanitise;

/// Bytes of a value that is handed to a program, and of what it makes of it.
pub(crate) const MOST_BYTES: usize = 1 << 20;
/// How often it may fail with no answer in between before it rests.
const MOST_FAILURES: u32 = 3;
/// How long it rests first; each time twice as long.
const FIRST_REST: Duration = Duration::from_secs(2);
/// How long it rests at most.
const LONGEST_REST: Duration = Duration::from_secs(60);
/// Characters of what a program has to say of what went wrong.
const MOST_WORDS: usize = 300;

/// A program that decodes values. Dropping it ends it.
pub(crate) struct ValueDecoder {
    command: Arc<DecoderCommand>,
    /// The process, where it runs.
    child: Option<DecoderChild>,
    /// How often it failed since it last answered.
    failures: u32,
    /// Until when it rests, and why.
    rest: Option<(Instant, Arc<str>)>,
}

impl ValueDecoder {
    /// One that does not run yet.
    pub(crate) fn new(command: Arc<DecoderCommand>) -> Self {
        Self {
            command,
            child: None,
            failures: 0,
            rest: None,
        }
    }

    /// Has it decode a value, which takes seconds at most. Dropping the future ends the program.
    pub(crate) async fn decode(&mut self, value: &[u8]) -> DecodedValue {
        if value.len() > MOST_BYTES {
            let most = MOST_BYTES >> 20;
            return Err(
                format!("the value has more than the {most} MiB that a program gets").into(),
            );
        }
        if let Some((until, why)) = &self.rest
            && Instant::now() < *until
        {
            return Err(Arc::clone(why));
        }
        match self.ask(value).await {
            Ok(answer) => {
                (self.failures, self.rest) = (0, None);
                answer
                    .map(Into::into)
                    .map_err(|words| in_short(&words).into())
            }
            Err(fault) => {
                let why: Arc<str> = in_short(&fault).into();
                tracing::warn!(program = self.command.name(), %why, "a value was not decoded");
                self.failures += 1;
                if let Some(times) = self.failures.checked_sub(MOST_FAILURES) {
                    let rest = FIRST_REST.saturating_mul(1 << times.min(16));
                    let until = Instant::now() + rest.min(LONGEST_REST);
                    self.rest = Some((until, Arc::clone(&why)));
                }
                Err(why)
            }
        }
    }

    /// What the program answers, or what went wrong with it; then it runs no more.
    async fn ask(&mut self, value: &[u8]) -> Result<Answer, String> {
        // It is put back once it has answered: one that is left in the middle of a frame is of no use.
        let running = self.child.take();
        // That it ended by itself while nothing was asked is not this value's fault.
        let running = running.and_then(DecoderChild::still_running);
        let mut child = match running {
            Some(child) => child,
            None => DecoderChild::start(&self.command)?,
        };
        let answer = child.ask(value).await?;
        self.child = Some(child);
        Ok(answer)
    }
}

/// One line, and not too long.
fn in_short(words: &str) -> String {
    let line = sanitise::line(words.trim());
    line.chars().take(MOST_WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> ValueDecoder {
        let words = ["sh", "-c", script].map(str::to_owned);
        ValueDecoder::new(Arc::new(DecoderCommand {
            words: words.into(),
            folder: std::env::temp_dir(),
        }))
    }

    async fn failure(decoder: &mut ValueDecoder) -> String {
        let value = decoder.decode(b"x").await;
        value.expect_err("it fails").to_string()
    }

    #[tokio::test]
    async fn what_is_no_answer_is_said_in_words_of_what_it_is() {
        for (script, expected) in [
            ("exit 3", "exited with 3"),
            (
                "echo begin >&2; echo boom >&2; exit 1",
                "exited with 1: boom",
            ),
            ("kill -9 $$", "was ended by signal 9"),
            (
                "exec >&-; echo gone >&2; cat >/dev/null",
                "closed its output: gone",
            ),
            ("echo Hello; cat", "its answer begins with \"Hello\""),
            (
                r"printf '\000\000\000\000\001\377'; cat",
                "its answer is no UTF-8",
            ),
            (r"printf '\001\000\000\000\004a\nbc'; cat", "a␊bc"),
            (
                r"printf '\000\000\240\000\000'; cat",
                "its answer has 10485760 bytes",
            ),
            (
                r"printf '\000\000'; exit 0",
                "exited with 0 in the middle of an answer",
            ),
        ] {
            let why = failure(&mut shell(script)).await;
            assert!(why.starts_with(expected), "{script}: {why}");
        }
        let mut missing = shell("");
        missing.command = Arc::new(DecoderCommand {
            words: vec!["/nowhere/decode".to_owned()],
            folder: std::env::temp_dir(),
        });
        let why = failure(&mut missing).await;
        assert!(
            why.starts_with("it cannot be started: No such file"),
            "{why}"
        );
    }

    #[tokio::test]
    async fn the_words_of_what_a_program_says_neither_act_nor_go_on() {
        let script = r"(printf '\033[2Jx\033'; head -c 99999 /dev/zero) >&2; exit 1";
        let why = failure(&mut shell(script)).await;
        assert!(why.starts_with("exited with 1: ␛[2Jx␛"), "{why}");
        assert!(why.chars().count() <= MOST_WORDS, "{why}");
    }

    #[tokio::test]
    async fn what_it_answers_twice_is_given_to_no_other_value() {
        let mut decoder = shell(r"printf '\000\000\000\000\001a\000\000\000\000\001b'; cat >&2");
        assert_eq!(decoder.decode(b"x").await.as_deref(), Ok("a"));
        assert_eq!(failure(&mut decoder).await, "it answered more than once");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_hangs_is_killed_and_rests_after_the_third_time() {
        let mut decoder = shell("cat >/dev/null");
        for _ in 0..MOST_FAILURES {
            let why = failure(&mut decoder).await;
            assert_eq!(why, "it did not answer within 5s and was killed");
            assert!(decoder.child.is_none());
        }
        let asked = Instant::now();
        failure(&mut decoder).await;
        assert_eq!(asked.elapsed(), Duration::ZERO, "nothing was started");
        tokio::time::advance(FIRST_REST).await;
        failure(&mut decoder).await;
        assert!(asked.elapsed() > FIRST_REST, "it was tried again");
        let until = decoder.rest.as_ref().expect("it rests").0;
        assert_eq!(until - Instant::now(), FIRST_REST * 2);
    }

    #[tokio::test]
    async fn one_that_answers_is_no_failure_though_it_could_not_read_the_value() {
        let mut decoder =
            shell(r"while head -c 5 | grep -q .; do printf '\001\000\000\000\003bad'; done");
        for _ in 0..MOST_FAILURES + 2 {
            assert_eq!(failure(&mut decoder).await, "bad");
            assert!(decoder.child.is_some(), "it goes on");
        }
        assert_eq!(decoder.failures, 0);
    }
}
