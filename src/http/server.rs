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

use axum::{Router, extract::Request, response::Response};
use http::{HeaderValue, StatusCode, header};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
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

/// How a listener ends: at no moment is a client that was let in left without an answer.
#[derive(Debug, Clone, Default)]
pub struct Ending {
    /// From here on each answer asks its client to come back by another connection.
    pub leaving: CancellationToken,
    /// From here on there are no new connections.
    pub closing: CancellationToken,
    /// How long the old ones then wait for a request that may be on its way.
    pub linger: Duration,
}

/// Serves `router` until told to end, then lets requests under way finish. Returns the connections
/// whose answers last.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Http,
    ending: Ending,
) -> TaskTracker {
    let slots = Arc::new(Semaphore::new(bounds.connections.max(1)));
    let closing = ending.closing.clone();
    let door = Door {
        router,
        bounds: Arc::new(bounds),
        ending,
        connections: TaskTracker::new(),
        requests: TaskTracker::new(),
    };
    loop {
        let slot = tokio::select! {
            () = closing.cancelled() => break,
            slot = Arc::clone(&slots).acquire_owned() => slot.expect("the semaphore is never closed"),
        };
        let accepted = tokio::select! {
            () = closing.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => door.let_in(stream, peer, slot),
            Err(error) => refused(&error).await,
        }
    }
    door.let_in_those_who_wait(listener, &slots);
    door.requests.close();
    door.requests.wait().await;
    door.connections.close();
    door.connections
}

/// What every connection is given.
struct Door {
    router: Router,
    bounds: Arc<Http>,
    ending: Ending,
    connections: TaskTracker,
    requests: TaskTracker,
}

impl Door {
    fn let_in(&self, stream: TcpStream, peer: SocketAddr, slot: OwnedSemaphorePermit) {
        prepare(&stream, &self.bounds);
        let router = self.router.clone();
        let (bounds, ending) = (Arc::clone(&self.bounds), self.ending.clone());
        let under_way = UnderWay::of(&self.requests);
        self.connections.spawn(async move {
            let _slot = slot;
            connection(stream, peer, router, &bounds, (ending, &under_way)).await;
            under_way.release();
        });
    }

    /// The kernel has greeted them, so they have sent their requests: closing the listener now
    /// would cut them.
    fn let_in_those_who_wait(&self, listener: TcpListener, slots: &Arc<Semaphore>) {
        // Taken out of the runtime it says at once when there are none left, and closes at the end.
        let Ok(listener) = listener.into_std() else {
            return;
        };
        while let Ok(slot) = Arc::clone(slots).try_acquire_owned()
            && let Ok((stream, peer)) = listener.accept()
        {
            let stream = stream.set_nonblocking(true).map(|()| stream);
            match stream.and_then(TcpStream::from_std) {
                Ok(stream) => self.let_in(stream, peer, slot),
                Err(error) => tracing::debug!(error = %error, "a connection ended early"),
            }
        }
    }
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
    (ending, under_way): (Ending, &UnderWay),
) {
    let under_way = under_way.clone();
    let leaving = ending.leaving;
    let service = router.map_request(move |mut request: Request<hyper::body::Incoming>| {
        let extensions = request.extensions_mut();
        extensions.insert(Peer(peer.ip().to_canonical()));
        extensions.insert(under_way.clone());
        request.map(axum::body::Body::new)
    });
    let service = service.map_response(move |mut response: Response| {
        if leaving.is_cancelled() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        response
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
        () = lingered(&ending.closing, ending.linger) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = %error, "a connection ended early");
    }
}

/// A connection without a request under way would be closed in the face of one that is on its way.
async fn lingered(closing: &CancellationToken, linger: Duration) {
    closing.cancelled().await;
    tokio::time::sleep(linger).await;
}
