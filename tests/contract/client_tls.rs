//! TLS: whom the client trusts, and what it says where there is nothing to trust. The server speaks no Liftbridge; what
//! is shown is how far a call comes.

use std::path::{Path, PathBuf};

use liftui::client::{ConnectOptions, Observer, TlsOptions};
use liftui::model::ErrorKind;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::Routes;
use tonic::transport::{Identity, Server, ServerTlsConfig};

/// Serves TLS with a certificate of its own; returns its address and the file of that certificate.
async fn server(folder: &Path) -> (String, PathBuf) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let ca = folder.join("ca.pem");
    std::fs::write(&ca, cert.pem()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let identity = Identity::from_pem(cert.pem(), signing_key.serialize_pem());
    let tls = ServerTlsConfig::new().identity(identity);
    let builder = Server::builder().tls_config(tls).unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move {
        let mut builder = builder;
        let incoming = TcpListenerStream::new(listener);
        let served = builder.add_routes(Routes::default());
        served.serve_with_incoming(incoming).await.unwrap();
    });
    tasks.detach_all();
    (format!("localhost:{port}"), ca)
}

async fn failure(address: &str, tls: TlsOptions) -> ErrorKind {
    let options = ConnectOptions {
        tls: Some(tls),
        ..ConnectOptions::new([address])
    };
    let observer = Observer::new(options).unwrap();
    observer.fetch_view(address).await.result.unwrap_err().kind
}

#[tokio::test]
async fn a_server_of_the_named_authority_is_spoken_to_and_any_other_is_not() {
    let folder = TempDir::new().unwrap();
    let (address, ca) = server(folder.path()).await;
    assert_eq!(
        failure(&address, TlsOptions::default()).await,
        ErrorKind::Tls
    );
    let trusting = TlsOptions {
        ca: Some(ca.clone()),
        ..TlsOptions::default()
    };
    // It came through TLS: only then can it be found to lack the call.
    let kind = failure(&address, trusting.clone()).await;
    assert!(
        kind != ErrorKind::Tls && kind != ErrorKind::Unreachable,
        "{kind:?}"
    );
    let misnamed = TlsOptions {
        server_name: Some("elsewhere".to_owned()),
        ..trusting
    };
    assert_eq!(failure(&address, misnamed).await, ErrorKind::Tls);
}

#[test]
fn files_that_cannot_be_used_are_told_before_anything_is_dialled() {
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("missing.pem");
    let refused = |tls: TlsOptions| {
        let options = ConnectOptions {
            tls: Some(tls),
            ..ConnectOptions::new(["localhost"])
        };
        Observer::new(options).unwrap_err()
    };
    let unread = refused(TlsOptions {
        ca: Some(missing.clone()),
        ..TlsOptions::default()
    });
    assert_eq!(unread.kind(), ErrorKind::Tls);
    assert!(unread.to_string().contains("missing.pem"), "{unread}");
    let half = refused(TlsOptions {
        key: Some(missing),
        ..TlsOptions::default()
    });
    assert_eq!(half.kind(), ErrorKind::Tls);
}
