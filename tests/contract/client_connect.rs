//! What an address can turn out to be: nothing, something else, nobody who answers. One clear sentence each.

use std::time::Duration;

use liftui::client::{Client, ConnectOptions, Observer};
use liftui::demo::DemoOptions;
use liftui::model::{ErrorKind, StartAt, StopAt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::test_cluster::{TestCluster, acked, drain, lively, range, to};

fn options(seeds: &[String]) -> ConnectOptions {
    ConnectOptions {
        metadata_timeout: Duration::from_millis(1500),
        ..ConnectOptions::new(seeds)
    }
}

/// A server that reads something and answers with these bytes.
async fn stranger(answer: &'static [u8]) -> String {
    let (listener, address) = listen().await;
    tokio::task::spawn_local(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut read = [0; 16];
            if socket.read(&mut read).await.is_ok() {
                socket.write_all(answer).await.ok();
            }
        }
    });
    address
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback has a port");
    let address = listener.local_addr().expect("it is bound").to_string();
    (listener, address)
}

async fn unused_port() -> String {
    listen().await.1
}

#[tokio::test]
async fn a_dead_port_refuses_at_once_and_says_so() {
    let address = unused_port().await;
    let observer = Observer::new(options(std::slice::from_ref(&address))).unwrap();
    let view = observer.fetch_view(&address).await;
    let failure = view.result.unwrap_err();
    assert_eq!(failure.kind, ErrorKind::Unreachable);
    assert_eq!(
        failure.sentence,
        format!("broker {address} refused the connection")
    );
    let known = observer.brokers();
    assert_eq!((known[0].attempts, known[0].is_answering()), (1, false));
}

#[tokio::test]
async fn something_else_than_liftbridge_is_told_from_a_dead_broker() {
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            for answer in [
                &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
                b"INFO {\"server_id\":\"nats\"}\r\n",
                b"SSH-2.0-OpenSSH_9.9\r\n",
            ] {
                let address = stranger(answer).await;
                let error = Client::connect(options(std::slice::from_ref(&address)))
                    .await
                    .unwrap_err();
                assert_eq!(error.kind(), ErrorKind::NotLiftbridge, "{error}");
                let start = format!("broker {address} does not speak gRPC");
                assert!(error.to_string().starts_with(&start), "{error}");
            }
        })
        .await;
}

#[tokio::test]
async fn a_port_that_never_answers_is_given_up_on() {
    let (_listener, address) = listen().await;
    let error = Client::connect(options(std::slice::from_ref(&address)))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let start = format!("broker {address} did not answer within ");
    assert!(error.to_string().starts_with(&start), "{error}");
}

#[tokio::test]
async fn an_unknown_host_and_a_malformed_address_are_told_apart() {
    let unknown = Client::connect(options(&["no-such-host.invalid".into()])).await;
    let unknown = unknown.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::BadAddress);
    assert_eq!(
        unknown.to_string(),
        "broker no-such-host.invalid:9292 has a host that cannot be resolved"
    );
    let malformed = Client::new(options(&["http://x".into()])).unwrap_err();
    assert_eq!(malformed.kind(), ErrorKind::BadAddress);
}

#[tokio::test]
async fn a_broker_that_advertises_what_cannot_be_dialled_is_reached_as_its_seed() {
    let one = DemoOptions {
        brokers: 1,
        ..lively()
    };
    let test = TestCluster::demo(one).await;
    let stream = test.stream("unknown-name", 1).await;
    let advertised = test.addresses[0].clone();
    let port = advertised.rsplit_once(':').unwrap().1;
    let options = ConnectOptions {
        advertise: vec![(advertised.clone(), "127.0.0.1:9".to_owned())],
        ..ConnectOptions::new([format!("localhost:{port}")])
    };
    let client = Client::connect(options).await.unwrap();
    acked(client.publish(to(&stream, 0, "x")).await);
    assert_eq!(
        client
            .fetch_partition(&stream, 0)
            .await
            .unwrap()
            .newest_offset,
        0
    );
    let all = range(&stream, 0, StartAt::Earliest, StopAt::Latest);
    let read = drain(client.subscribe(all).await.unwrap()).await;
    assert_eq!(read.offsets(), [0]);
    test.close().await;
}
