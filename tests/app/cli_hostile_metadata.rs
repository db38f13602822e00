//! A broker whose metadata is made to hurt, and the real binary on it: each command ends soon, and says why.

use std::convert::Infallible;
use std::net::SocketAddr;

use liftui::wire::pb;
use tonic::codegen::{BoxFuture, Context, Poll, Service, http};
use tonic::server::{NamedService, UnaryService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use super::cli_test_cluster::{CliOutput, finish, frugal};

/// What the broker says of its cluster.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lies {
    /// Brokers that it lists, beside itself.
    pub(crate) brokers: usize,
    /// Partitions of its one stream.
    pub(crate) partitions: usize,
    /// Replicas of each, no two the same.
    pub(crate) replicas: usize,
    /// How often each replica is listed.
    pub(crate) repeated: usize,
    /// Ports that more brokers say to listen at.
    pub(crate) ports: &'static [i32],
}

/// A server that answers metadata calls alone.
#[derive(Clone)]
struct LyingBroker {
    lies: Lies,
    address: SocketAddr,
}

impl LyingBroker {
    fn answer(&self) -> pb::FetchMetadataResponse {
        let broker = |number: usize| pb::Broker {
            id: format!("broker-{number}"),
            host: self.address.ip().to_string(),
            port: i32::from(self.address.port()) + i32::try_from(number).unwrap_or(0),
            ..pb::Broker::default()
        };
        let impossible = self.lies.ports.iter().map(|port| pb::Broker {
            id: format!("at-{port}"),
            port: *port,
            ..broker(0)
        });
        let partition = |id: usize| {
            let first = id * self.lies.replicas;
            let replicas = (first..first + self.lies.replicas).map(|n| format!("replica-{n}"));
            let named: Vec<String> = replicas.collect();
            let endless = named.iter().cycle();
            let replicas: Vec<String> = endless
                .take(named.len() * self.lies.repeated)
                .cloned()
                .collect();
            pb::PartitionMetadata {
                id: i32::try_from(id).unwrap_or(0),
                leader: "broker-0".into(),
                isr: replicas.clone(),
                replicas,
                ..pb::PartitionMetadata::default()
            }
        };
        let partitions = (0..self.lies.partitions).map(partition);
        pb::FetchMetadataResponse {
            brokers: (0..=self.lies.brokers)
                .map(broker)
                .chain(impossible)
                .collect(),
            stream_metadata: vec![pb::StreamMetadata {
                name: "orders".into(),
                subject: "orders".into(),
                partitions: partitions
                    .map(|partition| (partition.id, partition))
                    .collect(),
                ..pb::StreamMetadata::default()
            }],
            group_metadata: Vec::new(),
        }
    }
}

impl NamedService for LyingBroker {
    const NAME: &'static str = "proto.API";
}

impl UnaryService<pb::FetchMetadataRequest> for LyingBroker {
    type Response = pb::FetchMetadataResponse;
    type Future = BoxFuture<Response<Self::Response>, Status>;

    fn call(&mut self, _: Request<pb::FetchMetadataRequest>) -> Self::Future {
        let answer = self.answer();
        Box::pin(async { Ok(Response::new(answer)) })
    }
}

impl Service<http::Request<tonic::body::Body>> for LyingBroker {
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let broker = self.clone();
        Box::pin(async move {
            if request.uri().path() != "/proto.API/FetchMetadata" {
                return Ok(Status::unimplemented("not here").into_http());
            }
            let mut grpc = tonic::server::Grpc::new(ProstCodec::default());
            Ok(grpc.unary(broker, request).await)
        })
    }
}

/// A broker that lies and listens.
pub(crate) struct Lying {
    _runtime: tokio::runtime::Runtime,
    pub(crate) address: SocketAddr,
}

impl Lying {
    pub(crate) fn start(lies: Lies) -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"));
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
        let broker = LyingBroker { lies, address };
        let server = tonic::transport::Server::builder().add_service(broker);
        runtime.spawn(server.serve_with_incoming(incoming));
        Self {
            _runtime: runtime,
            address,
        }
    }
}

/// Runs the binary on a broker that lies so.
fn on(lies: Lies, line: &str) -> CliOutput {
    let broker = Lying::start(lies);
    let address = broker.address;
    let home = tempfile::tempdir().expect("a scratch folder");
    let address = address.to_string();
    // The server is slow where it is not optimised.
    let words = ["-a", address.as_str(), "--timeout", "50s"].into_iter();
    let words: Vec<&str> = words.chain(line.split_whitespace()).collect();
    finish(frugal(home.path(), &words), b"")
}

const READING: [&str; 5] = [
    "streams",
    "partitions orders",
    "brokers",
    "describe orders",
    "tail orders",
];

#[test]
fn more_brokers_than_any_cluster_has_are_refused_whoever_names_them() {
    let listed = Lies {
        brokers: 100_000,
        partitions: 1,
        ..Lies::default()
    };
    let replicas = Lies {
        partitions: 10,
        replicas: 10_000,
        repeated: 1,
        ..Lies::default()
    };
    let scattered = Lies {
        partitions: 50_000,
        replicas: 2,
        repeated: 1,
        ..Lies::default()
    };
    for lies in [listed, replicas, scattered] {
        for line in READING {
            let output = on(lies, line);
            assert!(
                output.code > 0 && output.err.contains("more than 512 brokers"),
                "{lies:?} {line}: {output:?}"
            );
        }
    }
}

#[test]
fn more_partitions_than_are_read_are_refused_and_counted() {
    let lies = Lies {
        partitions: 100_001,
        ..Lies::default()
    };
    for line in READING {
        let output = on(lies, line);
        assert!(
            output.code > 0 && output.err.contains("100001 streams and partitions"),
            "{line}: {output:?}"
        );
    }
}

#[test]
fn a_replica_named_often_is_one() {
    let lies = Lies {
        partitions: 2,
        replicas: 3,
        repeated: 100_000,
        ..Lies::default()
    };
    let output = on(lies, "partitions orders -o json");
    assert_eq!(output.code, 0, "{}", output.err);
    let named = output.out.matches("\"replica-1\"").count();
    assert!((1..20).contains(&named), "{named} times");
}

#[test]
fn a_tail_of_more_partitions_than_sessions_says_so() {
    let lies = Lies {
        partitions: 20_000,
        ..Lies::default()
    };
    let output = on(lies, "tail orders");
    assert_eq!(output.code, 2, "{}", output.err);
    assert!(
        output.err.contains("at most 1000 partitions"),
        "{}",
        output.err
    );
}

#[test]
fn a_port_that_there_is_not_is_told_with_its_broker() {
    let lies = Lies {
        partitions: 1,
        ports: &[0, 70_000, -1, i32::MAX, i32::MIN],
        ..Lies::default()
    };
    let brokers = on(lies, "brokers -o json");
    assert_eq!(brokers.code, 0, "{brokers:?}");
    let check = on(lies, "check -o json");
    for port in lies.ports {
        let address = format!("127.0.0.1:{port}");
        assert!(
            brokers.out.contains(&format!("\"{address}\"")),
            "{brokers:?}"
        );
        let said = format!("broker at-{port} advertises {address}, which is no address");
        assert!(check.out.contains(&said), "{said}: {check:?}");
    }
    for line in ["streams", "partitions orders", "describe orders"] {
        assert_eq!(on(lies, line).code, 0, "{line}");
    }
}

#[test]
fn what_is_to_be_done_about_advertised_addresses_is_said_once_beneath_a_table() {
    let lies = Lies {
        partitions: 1,
        ports: &[1, 2],
        ..Lies::default()
    };
    for line in ["brokers -o table", "describe orders -o table"] {
        let output = on(lies, line);
        assert_eq!(output.code, 0, "{line}: {output:?}");
        assert!(!output.out.contains("--advertise"), "{line}: {output:?}");
        if line.starts_with("brokers") {
            let said = "127.0.0.1:1, 127.0.0.1:2 are addresses that brokers advertise";
            assert_eq!(output.err.matches(said).count(), 1, "{output:?}");
        }
    }
    let objects = on(lies, "brokers -o json");
    assert_eq!(objects.out.matches("--advertise").count(), 2, "{objects:?}");
    let check = on(lies, "check");
    assert_eq!(check.out.matches("--advertise").count(), 1, "{check:?}");
}

#[test]
fn as_many_partitions_as_are_read_are_listed_within_bounds_of_memory() {
    // Without replicas nobody is in doubt of: 50,000 objects, each printed and forgotten.
    let lies = Lies {
        partitions: 50_000,
        ..Lies::default()
    };
    let output = on(lies, "partitions orders -o ndjson");
    assert_eq!(output.code, 0, "{}", output.err);
    assert_eq!(output.out.lines().count(), 50_000);
}
