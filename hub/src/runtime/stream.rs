//! One connection whose replies go out as the body of an HTTP response. The connection's task
//! writes to one end of a bounded pipe, and whoever serves the response reads the other.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes, buf::Chain};
use futures_util::Stream;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex};

use super::{
    config::HubConfig,
    inbox::Inbox,
    transport::{Broken, Counted, Event, Link, Reading},
};
use crate::protocol::{CloseCode, Encoding, Frame, reply::Push};

/// How replies are told apart in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// JSON, one reply per line.
    Lines,
    /// JSON as events of a `text/event-stream`.
    Events,
    /// Protobuf, the length before each reply.
    Lengths,
}

impl Framing {
    pub(super) fn encoding(self) -> Encoding {
        match self {
            Self::Lines | Self::Events => Encoding::Json,
            Self::Lengths => Encoding::Protobuf,
        }
    }

    /// What stands before and after each reply.
    fn around(self) -> (&'static [u8], &'static [u8]) {
        match self {
            Self::Lines => (b"", b"\n"),
            Self::Events => (b"data: ", b"\n\n"),
            // They are encoded with it.
            Self::Lengths => (b"", b""),
        }
    }
}

/// The body of the response. Dropped, it ends the connection.
#[derive(Debug)]
pub struct ReplyBody {
    pipe: DuplexStream,
}

/// The longest piece of the body that is handed out at once: the grain in which progress of a slow
/// reader is seen.
const CHUNK: usize = 4_096;

impl Stream for ReplyBody {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut room = [0; CHUNK];
        let mut chunk = ReadBuf::new(&mut room);
        ready!(Pin::new(&mut self.pipe).poll_read(context, &mut chunk))?;
        let chunk = chunk.filled();
        let ended = chunk.is_empty();
        Poll::Ready((!ended).then(|| Ok(Bytes::copy_from_slice(chunk))))
    }
}

type Piece = Chain<Chain<&'static [u8], Bytes>, &'static [u8]>;

/// The task's end.
pub(super) struct ReplyStream {
    pipe: Counted<DuplexStream>,
    framing: Framing,
    /// The reply being written.
    writing: Piece,
    inbox: Arc<Inbox>,
}

impl ReplyStream {
    pub(super) fn new(
        framing: Framing,
        inbox: Arc<Inbox>,
        config: &HubConfig,
    ) -> (Self, ReplyBody) {
        let (ours, theirs) = duplex(config.write_buffer_bytes.max(1));
        let stream = Self {
            pipe: Counted::new(ours),
            framing,
            writing: piece(b"", Bytes::new(), b""),
            inbox,
        };
        (stream, ReplyBody { pipe: theirs })
    }

    /// Ready when the client has gone. It never writes.
    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut room = [0; 1];
        let mut nothing = ReadBuf::new(&mut room);
        Pin::new(&mut self.pipe)
            .poll_read(context, &mut nothing)
            .map(|_| ())
    }
}

fn piece(before: &'static [u8], reply: Bytes, after: &'static [u8]) -> Piece {
    before.chain(reply).chain(after)
}

impl Link for ReplyStream {
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        while self.writing.has_remaining() {
            let written = Pin::new(&mut self.pipe).poll_write(context, self.writing.chunk());
            match ready!(written) {
                Ok(written) if written > 0 => self.writing.advance(written),
                Ok(_) | Err(_) => return Poll::Ready(Err(Broken)),
            }
        }
        Poll::Ready(Ok(()))
    }

    fn has_room(&self) -> bool {
        !self.writing.has_remaining()
    }

    fn start_send(&mut self, frame: Frame) {
        let (before, after) = self.framing.around();
        self.writing = piece(before, frame.into_bytes(), after);
    }

    fn start_close(&mut self, code: &CloseCode) -> Result<(), Broken> {
        let disconnect = Push::Disconnect(code);
        self.start_send(self.framing.encoding().push("", disconnect));
        Ok(())
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        // What is in the pipe waits there for its reader, as it would in a socket.
        self.poll_ready(context)
    }

    fn written(&self) -> u64 {
        self.pipe.written
    }

    fn unwritten(&self) -> usize {
        self.writing.remaining()
    }

    fn poll_read(&mut self, reading: Reading, context: &mut Context<'_>) -> Poll<Event> {
        if self.poll_gone(context).is_ready() {
            return Poll::Ready(Event::Gone);
        }
        match reading {
            Reading::On => {
                let kind = self.framing.encoding();
                let message = self.inbox.poll_next(context);
                message.map(|message| Event::Message(kind, message))
            }
            Reading::Off => Poll::Pending,
        }
    }

    async fn parted(mut self, _: &CloseCode) {
        // The reader may have gone already, which is all that is waited for.
        let _ = self.pipe.shutdown().await;
        std::future::poll_fn(|context| self.poll_gone(context)).await;
    }

    async fn hang_up(self) {}
}
