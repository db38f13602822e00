//! What the benches have in common: a demo cluster in another process, filled by `liftui bench publish`.
//! Measures nothing itself.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// The binary that belongs to this bench.
const LIFTUI: &str = env!("CARGO_BIN_EXE_liftui");

/// A demo cluster that serves until this is dropped.
pub(crate) struct Demo {
    child: Child,
    /// Its brokers, separated by commas.
    pub(crate) addresses: String,
}

impl Demo {
    /// A cluster of that many brokers without streams or traffic.
    pub(crate) fn start(brokers: u8) -> Outcome<Self> {
        let mut child = Command::new(LIFTUI)
            .args(["demo", "--headless", "--quiet-traffic", "--brokers"])
            .arg(brokers.to_string())
            .stdout(Stdio::piped())
            .spawn()?;
        let out = child
            .stdout
            .take()
            .ok_or("the demo cluster has no stdout")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let addresses = line.trim().strip_prefix("listening on ");
        let addresses = addresses
            .ok_or("the demo cluster did not start")?
            .to_owned();
        Ok(Self { child, addresses })
    }

    /// `liftui` with those arguments, on this cluster.
    pub(crate) fn liftui(&self, arguments: &str) -> Command {
        let mut command = Command::new(LIFTUI);
        command.args(["--addr", &self.addresses]);
        command.args(arguments.split_whitespace());
        command
    }

    /// Publishes with `liftui bench publish` and returns what it tells.
    pub(crate) fn fill(&self, arguments: &str) -> Outcome<serde_json::Value> {
        let told = self
            .liftui(&format!("bench publish -o ndjson {arguments}"))
            .stderr(Stdio::inherit())
            .output()?;
        if !told.status.success() {
            return Err(format!("bench publish {arguments} failed").into());
        }
        Ok(serde_json::from_slice(&told.stdout)?)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It holds nothing that has to be put away.
        self.child.kill().and_then(|()| self.child.wait()).ok();
    }
}
