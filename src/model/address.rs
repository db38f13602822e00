//! Addresses of brokers as people type them: `HOST[:PORT]`, `[::1]:9292`, and pairs of both for port forwards.
//! Resolves no names.

use std::net::Ipv6Addr;

/// The port of a broker where none is given.
pub const DEFAULT_PORT: u16 = 9292;

/// Reads one address and completes it to `host:port`, with brackets around an IPv6 host.
///
/// # Errors
/// One sentence that names the text and an example.
pub fn parse_address(text: &str) -> Result<String, String> {
    let text = text.trim();
    let wrong = |why: &str| {
        format!("\"{text}\" is not a broker's address: {why}; write HOST:PORT, as in 10.0.0.1:9292")
    };
    let (host, port) = split(text).map_err(wrong)?;
    let port = match port {
        None => DEFAULT_PORT,
        Some(port) => match port.parse() {
            Ok(port) if port > 0 => port,
            _ => return Err(wrong("its port is not a number from 1 to 65535")),
        },
    };
    Ok(format!("{host}:{port}"))
}

/// Reads addresses between commas.
///
/// # Errors
/// As [`parse_address`], for the first one that is wrong.
pub fn parse_addresses(text: &str) -> Result<Vec<String>, String> {
    text.split(',').map(parse_address).collect()
}

/// Reads `ADVERTISED=DIALLED`.
///
/// # Errors
/// One sentence that names the text and an example.
pub fn parse_advertise(text: &str) -> Result<(String, String), String> {
    let (advertised, dialled) = text.split_once('=').ok_or_else(|| {
        format!("\"{text}\" is not ADVERTISED=DIALLED, as in broker-1:9292=localhost:19292")
    })?;
    Ok((parse_address(advertised)?, parse_address(dialled)?))
}

fn split(text: &str) -> Result<(&str, Option<&str>), &'static str> {
    if text.starts_with('[') {
        return split_bracketed(text);
    }
    if text.contains("://") {
        return Err("it has a scheme");
    }
    let (host, port) = match text.split_once(':') {
        None => (text, None),
        Some((_, port)) if port.contains(':') => {
            return Err("an IPv6 address stands in brackets, as in [::1]:9292");
        }
        Some((host, port)) => (host, Some(port)),
    };
    let named = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    match host {
        "" => Err("the host is missing"),
        host if host.chars().all(named) => Ok((host, port)),
        _ => Err("its host has characters that no host has"),
    }
}

fn split_bracketed(text: &str) -> Result<(&str, Option<&str>), &'static str> {
    let end = text.find(']').ok_or("a bracket is not closed")? + 1;
    let (host, rest) = text.split_at(end);
    let inside = host.trim_start_matches('[').trim_end_matches(']');
    let unzoned = inside.split('%').next().unwrap_or(inside);
    if unzoned.parse::<Ipv6Addr>().is_err() {
        return Err("what stands in brackets is no IPv6 address");
    }
    match rest.strip_prefix(':') {
        Some(port) => Ok((host, Some(port))),
        None if rest.is_empty() => Ok((host, None)),
        None => Err("a colon is missing before the port"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_completed() {
        let read = |text| parse_address(text).expect(text);
        assert_eq!(read("localhost"), "localhost:9292");
        assert_eq!(read("10.0.0.1:19292"), "10.0.0.1:19292");
        assert_eq!(read("[::1]"), "[::1]:9292");
        assert_eq!(read("[fe80::1%eth0]:1"), "[fe80::1%eth0]:1");
        let pair = ("a:9292".to_owned(), "b:1".to_owned());
        assert_eq!(parse_advertise("a=b:1"), Ok(pair));
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_text() {
        let wrong = [
            "",
            ":9292",
            "a:",
            "a:0",
            "a:99999",
            "a:b",
            "::1",
            "[::1",
            "[x]:1",
            "[::1]9",
            "http://a:1",
            "a b:1",
            "a/b",
        ];
        for text in wrong {
            let sentence = parse_address(text).expect_err(text);
            assert!(sentence.contains(&format!("\"{text}\"")), "{sentence}");
        }
    }
}
