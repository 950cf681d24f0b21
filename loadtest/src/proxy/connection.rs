//! One connection through the proxy: both sockets and what passes between them, in one task, so
//! that whoever cuts it resets both ends.

use std::{io, pin::Pin, sync::Arc};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    sync::watch,
};
use tokio_util::sync::CancellationToken;

use super::{
    Door, Shared, Target, Weather,
    commit::Wiretap,
    direction::{Broken, Wire},
};

/// A socket of either kind.
enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

type Reader<'a> = Pin<Box<dyn AsyncRead + Send + 'a>>;
type Writer<'a> = Pin<Box<dyn AsyncWrite + Send + 'a>>;

impl Socket {
    async fn connect(target: Target) -> io::Result<Self> {
        match target {
            Target::Tcp(address) => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                Ok(Self::Tcp(stream))
            }
            Target::Unix(path) => Ok(Self::Unix(UnixStream::connect(path).await?)),
        }
    }

    fn split(&mut self) -> (Reader<'_>, Writer<'_>) {
        match self {
            Self::Tcp(stream) => {
                let (reader, writer) = stream.split();
                (Box::pin(reader), Box::pin(writer))
            }
            Self::Unix(stream) => {
                let (reader, writer) = stream.split();
                (Box::pin(reader), Box::pin(writer))
            }
        }
    }

    /// Ends it by RST where there is such a thing.
    fn reset(self) {
        match self {
            // It fails on a connection that is gone already.
            Self::Tcp(stream) => drop(stream.set_zero_linger()),
            Self::Unix(_) => {}
        }
    }
}

pub(super) async fn serve(
    near: TcpStream,
    shared: Arc<Shared>,
    mut weather: watch::Receiver<Weather>,
    cut: CancellationToken,
) {
    let door = weather.borrow().door;
    let near = Socket::Tcp(near);
    match door {
        Door::Refuses => near.reset(),
        Door::Silent => {
            tokio::select! {
                () = cut.cancelled() => {}
                // Gone with the proxy, it is over as well.
                _ = weather.wait_for(|weather| weather.door != Door::Silent) => {}
            }
            near.reset();
        }
        Door::Open => {
            let far = tokio::select! {
                () = cut.cancelled() => return near.reset(),
                far = Socket::connect(shared.route.target()) => far,
            };
            match far {
                Ok(far) => join(near, far, &shared, weather, cut).await,
                Err(_) => near.reset(),
            }
        }
    }
}

async fn join(
    mut near: Socket,
    mut far: Socket,
    shared: &Shared,
    weather: watch::Receiver<Weather>,
    cut: CancellationToken,
) {
    if let Socket::Tcp(stream) = &near {
        // Delays are ours to choose. It fails on a connection that is gone already.
        drop(stream.set_nodelay(true));
    }
    let wiretap = Wiretap::default();
    let result: Result<(), Broken> = {
        let (from_near, to_near) = near.split();
        let (from_far, to_far) = far.split();
        let share = rand::random();
        let up = Wire {
            from: from_near,
            to: to_far,
            weather: weather.clone(),
            passage: |weather| &weather.up,
            share,
        };
        let down = Wire {
            from: from_far,
            to: to_near,
            weather,
            passage: |weather| &weather.down,
            share,
        };
        let both = async {
            let up = up.carry(|bytes| wiretap.hear_client(bytes, &shared.trap));
            let down = down.carry(|bytes| wiretap.hear_server(bytes));
            tokio::try_join!(up, down).map(drop)
        };
        tokio::select! {
            () = cut.cancelled() => Err(Broken),
            result = both => result,
        }
    };
    if result.is_err() {
        near.reset();
        far.reset();
    }
}
