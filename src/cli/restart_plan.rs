//! `liftui restart-plan`: whether brokers may be restarted now, and restarting them one after another.
//! What speaks against a restart is `health`'s; here it is printed, waited for, and a command is run.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::{Instant, timeout};

use super::args::RestartPlanArgs;
use super::cell_format;
use super::cluster_snapshot::{ClusterSnapshot, health_options};
use super::command_context::CommandContext;
use super::exit::{CliError, Exit, Result};
use super::output::{Column, OutputRow, output_row};
use crate::health::{BrokerTruth, HealthOptions, RestartCheck, RestartSafety, Truth, is_in_sync};
use crate::model::{Timestamp, counted, did_you_mean, exact_age};

/// Between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// So many times as long all must be in sync after a restart that nobody saw: it may be still to come.
const UNSEEN: u32 = 3;

output_row! {
    /// A broker of the plan.
    struct RestartRow {
        broker: Arc<str>,
        address: Arc<str>,
        /// `safe`, `wait`, `down`, `dangerous`; `restarted` once it was.
        state: &'static str,
        leaders: usize,
        reasons: Vec<String>,
        seconds: Option<f64>,
    }
}

impl OutputRow for RestartRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::name("BROKER", |row| row.broker.to_string()),
        Column::text("STATE", |row| row.state.to_owned()),
        Column::number("LEADS", |row| row.leaders.to_string()),
        Column::number("TOOK", |row| cell_format::duration(row.seconds)),
        Column::text("WHY", |row| row.reasons.join("; ")),
    ];

    fn raw(&self) -> String {
        self.broker.to_string()
    }
}

impl From<&RestartCheck> for RestartRow {
    fn from(check: &RestartCheck) -> Self {
        let reasons = check.reasons.iter();
        Self {
            broker: Arc::clone(&check.broker),
            address: Arc::clone(&check.address),
            state: check.safety.as_str(),
            leaders: check.leads,
            reasons: reasons.map(|reason| reason.text.clone()).collect(),
            seconds: None,
        }
    }
}

/// Prints the plan, waits for it, or carries it out.
pub(crate) async fn restart_plan(
    context: &mut CommandContext<'_>,
    args: &RestartPlanArgs,
) -> Result {
    if args.exec.is_some() {
        // A cluster that is only watched is not restarted from here.
        context.client()?;
        if !args.yes && !context.console.in_is_terminal {
            return Err(CliError::refused(
                "nothing was restarted: say --yes, there is no terminal to ask on",
            ));
        }
    }
    let mut plan = Plan::open(context, args).await?;
    if let Some(command) = &args.exec {
        return plan.carry_out(context, command).await;
    }
    let mut checks = plan.checks()?;
    let waiting = |checks: &[RestartCheck]| worst(checks).may_pass();
    let deadline = Instant::now() + args.give_up_after;
    while args.wait && waiting(&checks) && Instant::now() < deadline {
        plan.report_waiting(context, &checks);
        plan.look_again().await;
        checks = plan.checks()?;
    }
    let rows: Vec<RestartRow> = checks.iter().map(RestartRow::from).collect();
    context.printer(args.output).print_all(&rows)?;
    Ok(match worst(&checks) {
        RestartSafety::Safe => Exit::DONE,
        RestartSafety::Wait | RestartSafety::Down => Exit::FAILED,
        RestartSafety::Dangerous => Exit::REFUSED,
    })
}

fn worst(checks: &[RestartCheck]) -> RestartSafety {
    let all = checks.iter().map(|check| check.safety);
    all.max().unwrap_or(RestartSafety::Safe)
}

/// The brokers to restart, and what was seen of the cluster so far.
struct Plan<'a> {
    args: &'a RestartPlanArgs,
    options: HealthOptions,
    snapshot: ClusterSnapshot,
    /// What was reported last, so that it is reported once.
    last_report: String,
}

impl<'a> Plan<'a> {
    async fn open(context: &mut CommandContext<'_>, args: &'a RestartPlanArgs) -> Result<Self> {
        let mut snapshot = ClusterSnapshot::new(context)?;
        snapshot.look().await?;
        // A commit that stands still shows at the second look.
        snapshot.look_again(1, BETWEEN_LOOKS).await;
        Ok(Self {
            args,
            options: health_options(&context.settings.file, &context.cluster_name()),
            snapshot,
            last_report: String::new(),
        })
    }

    async fn look_again(&mut self) {
        self.snapshot.look_again(1, BETWEEN_LOOKS).await;
    }

    /// The brokers that were named, in that order; all where none was.
    fn checks(&mut self) -> Result<Vec<RestartCheck>> {
        let truth = self.snapshot.truth();
        if self.args.brokers.is_empty() {
            let downtime = self.args.allow_downtime;
            return Ok(RestartCheck::of_all(&truth, &self.options, downtime));
        }
        let named = self.args.brokers.iter();
        named.map(|name| self.check(name, &truth)).collect()
    }

    fn check(&self, name: &str, truth: &Truth) -> Result<RestartCheck> {
        let broker = truth.broker(name).ok_or_else(|| {
            let names = truth.brokers.iter().map(BrokerTruth::name);
            let hint = did_you_mean(name, names);
            CliError::new(
                Exit::NOT_FOUND,
                format!("there is no broker \"{name}\"{hint}"),
            )
        })?;
        let downtime = self.args.allow_downtime;
        Ok(RestartCheck::of(broker, truth, &self.options, downtime))
    }

    /// Reports what is waited for, once.
    fn report_waiting(&mut self, context: &mut CommandContext<'_>, checks: &[RestartCheck]) {
        let waiting = checks.iter().filter(|one| one.safety.may_pass());
        let reasons = waiting.flat_map(|check| {
            let own = check.reasons.iter();
            let own = own.filter(|reason| reason.safety.may_pass());
            own.map(move |reason| format!("{}: {}", check.broker, reason.text))
        });
        let reasons: Vec<String> = reasons.collect();
        self.report_once(context, format!("waits: {}", reasons.join("; ")));
    }

    fn report_once(&mut self, context: &mut CommandContext<'_>, sentence: String) {
        if sentence != self.last_report {
            context.console.print_error(&sentence);
            self.last_report = sentence;
        }
    }

    /// Restarts one broker after another, and prints those that were, be it that the next one is not.
    async fn carry_out(&mut self, context: &mut CommandContext<'_>, command: &str) -> Result {
        let mut restarted = Vec::new();
        let result = self.restart_all(context, command, &mut restarted).await;
        let printed = match restarted.as_slice() {
            [] => Ok(()),
            rows => context.printer(self.args.output).print_all(rows),
        };
        result?;
        printed?;
        Ok(Exit::DONE)
    }

    /// Restarts one after another, each once it is safe, and stops at the first danger.
    async fn restart_all(
        &mut self,
        context: &mut CommandContext<'_>,
        command: &str,
        restarted: &mut Vec<RestartRow>,
    ) -> Result<()> {
        let mut left: Vec<Arc<str>> = self.checks()?.into_iter().map(|it| it.broker).collect();
        let all = counted(left.len(), "broker");
        while !left.is_empty() {
            let check = self.wait_until_safe(context, &left).await?;
            left.retain(|broker| *broker != check.broker);
            if !self.args.yes && !is_agreed(context, &check).await? {
                let (broker, done) = (&check.broker, restarted.len());
                let sentence = format!("{broker} was not restarted; {done} of {all} were");
                return Err(CliError::refused(sentence));
            }
            // Whoever was asked may have taken half an hour to answer.
            self.look_again().await;
            let check = self
                .wait_until_safe(context, std::slice::from_ref(&check.broker))
                .await?;
            let took = self.restart(context, &check, command).await?;
            self.report_once(context, format!("{}: back and in sync", check.broker));
            restarted.push(RestartRow {
                state: "restarted",
                seconds: Some(took.as_secs_f64()),
                reasons: Vec::new(),
                ..RestartRow::from(&check)
            });
        }
        Ok(())
    }

    /// The next broker, once it may be restarted: the first that was named, or the best of all.
    async fn wait_until_safe(
        &mut self,
        context: &mut CommandContext<'_>,
        left: &[Arc<str>],
    ) -> Result<RestartCheck> {
        let deadline = Instant::now() + self.args.give_up_after;
        loop {
            let mut checks = self.checks()?.into_iter();
            let next = checks.find(|check| left.contains(&check.broker));
            let Some(next) = next else {
                return Err(CliError::new(
                    Exit::FAILED,
                    "the brokers that were left are gone",
                ));
            };
            match next.safety {
                RestartSafety::Safe => return Ok(next),
                RestartSafety::Dangerous => return Err(too_dangerous(&next)),
                RestartSafety::Wait | RestartSafety::Down if Instant::now() < deadline => {}
                RestartSafety::Wait | RestartSafety::Down => {
                    return Err(gave_up(&next, self.args.give_up_after));
                }
            }
            self.report_waiting(context, std::slice::from_ref(&next));
            self.look_again().await;
        }
    }

    /// Runs the command and waits until the broker is back and in sync. Returns how long that took.
    async fn restart(
        &mut self,
        context: &mut CommandContext<'_>,
        check: &RestartCheck,
        command: &str,
    ) -> Result<Duration> {
        let broker = &check.broker;
        self.report_once(context, format!("{broker}: runs the command"));
        let (begun, started) = (Timestamp::now(), Instant::now());
        let mut child = Box::pin(run(command, check, self.args.give_up_after));
        let status = loop {
            // What happens meanwhile is seen, so that a short absence is.
            tokio::select! {
                status = &mut child => break status?,
                () = self.look_again() => {}
            }
        };
        if !status.success() {
            return Err(CliError::new(
                Exit::FAILED,
                format!("the command for {broker} failed ({status}); nothing more is restarted"),
            ));
        }
        let deadline = Instant::now() + self.args.give_up_after;
        let mut in_sync_since = None;
        loop {
            self.look_again().await;
            let truth = self.snapshot.truth();
            let now = self.check(broker, &truth)?;
            let seen = now.is_done_since(begun, &truth);
            let steady = self.args.in_sync_for * if seen { 1 } else { UNSEEN };
            if is_in_sync(broker, &truth) {
                let since = *in_sync_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= steady {
                    return Ok(started.elapsed());
                }
            } else {
                in_sync_since = None;
            }
            if Instant::now() >= deadline {
                return Err(gave_up(&now, self.args.give_up_after));
            }
            if now.safety == RestartSafety::Safe {
                let steady = exact_age(steady);
                self.report_once(
                    context,
                    format!("waits: {broker} is back; all has to stay in sync for {steady}"),
                );
            } else {
                self.report_waiting(context, std::slice::from_ref(&now));
            }
        }
    }
}

/// Asks before a restart.
async fn is_agreed(context: &mut CommandContext<'_>, check: &RestartCheck) -> Result<bool> {
    let leads = match check.leads {
        0 => "It leads nothing.".to_owned(),
        leads => format!("It leads {}.", counted(leads, "partition")),
    };
    let question = format!(
        "Restart {} at {}? {leads} [y/N] ",
        check.broker, check.address
    );
    let answer = context.console.ask(&question).await?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Runs the command in a shell. What a broker calls itself goes through the environment, where no shell reads it as code;
/// what the command prints is not the plan's.
async fn run(command: &str, check: &RestartCheck, limit: Duration) -> Result<ExitStatus> {
    let (host, port) = check
        .address
        .rsplit_once(':')
        .unwrap_or((&check.address, ""));
    let host = host.trim_matches(['[', ']']);
    if !is_host(host) {
        let sentence = format!(
            "{} has the address \"{}\", which no command is given",
            check.broker, check.address
        );
        return Err(CliError::refused(sentence));
    }
    let (program, flag) = if cfg!(windows) {
        ("cmd", "/C")
    } else {
        ("sh", "-c")
    };
    let mut shell = Command::new(program);
    shell
        .args([flag, command])
        .env("LIFTUI_BROKER", &*check.broker)
        .env("LIFTUI_BROKER_HOST", host)
        .env("LIFTUI_BROKER_PORT", port)
        .stdin(Stdio::null())
        .stdout(Stdio::from(io::stderr()))
        .kill_on_drop(true);
    match timeout(limit, shell.status()).await {
        Ok(status) => Ok(status?),
        Err(_) => Err(CliError::new(
            Exit::FAILED,
            format!(
                "the command for {} did not end within {} and was killed; nothing more is restarted",
                check.broker,
                exact_age(limit)
            ),
        )),
    }
}

/// Whether that can be a host: brokers say where others listen, and a command would take `-o…` as an option.
fn is_host(host: &str) -> bool {
    let fits = |char: char| char.is_ascii_alphanumeric() || ".-_:%".contains(char);
    !host.is_empty() && !host.starts_with('-') && host.chars().all(fits)
}

fn too_dangerous(check: &RestartCheck) -> CliError {
    let dangers = check.reasons.iter();
    let dangers = dangers.filter(|reason| reason.safety == RestartSafety::Dangerous);
    let dangers: Vec<&str> = dangers.map(|reason| &*reason.text).collect();
    CliError::refused(format!(
        "a restart of {} is dangerous: {}",
        check.broker,
        dangers.join("; ")
    ))
}

fn gave_up(check: &RestartCheck, after: Duration) -> CliError {
    let reasons: Vec<&str> = check.reasons.iter().map(|reason| &*reason.text).collect();
    let waited = exact_age(after);
    let why = if reasons.is_empty() {
        "it did not come back".to_owned()
    } else {
        reasons.join("; ")
    };
    CliError::new(
        Exit::FAILED,
        format!("gave up on {} after {waited}: {why}", check.broker),
    )
}
