//! TLS: whom the client trusts, and what it says where there is nothing to trust. The server speaks no Liftbridge; what
//! is shown is how far a call comes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use liftui::client::rustls::pki_types::{CertificateDer, pem::PemObject};
use liftui::client::rustls::{ClientConfig, RootCertStore};
use liftui::client::{ConnectOptions, Observer, TlsOptions};
use liftui::model::ErrorKind;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::Routes;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};

/// Serves TLS with a certificate of its own; returns its address and the file of that certificate.
async fn server(folder: &Path) -> (String, PathBuf) {
    server_for(folder, None).await
}

/// The same; where one is named, clients must show a certificate of that authority.
async fn server_for(folder: &Path, clients: Option<Certificate>) -> (String, PathBuf) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let ca = folder.join("ca.pem");
    std::fs::write(&ca, cert.pem()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let identity = Identity::from_pem(cert.pem(), signing_key.serialize_pem());
    let mut tls = ServerTlsConfig::new().identity(identity);
    if let Some(clients) = clients {
        tls = tls.client_ca_root(clients);
    }
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

/// A call that came through TLS finds out that the server lacks the call.
fn came_through(kind: ErrorKind) -> bool {
    kind != ErrorKind::Tls && kind != ErrorKind::Unreachable
}

#[tokio::test]
pub(crate) async fn a_server_that_asks_for_a_certificate_gets_it_or_refuses() {
    let folder = TempDir::new().unwrap();
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["client".to_owned()]).unwrap();
    let (own, key) = (folder.path().join("own.pem"), folder.path().join("key.pem"));
    std::fs::write(&own, cert.pem()).unwrap();
    std::fs::write(&key, signing_key.serialize_pem()).unwrap();
    let authority = Certificate::from_pem(cert.pem());
    let (address, ca) = server_for(folder.path(), Some(authority)).await;
    let nameless = TlsOptions {
        ca: Some(ca),
        ..TlsOptions::default()
    };
    let kind = failure(&address, nameless.clone()).await;
    assert!(!came_through(kind), "{kind:?}");
    let named = TlsOptions {
        cert: Some(own),
        key: Some(key),
        ..nameless
    };
    let kind = failure(&address, named).await;
    assert!(came_through(kind), "{kind:?}");
}

#[tokio::test]
async fn a_configuration_of_ones_own_is_what_is_spoken() {
    let folder = TempDir::new().unwrap();
    let (address, ca) = server(folder.path()).await;
    let configured = |trusted: bool| {
        let mut roots = RootCertStore::empty();
        if trusted {
            let certificate = CertificateDer::from_pem_file(&ca).unwrap();
            roots.add(certificate).unwrap();
        }
        let config = ClientConfig::builder().with_root_certificates(roots);
        TlsOptions {
            rustls: Some(Arc::new(config.with_no_client_auth())),
            ..TlsOptions::default()
        }
    };
    let kind = failure(&address, configured(true)).await;
    assert!(came_through(kind), "{kind:?}");
    assert_eq!(failure(&address, configured(false)).await, ErrorKind::Tls);
    let misnamed = TlsOptions {
        server_name: Some("elsewhere".to_owned()),
        ..configured(true)
    };
    assert_eq!(failure(&address, misnamed).await, ErrorKind::Tls);
    let both = TlsOptions {
        ca: Some(ca.clone()),
        ..configured(true)
    };
    let options = ConnectOptions {
        tls: Some(both),
        ..ConnectOptions::new([address])
    };
    let refused = Observer::new(options).unwrap_err();
    assert_eq!(
        refused.kind(),
        ErrorKind::Tls,
        "files would not be regarded"
    );
}

#[tokio::test]
pub(crate) async fn a_server_of_the_named_authority_is_spoken_to_and_any_other_is_not() {
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
    assert!(came_through(kind), "{kind:?}");
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

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_said_in_words() {
    let folder = TempDir::new().unwrap();
    let (address, ca) = server(folder.path()).await;
    let said = async |tls: TlsOptions| {
        let options = ConnectOptions {
            tls: Some(tls),
            ..ConnectOptions::new([address.as_str()])
        };
        let observer = Observer::new(options).unwrap();
        let view = observer.fetch_view(&address).await;
        view.result.unwrap_err().sentence
    };
    let untrusted = said(TlsOptions::default()).await;
    assert!(
        untrusted.contains("authority that is not trusted"),
        "{untrusted}"
    );
    let misnamed = said(TlsOptions {
        ca: Some(ca),
        server_name: Some("elsewhere".to_owned()),
        ..TlsOptions::default()
    })
    .await;
    assert!(misnamed.contains("for another name"), "{misnamed}");
}

/// A file that names no authority must not pass for one that trusts nobody: every broker would look untrusted.
#[test]
fn a_file_without_certificates_is_refused() {
    let folder = TempDir::new().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "no certificate\n").unwrap();
    let options = ConnectOptions {
        tls: Some(TlsOptions {
            ca: Some(empty),
            ..TlsOptions::default()
        }),
        ..ConnectOptions::new(["localhost"])
    };
    let refused = Observer::new(options).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Tls);
    assert!(
        refused.to_string().contains("holds no certificate"),
        "{refused}"
    );
}
