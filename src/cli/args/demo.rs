//! Arguments of `liftui demo`.
//! What a demo cluster is, `demo` says.

use clap::{Args, ValueEnum};

use crate::demo::{DemoOptions, Framing, IncidentPace, MAX_BROKERS, Traffic};

/// A cluster in this process.
#[derive(Clone, Copy, Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub(crate) struct DemoArgs {
    /// How many brokers
    #[arg(long, value_name = "N", default_value_t = 3, allow_negative_numbers = true, value_parser = brokers)]
    brokers: usize,
    /// The first broker's port, the next ones follow; 0 takes free ports
    #[arg(
        long,
        value_name = "P",
        default_value_t = 0,
        allow_negative_numbers = true
    )]
    port: u16,
    /// Serve without a dashboard until SIGINT or SIGTERM
    #[arg(long)]
    pub(crate) headless: bool,
    /// Messages per second in all
    #[arg(
        long,
        value_name = "N",
        conflicts_with = "quiet_traffic",
        allow_negative_numbers = true
    )]
    rate: Option<u32>,
    /// No streams but the internal ones, and nobody who publishes
    #[arg(long)]
    quiet_traffic: bool,
    /// Show a broker die and come back, with captions, until a key is pressed
    #[arg(long, conflicts_with_all = ["headless", "quiet_traffic", "storm"])]
    pub(crate) tour: bool,
    /// Incidents come one after the other, not every two minutes
    #[arg(long, conflicts_with = "quiet_traffic")]
    storm: bool,
    /// No incidents: no broker dies, and no reader stands still, unless you make it so
    #[arg(long, conflicts_with_all = ["storm", "tour"])]
    calm: bool,
    /// Elections, lag and cache times so many times faster than a real server's
    #[arg(long, value_name = "F", default_value_t = 1.0, allow_negative_numbers = true, value_parser = speed)]
    speed: f64,
    /// How messages are cut into frames of HTTP/2 and written
    #[arg(long, value_enum, default_value_t)]
    framing: FramingChoice,
}

impl DemoArgs {
    /// The options of the cluster.
    pub(crate) fn options(&self) -> DemoOptions {
        let workload = Traffic::Workload {
            rate: self.rate,
            incidents: match (self.calm, self.storm) {
                (true, _) => IncidentPace::Never,
                (false, true) => IncidentPace::Storm,
                (false, false) => IncidentPace::Usual,
            },
        };
        DemoOptions {
            brokers: self.brokers,
            first_port: self.port,
            speed: self.speed,
            traffic: if self.quiet_traffic {
                Traffic::Quiet
            } else {
                workload
            },
            framing: self.framing.into(),
            ..DemoOptions::default()
        }
    }
}

/// How messages are cut into frames.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum FramingChoice {
    /// A frame and a write for each message, as a real server does it
    #[default]
    GrpcGo,
    /// As many at once as are ready, which is less work for both sides
    Bulk,
}

impl From<FramingChoice> for Framing {
    fn from(choice: FramingChoice) -> Self {
        match choice {
            FramingChoice::GrpcGo => Self::GrpcGo,
            FramingChoice::Bulk => Self::Bulk,
        }
    }
}

fn brokers(text: &str) -> Result<usize, String> {
    let count = text.parse().ok();
    count
        .filter(|count| (1..=MAX_BROKERS).contains(count))
        .ok_or_else(|| format!("\"{text}\" brokers cannot be: from 1 to {MAX_BROKERS}"))
}

fn speed(text: &str) -> Result<f64, String> {
    let speed = text.parse().ok();
    speed
        .filter(|speed| (0.01..=1000.0).contains(speed))
        .ok_or_else(|| format!("\"{text}\" is no speed: from 0.01 to 1000"))
}
