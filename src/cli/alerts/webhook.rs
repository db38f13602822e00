//! A webhook: one POST of JSON over HTTP/1, with TLS where its address says so, to a server that answers with success.

use std::fmt;
use std::pin::pin;

use hyper::Uri;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::client::system_tls;

/// Where findings are posted.
#[derive(Clone)]
pub(super) struct Webhook {
    uri: Uri,
    host: String,
    port: u16,
    is_encrypted: bool,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What follows the host may be a secret.
        write!(f, "Webhook({})", self.host)
    }
}

impl Webhook {
    /// Reads an address.
    ///
    /// # Errors
    /// It is none of HTTP.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "write an address like https://example.org/alerts".to_owned();
        let uri: Uri = text.parse().map_err(|_no_address| wrong())?;
        let is_encrypted = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            Some(_) | None => return Err(wrong()),
        };
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        if authority.contains('@') {
            return Err("no user or password may stand before the host".to_owned());
        }
        let host = uri.host().filter(|host| !host.is_empty());
        let host = host.ok_or_else(wrong)?.to_owned();
        let port = uri
            .port_u16()
            .unwrap_or(if is_encrypted { 443 } else { 80 });
        Ok(Self {
            uri,
            host,
            port,
            is_encrypted,
        })
    }

    /// Whom it is posted to.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Posts it.
    ///
    /// # Errors
    /// The server cannot be reached, or does not answer with success.
    pub(super) async fn post(&self, body: String) -> Result<(), String> {
        let address = (self.host.trim_matches(['[', ']']), self.port);
        let tcp = TcpStream::connect(address).await.map_err(text)?;
        let status = if self.is_encrypted {
            let tls = system_tls(&self.host, tcp).await.map_err(text)?;
            self.send(tls, body).await?
        } else {
            self.send(tcp, body).await?
        };
        if status.is_success() {
            return Ok(());
        }
        Err(format!("it answered {status}"))
    }

    async fn send<S>(&self, stream: S, body: String) -> Result<StatusCode, String>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(text)?;
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let authority = self
            .uri
            .authority()
            .map_or("", |authority| authority.as_str());
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(HOST, authority)
            .header(USER_AGENT, concat!("liftui/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, "application/json")
            .body(body)
            .map_err(text)?;
        let mut answer = pin!(sender.send_request(request));
        let mut connection = pin!(connection);
        let answer = tokio::select! {
            biased;
            answer = &mut answer => answer,
            // The answer may have come with the end.
            _ended = &mut connection => answer.await,
        };
        Ok(answer.map_err(text)?.status())
    }
}

fn text(error: impl fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_http_and_its_secrets_are_not_shown() {
        let webhook = Webhook::parse("https://hooks.example.org/T1/SECRET?x=1").unwrap();
        assert_eq!((webhook.host(), webhook.port), ("hooks.example.org", 443));
        assert!(!format!("{webhook:?}").contains("SECRET"));
        assert_eq!(Webhook::parse("http://[::1]:8080/x").unwrap().port, 8080);
        for text in [
            "",
            "hooks.example.org/x",
            "ftp://x/y",
            "https:///x",
            "https://me:secret@example.org/x",
            "http://",
        ] {
            assert!(Webhook::parse(text).is_err(), "{text}");
        }
    }
}
