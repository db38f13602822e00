//! The NATS envelope against recordings of the Go client and of a real server, and against bytes of any kind.

use std::fmt::Write;

use liftui::client::envelope::{Envelope, EnvelopeError, EnvelopeMessage, decode, encode};
use liftui::model::AckPolicy;
use serde_json::Value;

const PUBLISHED: &str = include_str!("../golden/envelope-publish.json");
const ACKED: &str = include_str!("../golden/envelope-acks.json");

/// Byte strings decoded in each run; `LIFTUI_FUZZ_ROUNDS` sets another number, 10,000,000 being the long mode.
const ROUNDS: u64 = 200_000;

fn cases(golden: &str) -> Vec<Value> {
    serde_json::from_str(golden).expect("the recordings are JSON")
}

fn unhex(text: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2).unwrap_or_default(), 16);
    let bytes = (0..text.len())
        .step_by(2)
        .map(byte)
        .collect::<Result<_, _>>();
    bytes.expect("the recordings are hex")
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a string takes everything");
    }
    text
}

fn policy(name: &str) -> AckPolicy {
    match name {
        "ALL" => AckPolicy::All,
        "NONE" => AckPolicy::None,
        _ => AckPolicy::Leader,
    }
}

fn text<'a>(fields: &'a Value, name: &str) -> &'a str {
    fields[name].as_str().unwrap_or_default()
}

#[test]
fn what_the_go_client_wrote_is_read_and_written_again() {
    for case in cases(PUBLISHED) {
        let (name, fields) = (text(&case, "name"), &case["fields"]);
        let bytes = unhex(text(&case, "hex"));
        let Ok(Envelope::Message(message)) = decode(&bytes) else {
            panic!("{name}: {:?}", decode(&bytes));
        };
        let value = match fields.get("valueHex").and_then(Value::as_str) {
            Some(hex) => unhex(hex),
            None => text(fields, "value").as_bytes().to_vec(),
        };
        assert_eq!(message.value, value, "{name}");
        assert_eq!(message.key, text(fields, "key"), "{name}");
        assert_eq!(message.ack_inbox, text(fields, "ackInbox"), "{name}");
        assert_eq!(
            message.correlation_id,
            text(fields, "correlationId"),
            "{name}"
        );
        assert_eq!(
            message.ack_policy,
            policy(text(fields, "ackPolicy")),
            "{name}"
        );
        assert_eq!(message.expected_offset, -1, "{name}");
        let headers = fields["headers"].as_object().cloned().unwrap_or_default();
        assert_eq!(message.headers.len(), headers.len(), "{name}");
        for (header, value) in &message.headers {
            assert_eq!(
                headers[header].as_str().map(str::as_bytes),
                Some(&**value),
                "{name}"
            );
        }
        assert_eq!(hex(&encode(&message, false)), hex(&bytes), "{name}");
    }
}

#[test]
fn the_acks_of_a_real_server_are_read() {
    let mut read = 0;
    for case in cases(ACKED)
        .iter()
        .filter(|case| case["ack_hex"].is_string())
    {
        let name = text(case, "case");
        let bytes = unhex(text(case, "ack_hex"));
        assert!(
            bytes.starts_with(&unhex(text(case, "header_hex"))),
            "{name}"
        );
        let Ok(Envelope::Ack(ack, None)) = decode(&bytes) else {
            panic!("{name}: {:?}", decode(&bytes));
        };
        let fields = &case["ack"];
        let number = |name| text(fields, name).parse().unwrap_or(0_i64);
        assert_eq!(&*ack.stream, text(fields, "stream"), "{name}");
        assert_eq!(
            &*ack.partition_subject,
            text(fields, "partitionSubject"),
            "{name}"
        );
        assert_eq!(&*ack.message_subject, text(fields, "msgSubject"), "{name}");
        assert_eq!(ack.offset, number("offset"), "{name}");
        assert_eq!(ack.ack_inbox, text(fields, "ackInbox"), "{name}");
        assert_eq!(ack.correlation_id, text(fields, "correlationId"), "{name}");
        assert_eq!(ack.policy, policy(text(fields, "ackPolicy")), "{name}");
        assert_eq!(ack.received.0, number("receptionTimestamp"), "{name}");
        assert_eq!(ack.committed.0, number("commitTimestamp"), "{name}");
        let sent = decode(&unhex(text(case, "sent_hex")));
        assert!(matches!(sent, Ok(Envelope::Message(_))), "{name}: {sent:?}");
        read += 1;
    }
    assert!(read >= 3, "the recordings hold acks");
}

#[test]
fn what_a_real_server_did_not_take_for_an_envelope_is_none() {
    let refused = |name: &str| {
        let all = cases(ACKED);
        let case = all.iter().find(|case| text(case, "case") == name);
        decode(&unhex(text(case.expect("it was recorded"), "sent_hex")))
    };
    assert_eq!(
        refused("publish envelope with wrong CRC"),
        Err(EnvelopeError::WrongChecksum)
    );
    assert_eq!(refused("wrong magic"), Err(EnvelopeError::WrongMagic));
    assert_eq!(
        refused("wrong version"),
        Err(EnvelopeError::WrongVersion(1))
    );
    assert_eq!(
        refused("truncated protobuf"),
        Err(EnvelopeError::WrongPayload)
    );
}

/// Makes other bytes of these: flips, cuts, doubles, replaces.
fn mutate(random: &mut fastrand::Rng, mut bytes: Vec<u8>) -> Vec<u8> {
    for _ in 0..random.usize(1..6) {
        let at = random.usize(..=bytes.len());
        match random.u8(..5) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, random.u8(..)),
            2 if at < bytes.len() => bytes[at] ^= 1 << random.u8(..8),
            3 if at < bytes.len() => bytes[at] = *random.choice(&[0, 0x7f, 0x80, 0xff]).unwrap(),
            _ => bytes.extend_from_within(at.min(bytes.len())..),
        }
    }
    bytes
}

#[test]
fn bytes_of_any_kind_are_decoded_without_a_panic() {
    let asked = std::env::var("LIFTUI_FUZZ_ROUNDS").ok();
    let rounds = asked.and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    for case in cases(PUBLISHED).iter().chain(&cases(ACKED)) {
        for field in ["hex", "sent_hex", "ack_hex"] {
            seeds.extend(case[field].as_str().map(unhex));
        }
    }
    let mut random = fastrand::Rng::with_seed(4);
    let mut read = 0_u64;
    for round in 0..rounds {
        let bytes = if round % 4 == 0 {
            let length = random.usize(..64);
            let mut bytes: Vec<u8> = (0..length).map(|_| random.u8(..)).collect();
            // Half of them get past the magic number.
            if random.bool() {
                bytes.splice(..length.min(5), [0xb9, 0x0e, 0x43, 0xb4, 0]);
            }
            bytes
        } else {
            let seed = random.choice(&seeds).cloned().unwrap_or_default();
            mutate(&mut random, seed)
        };
        if let Ok(Envelope::Message(message)) = decode(&bytes) {
            let again = decode(&encode(&message, round % 2 == 0));
            assert_eq!(again, Ok(Envelope::Message(message)), "{}", hex(&bytes));
            read += 1;
        }
    }
    assert!(
        read > rounds / 100,
        "mutations reach beyond the header: {read} of {rounds}"
    );
}

#[test]
fn headers_are_written_in_their_order() {
    let message = EnvelopeMessage {
        headers: vec![("b".into(), "1".into()), ("a".into(), "2".into())],
        ..EnvelopeMessage::default()
    };
    let Ok(Envelope::Message(read)) = decode(&encode(&message, true)) else {
        panic!("it is an envelope");
    };
    assert_eq!(read, message);
}
