//! Arguments of `liftui exporter`.

use std::time::Duration;

use clap::Args;

use crate::model::parse_interval;

/// Where metrics are served, and of what.
#[derive(Clone, Debug, Args)]
pub(crate) struct ExporterArgs {
    /// Where to listen; port 0 is any that is free
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9393", value_parser = listen_address)]
    pub(crate) listen: String,
    /// Partitions and cursors of these streams alone, by name or by pattern as in 'orders-*'; repeatable
    #[arg(long, value_name = "STREAM")]
    pub(crate) streams: Vec<String>,
    /// Liftbridge's own streams too
    #[arg(long)]
    pub(crate) internal: bool,
    /// Series of streams, cursors, groups and findings at most; what is left out is counted
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        default_value_t = 200_000
    )]
    pub(crate) max_series: usize,
    /// How often every broker is asked
    #[arg(long, value_name = "DUR", allow_hyphen_values = true, default_value = "5s", value_parser = refresh)]
    pub(crate) every: Duration,
}

/// The shortest time between two questions to a broker.
const LEAST_REFRESH: Duration = Duration::from_millis(200);

fn refresh(text: &str) -> Result<Duration, String> {
    let every = parse_interval(text)?;
    if every < LEAST_REFRESH {
        return Err(format!("\"{text}\" is too often; write 200ms or more"));
    }
    Ok(every)
}

fn listen_address(text: &str) -> Result<String, String> {
    let wrong =
        || format!("\"{text}\" is no address to listen at; write HOST:PORT, as in 127.0.0.1:9393");
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let is_bare_ipv6 = host.contains(':') && !host.starts_with('[');
    if host.is_empty() || is_bare_ipv6 || port.parse::<u16>().is_err() {
        return Err(wrong());
    }
    Ok(text.to_owned())
}
