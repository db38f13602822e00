//! What the benches have in common: a demo cluster in another process, filled by `liftui bench publish`.
//! Measures nothing itself.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// The binary that belongs to this bench.
const LIFTUI: &str = env!("CARGO_BIN_EXE_liftui");

/// A demo cluster that serves until this is dropped, or another one that goes on.
pub(crate) struct Demo {
    child: Option<Child>,
    /// Its brokers, separated by commas.
    pub(crate) addresses: String,
}

impl Demo {
    /// A cluster of that many brokers without streams or traffic.
    pub(crate) fn start(brokers: u8) -> Outcome<Self> {
        Self::start_framing(brokers, "grpc-go")
    }

    /// The same, with that framing.
    pub(crate) fn start_framing(brokers: u8, framing: &str) -> Outcome<Self> {
        let mut child = Command::new(LIFTUI)
            .args(["demo", "--headless", "--quiet-traffic", "--brokers"])
            .arg(brokers.to_string())
            .args(["--framing", framing])
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
        let child = Some(child);
        Ok(Self { child, addresses })
    }

    /// A cluster that runs already.
    pub(crate) fn at(address: &str) -> Self {
        Self {
            child: None,
            addresses: address.to_owned(),
        }
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
        if let Some(child) = &mut self.child {
            child.kill().and_then(|()| child.wait()).ok();
        }
    }
}
