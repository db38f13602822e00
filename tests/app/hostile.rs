//! Messages that nobody wants and some tail will meet: what of them is to be seen, the tests say.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use liftui::client::Client;
use liftui::model::{Destination, Operation, PublishOptions};

/// Each with what the inspector says of it, in the order of their offsets.
pub(crate) fn messages() -> Vec<(PublishOptions, &'static str)> {
    let value =
        |value: Vec<u8>| PublishOptions::new(Destination::Partition("hostile".into(), 0), value);
    let with_headers = PublishOptions {
        headers: (0..10_000)
            .map(|number| (format!("name-{number}"), "x".into()))
            .collect(),
        ..value(b"ten thousand headers".to_vec())
    };
    vec![
        (value(b"x".repeat(1_048_000)), "1023 KiB"),
        (with_headers, "and 9,996 more"),
        (value(Vec::new()), "0 B"),
        (value("words ".repeat(11_000).into_bytes()), "64 KiB"),
        (
            value(("[".repeat(100_000) + &"]".repeat(100_000)).into_bytes()),
            "only the first",
        ),
        (value(gzip_bomb()), "4 MiB opened"),
        (value(zstd_bomb(13)), "4 MiB opened"),
        (value(zstd_bomb(20)), "does not open"),
        (value(b"\x1b[2J\x1b]52;c;aGk=\x07".repeat(1000)), "15 KiB"),
    ]
}

/// Stores them in stream `hostile`, which exists.
pub(crate) async fn publish(client: &Client) {
    for (message, _) in messages() {
        let publish = Operation::Publish(Box::new(message));
        client.perform(publish).await.expect("it is stored");
    }
}

/// 64 MiB of zeros in some 300 KiB: eight gzip members, one after the other.
fn gzip_bomb() -> Vec<u8> {
    let mut member = GzEncoder::new(Vec::new(), Compression::fast());
    member
        .write_all(&vec![b'0'; 8 << 20])
        .expect("memory takes it");
    member.finish().expect("memory takes it").repeat(8)
}

/// 64 MiB of zeros in a frame of 2 KiB whose reader has to keep 2^(10 + window) bytes (RFC 8878, §3.1.1).
fn zstd_bomb(window: u8) -> Vec<u8> {
    let mut bomb = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, window << 3];
    for block in 0..512 {
        let header = (128_u32 << 10) << 3 | 1 << 1 | u32::from(block == 511);
        bomb.extend_from_slice(&header.to_le_bytes()[..3]);
        bomb.push(b'0');
    }
    bomb
}
