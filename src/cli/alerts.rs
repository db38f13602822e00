//! Alerts to people outside of the terminal: a command that gets the finding as JSON, a webhook to which it is posted.
//! Which findings count is `health`'s. Each of them may take a while and no longer.

mod webhook;

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::time::timeout;

use super::cluster_snapshot;
use super::exit::{CliError, Result};
use super::json::JsonTime;
use super::shown_times;
use crate::app::{AlertSettings, DesktopForm};
use crate::config::{self, AlertSeverity, DesktopSequence};
use crate::health::{Alert, AlertPolicy, QuietHours, Severity};
use crate::model::{format_duration, sanitise};
use crate::runtime::AlertSender;
use webhook::Webhook;

/// How long a command or a webhook may take where nobody says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of what a failing command said that are told.
const MOST_OUTPUT: u64 = 400;

/// Who is told.
#[derive(Clone, Debug)]
pub(super) struct Receivers {
    command: Option<Arc<[String]>>,
    webhook: Option<Webhook>,
    limit: Duration,
}

impl Receivers {
    /// Those of the config file; `None` where it names none.
    ///
    /// # Errors
    /// A command or an address that cannot be used.
    pub(super) fn of_config(alerts: &config::Alerts) -> Result<Option<Self>> {
        let command = (!alerts.command.is_empty()).then(|| alerts.command.clone().into());
        let webhook = alerts.webhook.as_deref().map(Webhook::parse).transpose();
        let webhook = webhook.map_err(|why| CliError::usage(format!("alerts.webhook: {why}")))?;
        if command.is_none() && webhook.is_none() {
            return Ok(None);
        }
        Ok(Some(Self {
            command,
            webhook,
            limit: alerts.timeout.unwrap_or(TIMEOUT),
        }))
    }

    /// Tells all of them; returns what went wrong.
    pub(super) async fn notify(
        &self,
        cluster: &str,
        alert: &Alert,
    ) -> std::result::Result<(), String> {
        let body = format!("{}\n", object(cluster, alert));
        let (ran, posted) = tokio::join!(self.run(&body), self.post(&body));
        match (ran, posted) {
            (Err(one), Err(other)) => Err(format!("{one}; {other}")),
            (Err(one), Ok(())) | (Ok(()), Err(one)) => Err(one),
            (Ok(()), Ok(())) => Ok(()),
        }
    }

    async fn run(&self, body: &str) -> std::result::Result<(), String> {
        let Some([program, arguments @ ..]) = self.command.as_deref() else {
            return Ok(());
        };
        let ran = timeout(self.limit, run(program, arguments, body)).await;
        let late = || {
            let limit = format_duration(self.limit);
            Err(format!("it did not end within {limit} and was killed"))
        };
        ran.unwrap_or_else(|_| late())
            .map_err(|why| format!("the alert command {program}: {why}"))
    }

    async fn post(&self, body: &str) -> std::result::Result<(), String> {
        let Some(webhook) = &self.webhook else {
            return Ok(());
        };
        let posted = timeout(self.limit, webhook.post(body.to_owned())).await;
        let late = || {
            let limit = format_duration(self.limit);
            Err(format!("it did not answer within {limit}"))
        };
        posted
            .unwrap_or_else(|_| late())
            .map_err(|why| format!("the webhook of {}: {why}", webhook.host()))
    }
}

/// Runs it with that on stdin. Dropping this kills it.
async fn run(program: &str, arguments: &[String], body: &str) -> std::result::Result<(), String> {
    let mut command = Command::new(config::expand_home(program.as_ref()));
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let text = |error: std::io::Error| error.to_string();
    let mut child = command.spawn().map_err(text)?;
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let mut words = Vec::new();
    let write = async {
        if let Some(mut stdin) = stdin {
            // Who does not read it has decided so.
            let _ = stdin.write_all(body.as_bytes()).await;
        }
    };
    let read = async {
        if let Some(stderr) = stderr {
            let mut begin = stderr.take(MOST_OUTPUT);
            let _ = begin.read_to_end(&mut words).await;
            // The rest goes nowhere, so that it does not wait for a reader.
            let _ = tokio::io::copy(&mut begin.into_inner(), &mut tokio::io::sink()).await;
        }
    };
    let (status, (), ()) = tokio::join!(child.wait(), write, read);
    let status = status.map_err(text)?;
    if status.success() {
        return Ok(());
    }
    let most = usize::try_from(MOST_OUTPUT).unwrap_or(0);
    Err(match &*sanitise::bytes(words.trim_ascii(), most) {
        "" => format!("{status}"),
        words => format!("{status}: {words}"),
    })
}

/// An alert as JSON: the finding as `check -o json` has it, and what became of it where and when.
pub(super) fn object(cluster: &str, alert: &Alert) -> Value {
    let mut object = json!({
        "event": alert.kind.as_str(),
        "cluster": cluster,
        "time": JsonTime(alert.at),
    });
    if let (Some(object), Value::Object(finding)) = (
        object.as_object_mut(),
        cluster_snapshot::finding(&alert.finding),
    ) {
        object.extend(finding);
    }
    object
}

/// How the dashboard hands alerts on.
pub(super) fn sender(receivers: Receivers) -> AlertSender {
    Arc::new(move |cluster, alert| {
        let (receivers, cluster) = (receivers.clone(), cluster.to_owned());
        Box::pin(async move { receivers.notify(&cluster, &alert).await })
    })
}

/// Which findings count, as the config file says.
pub(super) fn policy(alerts: &config::Alerts) -> AlertPolicy {
    let standard = AlertPolicy::default();
    AlertPolicy {
        severity: match alerts.severity {
            Some(AlertSeverity::Note) => Severity::Note,
            Some(AlertSeverity::Warning) => Severity::Warning,
            Some(AlertSeverity::Critical) => Severity::Critical,
            None => standard.severity,
        },
        after: alerts.after.unwrap_or(standard.after),
        quiet: alerts.quiet.map(|(from, to)| QuietHours { from, to }),
        zone: shown_times::display().zone,
    }
}

/// How the dashboard alerts.
pub(super) fn settings(alerts: &config::Alerts) -> AlertSettings {
    AlertSettings {
        policy: policy(alerts),
        bell: alerts.bell,
        desktop: alerts.desktop.map(|sequence| match sequence {
            DesktopSequence::Osc9 => DesktopForm::Osc9,
            DesktopSequence::Osc777 => DesktopForm::Osc777,
        }),
        title: alerts.title,
        outside: !alerts.command.is_empty() || alerts.webhook.is_some(),
    }
}
