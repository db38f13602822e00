//! Serves the exporter's pages over HTTP/1. One request a connection and little time for it, so that nobody holds the exporter up:
//! neither slowly, nor with much, nor with many.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ACCEPT, ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::page::{Exporter, Page};

/// How long the head of a request may take.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// How long a connection may last, its answer included.
const CONNECTION_WITHIN: Duration = Duration::from_secs(30);
/// Bytes of a head at most.
const MOST_HEAD: usize = 16 * 1024;
/// Header lines at most.
const MOST_HEADERS: usize = 64;
/// Connections at once: whoever comes when there are as many takes the place of the oldest. Each may hold a text of its own, of
/// megabytes where a cluster is large, until its end.
const MOST_CONNECTIONS: usize = 16;
/// How long it is waited where the system has no file left for a connection.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// Serves until this is dropped.
pub(super) async fn serve(listener: TcpListener, exporter: Arc<Exporter>) -> Infallible {
    let mut tasks = JoinSet::new();
    let mut open: VecDeque<AbortHandle> = VecDeque::new();
    let mut pause = interval(AFTER_FAILURE);
    pause.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                pause.tick().await;
                continue;
            }
        };
        while tasks.try_join_next().is_some() {}
        open.retain(|connection| !connection.is_finished());
        if open.len() >= MOST_CONNECTIONS
            && let Some(oldest) = open.pop_front()
        {
            oldest.abort();
        }
        let answering = answer(stream, Arc::clone(&exporter));
        open.push_back(tasks.spawn(answering));
    }
}

/// Answers one request.
async fn answer(stream: TcpStream, exporter: Arc<Exporter>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let exporter = Arc::clone(&exporter);
        async move { Ok::<_, Infallible>(respond(&request, &exporter)) }
    });
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .keep_alive(false)
        .max_buf_size(MOST_HEAD)
        .max_headers(MOST_HEADERS);
    let connection = server.serve_connection(TokioIo::new(stream), service);
    match timeout(CONNECTION_WITHIN, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a request was not answered"),
        Err(_) => tracing::debug!("a request took too long and was given up"),
    }
}

/// A request's body is not read: what it asks for is in its head.
fn respond(request: &Request<Incoming>, exporter: &Exporter) -> Response<Full<Bytes>> {
    let method = request.method();
    if method != Method::GET && method != Method::HEAD {
        let page = Page::sentence(405, "the exporter answers GET and HEAD");
        let mut response = response(page);
        let allowed = HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(ALLOW, allowed);
        return response;
    }
    let ranges = request.headers().get_all(ACCEPT).iter();
    let ranges: Vec<&str> = ranges.filter_map(|range| range.to_str().ok()).collect();
    response(exporter.page(request.uri().path(), &ranges.join(",")))
}

fn response(page: Page) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(page.body));
    *response.status_mut() =
        StatusCode::from_u16(page.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let content_type = HeaderValue::from_static(page.content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
