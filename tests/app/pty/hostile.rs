//! The real dashboard before servers that mean harm: it answers keys and quits, whatever they do. `--nocapture` prints the
//! times, which a release build keeps within 100 ms and a second. `LIFTUI_HARM=10s` stays so long with each.

use std::any::Any;
use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use liftui::model::parse_duration;
use tonic::Code;

use super::{Terminal, is_restored};
use crate::cli_hostile_metadata::{Lies, Lying};
use crate::cli_silence::endless;
use crate::hostile_broker::{Behaviour, Ending, HostileBroker, Reads};

/// A server, its address, and how it is told from the others.
struct Harm {
    name: String,
    address: String,
    _server: Box<dyn Any>,
}

fn behaving(behaviour: Behaviour) -> Harm {
    let name = format!("{:?}, {:?}", behaviour.metadata, behaviour.reads);
    let broker = HostileBroker::start(behaviour);
    Harm {
        name: name.chars().take(60).collect(),
        address: broker.address(),
        _server: Box::new(broker),
    }
}

fn lying(lies: Lies) -> Harm {
    let broker = Lying::start(lies);
    Harm {
        name: format!("{lies:?}"),
        address: broker.address.to_string(),
        _server: Box::new(broker),
    }
}

/// Takes connections, writes that, and says nothing more; without any text it takes none.
fn speaking(text: &'static [u8]) -> Harm {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has ports");
    let address = listener.local_addr().expect("it is bound").to_string();
    let name = format!("no gRPC: {}", text.escape_ascii());
    if text.is_empty() {
        return Harm {
            name,
            address,
            _server: Box::new(listener),
        };
    }
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for mut stream in listener.incoming().map_while(Result::ok) {
            stream.write_all(text).ok();
            held.push(stream);
        }
    });
    Harm {
        name,
        address,
        _server: Box::new(()),
    }
}

fn all() -> Vec<Harm> {
    let usual = || Behaviour {
        text: "hostile".into(),
        ..Behaviour::default()
    };
    let metadata = [
        Ending::Never,
        Ending::Empty,
        Ending::Status(Code::Unavailable, "not now".into()),
        Ending::Status(Code::Unimplemented, "\u{1b}]52;c;aGk=\u{7}\u{202e}".into()),
    ];
    let metadata = metadata.map(|metadata| {
        behaving(Behaviour {
            metadata,
            ..usual()
        })
    });
    let reads = endless().into_iter().chain([Reads::Messages]).map(|reads| {
        behaving(Behaviour {
            reads,
            messages: 1_000_000,
            ..usual()
        })
    });
    let lies = [
        Lies {
            brokers: 5_000,
            ..Lies::default()
        },
        Lies {
            partitions: 50_000,
            ..Lies::default()
        },
        Lies {
            partitions: 5_000,
            replicas: 3,
            repeated: 1,
            ..Lies::default()
        },
        Lies {
            partitions: 1,
            replicas: 10_000,
            repeated: 2,
            ..Lies::default()
        },
        Lies {
            partitions: 1,
            ports: &[0, -1, 70_000],
            ..Lies::default()
        },
    ];
    let texts: [&[u8]; 3] = [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n<html>",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
    ];
    let mut all: Vec<Harm> = metadata.into_iter().chain(reads).collect();
    all.extend(lies.map(lying));
    all.extend(texts.map(speaking));
    all
}

#[test]
fn whatever_a_server_does_keys_are_answered_and_the_dashboard_quits() {
    let stays = std::env::var("LIFTUI_HARM").map_or(Duration::ZERO, |text| {
        parse_duration(&text).expect("a duration, as 10s")
    });
    for harm in all() {
        let home = tempfile::tempdir().expect("a scratch folder");
        let home = home.path().to_str().expect("a plain path");
        let addresses = ["--addr", &harm.address, "--config", "/dev/null", "--fresh"];
        let mut terminal = Terminal::run(&addresses, &[("HOME", home), ("XDG_STATE_HOME", home)]);
        terminal.wait_for_dashboard();
        let (mut slowest, mut pressed_keys) = ((Duration::ZERO, ""), 0);
        let begun = Instant::now();
        // Through what is asked at once, and what is asked of streams, tails and cursors.
        let rooms = ["1", "2", "3", "l", "l", "4", "1"];
        let mut rooms = rooms.into_iter().cycle().enumerate();
        while let Some((round, keys)) = rooms.next()
            && (round < 7 || begun.elapsed() < stays)
        {
            terminal.type_keys(keys);
            for _ in 0..6 {
                for (key, shows) in [("?", true), ("\x1b", false)] {
                    let pressed = Instant::now();
                    terminal.type_keys(key);
                    terminal.wait(&harm.name, |screen| {
                        screen.contents().contains("Keys") == shows
                    });
                    slowest = slowest.max((pressed.elapsed(), keys));
                    pressed_keys += 1;
                }
            }
        }
        let keys = begun.elapsed();
        let asked = Instant::now();
        terminal.press_until("\x11", "the end", is_restored);
        let restored = asked.elapsed();
        assert_eq!(terminal.wait_for_the_end().exit_code(), 0, "{}", harm.name);
        println!(
            "{}: {pressed_keys} keys in {keys:?}, the slowest {slowest:?}, restored after {restored:?}, ended after {:?}",
            harm.name,
            asked.elapsed()
        );
    }
}
