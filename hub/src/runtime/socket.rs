//! One WebSocket, framed by tungstenite over any stream that was upgraded before.
//!
//! Everything queued is written before it is flushed once. A write may be blocked for as long as
//! it makes progress now and then. Closes for what clients do wrong are sent by us, because
//! tungstenite only reports it.

use std::{
    collections::VecDeque,
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Sink, SinkExt, StreamExt};
use metrics::counter;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::{Instant, Sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::{CapacityError, ProtocolError},
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode as WireCode},
    },
};

use super::config::HubConfig;
use crate::protocol::{CloseCode, Frame, Text};

/// What the socket has to report.
#[derive(Debug)]
pub(super) enum Event {
    /// A message of either kind.
    Message(Bytes),
    /// The client has closed, or the connection broke.
    Gone,
    /// The client broke the WebSocket protocol.
    Fault(CloseCode),
    /// Nothing could be written for too long.
    Stalled,
    /// A snapshot has been written out.
    SnapshotWritten,
    /// Everything that waited has been handed to the stream.
    Clear,
}

/// A message on its way out.
enum Outgoing {
    Frame(Frame),
    Snapshot(Frame),
    Close(CloseCode),
}

/// How far the one snapshot on its way has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SnapshotProgress {
    None,
    /// Handed to the stream, which may have to keep it for a while.
    Buffered,
    Written,
}

impl SnapshotProgress {
    fn buffer_is_empty(&mut self) {
        if *self == Self::Buffered {
            *self = Self::Written;
        }
    }
}

pub(super) struct Socket<S> {
    stream: WebSocketStream<Counted<S>>,
    outgoing: VecDeque<Outgoing>,
    outgoing_bytes: usize,
    unflushed: bool,
    /// Something waits, or waited until just now.
    occupied: bool,
    snapshot: SnapshotProgress,
    stall: Duration,
    stall_timer: Option<Pin<Box<Sleep>>>,
    progress: u64,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    pub(super) async fn new(stream: S, config: &HubConfig) -> Self {
        let limits = WebSocketConfig::default()
            .read_buffer_size(config.read_buffer_bytes)
            .write_buffer_size(config.write_buffer_bytes)
            .max_write_buffer_size(usize::MAX)
            .max_message_size(Some(config.message_bytes))
            .max_frame_size(Some(config.message_bytes));
        let counted = Counted { stream, written: 0 };
        Self {
            stream: WebSocketStream::from_raw_socket(counted, Role::Server, Some(limits)).await,
            outgoing: VecDeque::new(),
            outgoing_bytes: 0,
            unflushed: false,
            occupied: false,
            snapshot: SnapshotProgress::None,
            stall: Duration::from_millis(config.write_stall_ms),
            stall_timer: None,
            progress: 0,
        }
    }

    pub(super) fn send(&mut self, frame: Frame) {
        self.outgoing_bytes += frame.len();
        self.outgoing.push_back(Outgoing::Frame(frame));
    }

    pub(super) fn send_snapshot(&mut self, frame: Frame) {
        self.outgoing_bytes += frame.len();
        self.outgoing.push_back(Outgoing::Snapshot(frame));
    }

    /// What was sent and not yet handed to the stream.
    pub(super) fn outgoing_bytes(&self) -> usize {
        self.outgoing_bytes
    }

    /// Nothing waits to be handed to the stream.
    pub(super) fn is_clear(&self) -> bool {
        self.outgoing.is_empty()
    }

    /// Writes what there is to write and, with [`Reading::On`], reads. Safe to drop and call anew.
    pub(super) async fn next(&mut self, reading: Reading) -> Event {
        poll_fn(|context| self.poll_next(reading, context)).await
    }

    fn poll_next(&mut self, reading: Reading, context: &mut Context<'_>) -> Poll<Event> {
        self.occupied |= !self.is_clear();
        match self.poll_write(context) {
            Poll::Ready(Ok(())) => {
                self.stall_timer = None;
            }
            Poll::Ready(Err(_)) => return Poll::Ready(Event::Gone),
            Poll::Pending => {
                if self.poll_stalled(context).is_ready() {
                    return Poll::Ready(Event::Stalled);
                }
            }
        }
        if self.snapshot == SnapshotProgress::Written {
            self.snapshot = SnapshotProgress::None;
            return Poll::Ready(Event::SnapshotWritten);
        }
        if self.occupied && self.is_clear() {
            self.occupied = false;
            return Poll::Ready(Event::Clear);
        }
        match reading {
            Reading::On => self.poll_read(context),
            Reading::Off => Poll::Pending,
        }
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while !self.outgoing.is_empty() {
            ready!(self.stream.poll_ready_unpin(context))?;
            self.snapshot.buffer_is_empty();
            let Some(outgoing) = self.outgoing.pop_front() else {
                break;
            };
            let message = self.message(outgoing);
            self.unflushed = true;
            self.stream.start_send_unpin(message)?;
        }
        if self.unflushed {
            ready!(Pin::new(&mut self.stream).poll_flush(context))?;
            self.unflushed = false;
            self.snapshot.buffer_is_empty();
        }
        Poll::Ready(Ok(()))
    }

    fn message(&mut self, outgoing: Outgoing) -> Message {
        let frame = match outgoing {
            Outgoing::Frame(frame) => frame,
            Outgoing::Snapshot(frame) => {
                self.snapshot = SnapshotProgress::Buffered;
                frame
            }
            Outgoing::Close(code) => return close_message(&code),
        };
        self.outgoing_bytes -= frame.len();
        counter!("hub_frames_sent_total").increment(1);
        counter!("hub_sent_bytes_total").increment(frame.len() as u64);
        match frame {
            Frame::Json(text) => Message::Text(text),
            Frame::Protobuf(bytes) => Message::Binary(bytes),
        }
    }

    /// Ready when the blocked write has made no progress for too long.
    fn poll_stalled(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let written = self.stream.get_ref().written;
        let deadline = Instant::now() + self.stall;
        let timer = self
            .stall_timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if self.progress != written {
            self.progress = written;
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(context)
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        loop {
            let event = match ready!(self.stream.poll_next_unpin(context)) {
                Some(Ok(Message::Text(text))) => Event::Message(text.into()),
                Some(Ok(Message::Binary(bytes))) => Event::Message(bytes),
                // Answered by tungstenite; the next write or read sends the answer.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Ok(Message::Close(_))) | None => Event::Gone,
                Some(Err(error)) => fault(&error).map_or(Event::Gone, Event::Fault),
            };
            return Poll::Ready(event);
        }
    }

    /// Sends what is queued and a close frame, and waits for the client's answer. An answer that
    /// does not come in time is not waited for.
    pub(super) async fn close(mut self, code: CloseCode, wait: Duration) {
        let fault = code.code < 3000;
        self.outgoing.push_back(Outgoing::Close(code));
        let farewell = async {
            poll_fn(|context| self.poll_write(context)).await?;
            if fault {
                // What is still coming cannot be read as frames. It is read all the same: closing
                // with unread input would reset the connection and take the close frame with it.
                return Ok(discard(self.stream.get_mut()).await?);
            }
            while let Some(message) = self.stream.next().await {
                message?;
            }
            Ok::<(), Error>(())
        };
        // The connection ends either way.
        let _ = timeout(wait, farewell).await;
    }

    /// Answers the client's close.
    pub(super) async fn hang_up(mut self, wait: Duration) {
        let _ = timeout(wait, SinkExt::close(&mut self.stream)).await;
    }
}

/// Whether the next message of the client is wanted now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    On,
    Off,
}

async fn discard<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    stream.shutdown().await?;
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

fn close_message(code: &CloseCode) -> Message {
    Message::Close(Some(CloseFrame {
        code: WireCode::from(code.code),
        reason: Text::from(&*code.reason),
    }))
}

/// The close frame that an error deserves; `None` when the connection is gone.
fn fault(error: &Error) -> Option<CloseCode> {
    match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => Some(CloseCode::MESSAGE_TOO_BIG),
        Error::Utf8(_) => Some(CloseCode::INVALID_TEXT),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)
        | Error::ConnectionClosed
        | Error::AlreadyClosed
        | Error::Io(_)
        | Error::WriteBufferFull(_)
        | Error::AttackAttempt
        | Error::Url(_)
        | Error::Http(_)
        | Error::HttpFormat(_)
        | Error::Tls(_) => None,
        Error::Protocol(_) | Error::Capacity(CapacityError::TooManyHeaders) => {
            Some(CloseCode::PROTOCOL_ERROR)
        }
    }
}

/// Counts what was written, so that a slow write can be told from a stuck one.
struct Counted<S> {
    stream: S,
    written: u64,
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        self.written += written as u64;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
