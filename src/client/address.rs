//! Broker addresses as people write them. Resolving and dialling them is `pool`'s.

use super::error::{Error, Result};
use crate::model::{ErrorKind, Target};

/// The port brokers listen on where nothing else is said.
pub const DEFAULT_PORT: u16 = 9292;

/// `HOST[:PORT]` or `[IPV6][:PORT]` as `host:port`, brackets kept; port 9292 where left out.
///
/// # Errors
/// [`ErrorKind::BadAddress`] where it is none of these.
pub fn parse_address(text: &str) -> Result<String> {
    let text = text.trim();
    let (host, port) = split(text).ok_or_else(|| malformed(text))?;
    let port = match port {
        None => DEFAULT_PORT,
        Some(port) => port.parse().or(Err(malformed(text)))?,
    };
    if port == 0 || !is_host(host) {
        return Err(malformed(text));
    }
    Ok(format!("{host}:{port}"))
}

fn split(text: &str) -> Option<(&str, Option<&str>)> {
    if text.starts_with('[') {
        let (host, rest) = text.split_at_checked(text.find(']')? + 1)?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None => rest.is_empty().then_some((host, None)),
        };
    }
    match text.rsplit_once(':') {
        Some((host, _)) if host.contains(':') => None,
        Some((host, port)) => Some((host, Some(port))),
        None => Some((text, None)),
    }
}

fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        return inner.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    !host.is_empty() && host.chars().all(allowed)
}

fn malformed(text: &str) -> Error {
    Error::new(
        ErrorKind::BadAddress,
        Target::Cluster,
        format!("\"{text}\" is not an address: write HOST:PORT, or [IPV6]:PORT"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_may_be_left_out_and_ipv6_needs_brackets() {
        for (text, address) in [
            ("localhost", "localhost:9292"),
            (" 10.0.0.1:1 ", "10.0.0.1:1"),
            ("[::1]", "[::1]:9292"),
            ("[::1]:9293", "[::1]:9293"),
        ] {
            assert_eq!(parse_address(text).unwrap(), address);
        }
        for text in [
            "",
            ":9292",
            "a:b",
            "a:0",
            "a:99999",
            "::1",
            "[::1",
            "[x]:1",
            "http://a:1",
            "a b",
        ] {
            let error = parse_address(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BadAddress, "{text}");
        }
    }
}
