//! Arguments of `liftui check`.
//! Which rules there are is `health`'s.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::health::{Rule, RuleOptions, Severity};
use crate::model::{did_you_mean, parse_interval};

/// How the cluster is judged, and how that is told.
#[derive(Clone, Debug, Args)]
pub(crate) struct CheckArgs {
    /// Judge these streams alone, by name or by pattern as in 'orders-*'; the whole cluster where left out
    #[arg(value_name = "STREAM")]
    pub(crate) streams: Vec<String>,
    /// Judge by this rule alone, or with =ignore, =note, =warning or =critical let it weigh so; repeatable
    #[arg(long, value_name = "RULE[=WEIGHT]", value_parser = rule)]
    rule: Vec<RuleChoice>,
    /// Looks at the cluster, a second apart: what stands still or goes back shows at the second
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub(crate) looks: u32,
    /// Say that you know of the messages that are gone: later checks tell of further losses alone
    #[arg(long)]
    pub(crate) acknowledge: bool,
    /// Check again and again, with so much time in between or 10s: print what changes, and alert as the config file says
    #[arg(long, value_name = "DUR", num_args = 0..=1, require_equals = true, default_missing_value = "10s", value_parser = parse_interval)]
    pub(crate) watch: Option<Duration>,
    /// Form of the output
    #[arg(short, long, value_name = "FORM", value_enum, default_value_t)]
    pub(crate) output: CheckForm,
}

impl CheckArgs {
    /// The same as health takes it.
    pub(crate) fn rules(&self) -> RuleOptions {
        let mut options = RuleOptions::default();
        for choice in &self.rule {
            match choice {
                RuleChoice::Only(rule) => options.only.push(*rule),
                RuleChoice::Weigh(rule, severity) => options.weigh.push((*rule, *severity)),
            }
        }
        options
    }
}

/// The form of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckForm {
    /// The verdict, and a finding a line
    #[default]
    Text,
    /// One JSON object
    Json,
    /// One line for Nagios and its kin
    Nagios,
    /// Metrics as Prometheus reads them
    Prometheus,
}

#[derive(Clone, Copy, Debug)]
enum RuleChoice {
    Only(Rule),
    Weigh(Rule, Option<Severity>),
}

fn rule(text: &str) -> Result<RuleChoice, String> {
    let (name, weight) = match text.split_once('=') {
        Some((name, weight)) => (name, Some(weight)),
        None => (text, None),
    };
    let rule = Rule::from_name(name).ok_or_else(|| {
        let hint = did_you_mean(name, Rule::ALL.map(Rule::as_str));
        let all = Rule::ALL.map(Rule::as_str).join(", ");
        if hint.is_empty() {
            format!("there is no rule \"{name}\"; there are {all}")
        } else {
            format!("there is no rule \"{name}\"{hint}")
        }
    })?;
    let weights = [Severity::Note, Severity::Warning, Severity::Critical];
    match weight {
        None => Ok(RuleChoice::Only(rule)),
        Some("ignore") => Ok(RuleChoice::Weigh(rule, None)),
        Some(word) => weights
            .into_iter()
            .find(|severity| severity.as_str() == word)
            .map(|severity| RuleChoice::Weigh(rule, Some(severity)))
            .ok_or_else(|| {
                format!("\"{word}\" is no weight; there are ignore, note, warning, critical")
            }),
    }
}
