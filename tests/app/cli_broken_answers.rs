//! Changes and publishes that meet what is no answer: sent, and the outcome is unknown; or never taken by anybody.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Child;

use h2::Reason;

use crate::cli_test_cluster::{finish, frugal, outcome, start};
use crate::http2_broker::{Broken, Http2Broker};

/// Each sends one request that changes something.
const CHANGES: [&str; 6] = [
    "create x",
    "publish orders v",
    "publish orders --lines",
    "cursor set c orders:0 -1",
    "redrive source orders",
    "bench publish orders -n 1",
];

/// Those of them that send many messages over one call.
const PUBLISHED_TOGETHER: [&str; 3] = [
    "publish orders --lines",
    "redrive source orders",
    "bench publish orders -n 1",
];

/// How many sentences such a command says: a redrive says how it is gone on with, too.
fn said_by(line: &str) -> usize {
    if line.starts_with("redrive") { 2 } else { 1 }
}

fn begin(broker: &Http2Broker, line: &str) -> Child {
    let mut arguments = vec!["--timeout", "5s"];
    arguments.extend(line.split(' '));
    let mut command = frugal(broker.home.path(), &arguments);
    command.env("LIFTUI_ADDR", broker.address());
    let mut child = start(command);
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    // Most of them leave it unread.
    stdin.write_all(b"v\n").ok();
    child
}

fn leaves_the_outcome_unknown(answers: impl IntoIterator<Item = Broken>) {
    for answer in answers {
        let running = CHANGES.map(|line| {
            let broker = Http2Broker::start(answer);
            let child = begin(&broker, line);
            (line, broker, child)
        });
        for (line, broker, child) in running {
            let output = outcome(child);
            assert_eq!(output.code, 6, "{answer:?}: {line}: {output:?}");
            let sentences = output.err.lines().count();
            assert_eq!(sentences, said_by(line), "{answer:?}: {output:?}");
            assert_eq!(broker.came(), 1, "{answer:?}: {line}: sent once");
        }
    }
}

#[test]
fn an_answer_of_a_gateway_leaves_the_outcome_unknown() {
    leaves_the_outcome_unknown([200, 302, 400, 404, 429, 502, 503].map(Broken::Page));
}

#[test]
fn a_call_that_is_reset_leaves_the_outcome_unknown() {
    // Every code of RFC 9113 §7, and one that there is not.
    leaves_the_outcome_unknown((0..=14).map(|code| Broken::Reset(code.into())));
    leaves_the_outcome_unknown([
        Broken::ResetLate(Reason::NO_ERROR),
        Broken::ResetLate(Reason::INTERNAL_ERROR),
    ]);
}

#[test]
fn a_connection_that_ends_leaves_the_outcome_unknown() {
    leaves_the_outcome_unknown([
        Broken::GoAway(Reason::NO_ERROR),
        Broken::GoAway(Reason::ENHANCE_YOUR_CALM),
        Broken::GoAway(Reason::PROTOCOL_ERROR),
        Broken::Cut,
    ]);
}

#[test]
fn an_answer_without_a_status_that_can_be_read_leaves_the_outcome_unknown() {
    leaves_the_outcome_unknown([
        Broken::NoTrailers { message: false },
        Broken::NoTrailers { message: true },
        Broken::Trailers(&[]),
        Broken::Trailers(&[("grpc-status", b"banana")]),
        Broken::Trailers(&[("grpc-status", b"99"), ("grpc-message", b"no code")]),
        Broken::Trailers(&[("grpc-status", b"-1")]),
        Broken::Trailers(&[("grpc-status", b"\xff\xfe")]),
        Broken::HeadersOnly(&[]),
        Broken::HeadersOnly(&[("grpc-status", b"")]),
        Broken::HeadersOnly(&[("grpc-status", b"0")]),
        Broken::Encoded,
        Broken::Bytes(b"<html>Bad Gateway</html>"),
        Broken::Bytes(b"\x00\xff\xff\xff\xff"),
        Broken::Bytes(b"\x00\x00\x00\x00\x02\xff\xff"),
        Broken::Bytes(b"\x00\x00\x00\x00\x09\x0a"),
    ]);
}

/// tonic panics where the details of a status are no base64. A status that ends a call of many messages is about none of
/// them.
#[test]
fn a_status_with_malformed_details_is_a_status() {
    for answer in [
        Broken::Trailers(&[
            ("grpc-status", b"7"),
            ("grpc-message", b"no%20%FF"),
            ("grpc-status-details-bin", b"!"),
        ]),
        Broken::HeadersOnly(&[("grpc-status", b"3"), ("grpc-status-details-bin", b"\xff")]),
    ] {
        for line in CHANGES {
            let broker = Http2Broker::start(answer);
            let output = outcome(begin(&broker, line));
            let is_of_many = PUBLISHED_TOGETHER.contains(&line);
            let code = if is_of_many { 6 } else { 1 };
            assert_eq!(output.code, code, "{answer:?}: {line}: {output:?}");
            let sentences = output.err.lines().count();
            assert_eq!(sentences, said_by(line), "{answer:?}: {output:?}");
        }
    }
}

/// A server that reads something and answers with these bytes.
fn stranger(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address").to_string();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let Ok(mut connection) = connection else {
                return;
            };
            let mut request = [0; 512];
            let _whatever = connection.read(&mut request);
            let _gone = connection.write_all(answer);
            let _gone = connection.shutdown(std::net::Shutdown::Write);
            let _all = connection.read_to_end(&mut Vec::new());
        }
    });
    address
}

#[test]
fn what_nobody_can_have_taken_is_3() {
    let nobody = "127.0.0.1:9".to_owned();
    let http = stranger(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
    // What a server that wants TLS says to one that does not speak it.
    let tls = stranger(b"\x15\x03\x03\x00\x02\x02\x46");
    let nats = stranger(b"INFO {\"server_id\":\"nats\"}\r\n");
    for address in [nobody, http, tls, nats] {
        for line in CHANGES {
            let home = tempfile::tempdir().expect("a scratch folder");
            let mut arguments = vec!["-a", &address, "--timeout", "2s"];
            arguments.extend(line.split(' '));
            let output = finish(frugal(home.path(), &arguments), b"v\n");
            assert_eq!(output.code, 3, "{address}: {line}: {output:?}");
            assert_eq!(output.err.lines().count(), 1, "{line}: {output:?}");
        }
    }
}

/// An answer in plain text to a client that speaks TLS.
#[test]
fn what_met_no_tls_is_3() {
    let plain = stranger(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    for line in CHANGES {
        let home = tempfile::tempdir().expect("a scratch folder");
        let mut arguments = vec!["-a", &plain, "--timeout", "2s", "--tls"];
        arguments.extend(line.split(' '));
        let output = finish(frugal(home.path(), &arguments), b"v\n");
        assert_eq!(output.code, 3, "{line}: {output:?}");
        assert!(output.err.contains("does not speak TLS"), "{output:?}");
    }
}
