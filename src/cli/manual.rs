//! What explains the command line: errors of clap in one sentence, completions, the man page.
//! All of it follows from `args`.

use clap::{CommandFactory, error::ErrorKind};
use clap_complete::Shell;

use super::args::Invocation;
use super::console::Console;
use super::exit::{Exit, Result};

/// Prints help or the version where they were asked for, else what is wrong with the command line.
pub(crate) fn explain(error: &clap::Error, console: &mut Console) -> Exit {
    let rendered = error.render();
    if !error.use_stderr() {
        let text = if console.out_is_terminal {
            rendered.ansi().to_string()
        } else {
            rendered.to_string()
        };
        let _nobody_reads = write!(console.out, "{text}");
        return Exit::DONE;
    }
    // What our own parsers of values say is a sentence already.
    let own =
        std::error::Error::source(error).filter(|_| error.kind() == ErrorKind::ValueValidation);
    let sentence = own.map_or_else(|| one_line(&rendered.to_string()), ToString::to_string);
    console.say(&sentence);
    Exit::USAGE
}

/// Prints the completion script of a shell.
pub(crate) fn completions(shell: Shell, console: &mut Console) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Invocation::command(), "liftui", &mut script);
    console.out.write_all(&script)?;
    Ok(Exit::DONE)
}

/// Prints the man page.
pub(crate) fn man_page(console: &mut Console) -> Result {
    let mut page = Vec::new();
    clap_mangen::Man::new(Invocation::command()).render(&mut page)?;
    console.out.write_all(&page)?;
    Ok(Exit::DONE)
}

/// clap explains on several lines: what is wrong, tips, usage. The first two become one sentence.
fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim);
    let before_usage = lines.take_while(|line| !line.starts_with("Usage:"));
    let said = before_usage.filter(|line| !line.is_empty() && !line.starts_with("For more"));
    let mut sentence = String::new();
    for part in said {
        let part = part
            .trim_start_matches("error: ")
            .trim_start_matches("tip: ");
        match sentence.chars().last() {
            None => {}
            Some(':') => sentence.push(' '),
            Some(_) if part.starts_with('[') => sentence.push(' '),
            Some(_) => sentence.push_str("; "),
        }
        sentence.push_str(part);
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_command_line_fit_together() {
        Invocation::command().debug_assert();
    }

    #[test]
    fn an_error_is_one_line_with_its_tip() {
        let text = "error: unexpected argument '--foo' found\n\n  tip: a similar argument exists: \
            '--follow'\n\nUsage: liftui tail\n\nFor more information, try '--help'.\n";
        let expected = "unexpected argument '--foo' found; a similar argument exists: '--follow'";
        assert_eq!(one_line(text), expected);
    }
}
