//! Listeners and connections: what happens below a request.
//!
//! Bounds on headers, on the time they may take and on open connections; sockets that notice a
//! dead peer; and a stop that lets requests under way finish. Upgraded connections and reply streams
//! belong to the hub, which ends them at its own pace.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Router, extract::Request};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Semaphore,
};
use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};
use tower::ServiceExt;

use crate::config::Http;

/// Connections that the kernel keeps for us while we are busy.
const BACKLOG: u32 = 4096;

/// The other end of the connection, before anything a proxy says.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Takes the address. A failure names it and the flag that changes it.
pub fn bind(address: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    let listen = || -> io::Result<TcpListener> {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().map_err(|error| {
        if error.kind() == io::ErrorKind::AddrInUse {
            let port = address.port();
            anyhow::anyhow!("port {port} is already in use ({address}); choose another with {flag}")
        } else {
            anyhow::anyhow!("cannot listen on {address}: {error}; change it with {flag}")
        }
    })
}

/// Keeps a stop waiting for the requests of one connection.
#[derive(Clone)]
pub struct UnderWay(Arc<Mutex<Option<TaskTrackerToken>>>);

impl UnderWay {
    fn of(requests: &TaskTracker) -> Self {
        Self(Arc::new(Mutex::new(Some(requests.token()))))
    }

    /// The answer lasts: somebody else ends it, and the connection with it.
    pub fn release(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Serves `router` until `stop`, then lets requests under way finish. Returns the connections whose
/// answers last.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Http,
    stop: CancellationToken,
) -> TaskTracker {
    let slots = Arc::new(Semaphore::new(bounds.connections.max(1)));
    let bounds = Arc::new(bounds);
    let (connections, requests) = (TaskTracker::new(), TaskTracker::new());
    loop {
        let slot = tokio::select! {
            () = stop.cancelled() => break,
            slot = Arc::clone(&slots).acquire_owned() => slot.expect("the semaphore is never closed"),
        };
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                prepare(&stream, &bounds);
                let router = router.clone();
                let (bounds, stop) = (Arc::clone(&bounds), stop.clone());
                let under_way = UnderWay::of(&requests);
                connections.spawn(async move {
                    let _slot = slot;
                    connection(stream, peer, router, &bounds, (stop, &under_way)).await;
                    under_way.release();
                });
            }
            Err(error) => refused(&error).await,
        }
    }
    drop(listener);
    requests.close();
    requests.wait().await;
    connections.close();
    connections
}

/// A connection that could not be accepted: most errors are the peer's, a lack of descriptors is
/// ours and lasts, so that trying at once would only spin.
async fn refused(error: &io::Error) {
    let of_the_peer = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    );
    if !of_the_peer {
        tracing::error!(error = %error, "a connection could not be accepted");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn prepare(stream: &TcpStream, bounds: &Http) {
    // Best effort: a socket that has died meanwhile says so at the first read.
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    {
        let timeout = Duration::from_millis(bounds.tcp_user_timeout_ms);
        let _ = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(timeout));
    }
    #[cfg(not(target_os = "linux"))]
    let _ = bounds;
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    bounds: &Http,
    (stop, under_way): (CancellationToken, &UnderWay),
) {
    let under_way = under_way.clone();
    let service = router.map_request(move |mut request: Request<hyper::body::Incoming>| {
        let extensions = request.extensions_mut();
        extensions.insert(Peer(peer.ip().to_canonical()));
        extensions.insert(under_way.clone());
        request.map(axum::body::Body::new)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(bounds.header_timeout_ms))
        .max_buf_size(bounds.header_bytes.max(8192))
        .max_headers(bounds.header_count.max(16))
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = %error, "a connection ended early");
    }
}
