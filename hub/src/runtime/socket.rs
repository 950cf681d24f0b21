//! One WebSocket over any stream that was upgraded before.
//!
//! Tungstenite reads: it knows everything that a client's frames can be, answers pings and does its
//! part of a close. What goes out is framed here, because frames of a server are a short header and
//! the payload as it is: many of them are gathered in a buffer that the thread lends, and leave in
//! one write. A connection that waits owns no buffer to write from, and a small one to read into.

use std::{
    cell::RefCell,
    io::{self, Read, Write},
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio_tungstenite::tungstenite::{
    Error, Message,
    error::{CapacityError, ProtocolError},
    protocol::{
        CloseFrame, Role, WebSocketConfig, WebSocketContext, frame::coding::CloseCode as WireCode,
    },
};

use super::{
    config::HubConfig,
    transport::{Broken, Event, Link, Reading},
};
use crate::protocol::{CloseCode, Encoding, Frame, Text};

/// See the module.
pub(super) struct Socket<S> {
    wire: Wire<S>,
    context: Box<WebSocketContext>,
    /// More than this is written before more is taken in.
    gathered: usize,
}

/// The stream, and what is on its way from or to it.
struct Wire<S> {
    stream: S,
    /// Frames on their way out, and how much of them has gone.
    out: Vec<u8>,
    gone: usize,
    written: u64,
    /// Read ahead of tungstenite, and how much of it was taken.
    ahead: Vec<u8>,
    taken: usize,
}

/// How much is read from a stream at once.
const READ: usize = 8 << 10;
/// A thread keeps no larger buffer than this, and no more of them.
const KEPT: usize = 64 << 10;
const KEPT_BUFFERS: usize = 64;

thread_local! {
    /// Lent to whichever connections write at this moment.
    static BUFFERS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// `read` was read from the stream with the handshake.
    pub(super) fn new(stream: S, read: &[u8], config: &HubConfig) -> Self {
        let limits = WebSocketConfig::default()
            .read_buffer_size(config.read_buffer_bytes)
            .write_buffer_size(0)
            .max_write_buffer_size(usize::MAX)
            .max_message_size(Some(config.message_bytes))
            .max_frame_size(Some(config.message_bytes));
        Self {
            wire: Wire {
                stream,
                out: Vec::new(),
                gone: 0,
                written: 0,
                ahead: read.to_vec(),
                taken: 0,
            },
            context: Box::new(WebSocketContext::new(Role::Server, Some(limits))),
            gathered: config.write_buffer_bytes,
        }
    }

    fn poll_message(&mut self, context: &mut Context<'_>) -> Poll<Result<Message, Error>> {
        let mut side = Side {
            wire: &mut self.wire,
            context: Some(&mut *context),
        };
        let read = match self.context.read(&mut side) {
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
            read => Poll::Ready(read),
        };
        // Tungstenite's answers. What cannot go now goes with the next flush.
        if self.wire.waits()
            && let Poll::Ready(Err(error)) = self.wire.poll_write_out(context)
        {
            return Poll::Ready(Err(Error::Io(error)));
        }
        read
    }

    /// Sends a close, or the answer to the client's.
    fn close_by(&mut self, close: Option<CloseFrame>) -> Result<(), Error> {
        let mut side = Side {
            wire: &mut self.wire,
            context: None,
        };
        self.context.close(&mut side, close)
    }

    async fn message(&mut self) -> Result<Message, Error> {
        std::future::poll_fn(|context| self.poll_message(context)).await
    }

    async fn wait_for_close(mut self, code: &CloseCode) -> Result<(), Error> {
        if code.code < 3000 {
            // What is still coming cannot be read as frames. It is read all the same: closing with
            // unread input would reset the connection and take the close frame with it.
            return Ok(discard(&mut self.wire.stream).await?);
        }
        loop {
            self.message().await?;
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Link for Socket<S> {
    fn has_room(&self) -> bool {
        self.wire.unwritten() < self.gathered
    }

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        if self.has_room() {
            return Poll::Ready(Ok(()));
        }
        self.poll_flush(context)
    }

    fn start_send(&mut self, frame: Frame) {
        let opcode = match frame.encoding() {
            Encoding::Json => TEXT,
            Encoding::Protobuf => BINARY,
        };
        self.wire.borrow_buffer();
        put_frame(&mut self.wire.out, opcode, frame.bytes());
    }

    fn start_close(&mut self, code: &CloseCode) -> Result<(), Broken> {
        let close = CloseFrame {
            code: WireCode::from(code.code),
            reason: Text::from(&*code.reason),
        };
        self.close_by(Some(close)).map_err(|_| Broken)
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        self.wire.poll_write_out(context).map_err(|_| Broken)
    }

    fn written(&self) -> u64 {
        self.wire.written
    }

    fn unwritten(&self) -> usize {
        self.wire.unwritten()
    }

    fn poll_read(&mut self, reading: Reading, context: &mut Context<'_>) -> Poll<Event> {
        if reading == Reading::Off {
            return Poll::Pending;
        }
        loop {
            let event = match ready!(self.poll_message(context)) {
                Ok(Message::Text(text)) => Event::Message(Encoding::Json, text.into()),
                Ok(Message::Binary(bytes)) => Event::Message(Encoding::Protobuf, bytes),
                // Answered by tungstenite.
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => continue,
                Ok(Message::Close(_)) => Event::Gone,
                Err(error) => fault(&error).map_or(Event::Gone, Event::Fault),
            };
            return Poll::Ready(event);
        }
    }

    async fn parted(self, code: &CloseCode) {
        // The connection ends either way.
        let _ = self.wait_for_close(code).await;
    }

    async fn hang_up(mut self) {
        // Says that the connection is closed, once the answer is written.
        let _ = self.close_by(None);
        let _ = std::future::poll_fn(|context| self.wire.poll_write_out(context)).await;
    }
}

impl<S> Wire<S> {
    fn waits(&self) -> bool {
        self.gone < self.out.len()
    }

    fn unwritten(&self) -> usize {
        self.out.len() - self.gone
    }

    /// Takes the thread's buffer, unless this connection has one of its own to write out first.
    fn borrow_buffer(&mut self) {
        if self.out.capacity() == 0 {
            let buffer = BUFFERS.with_borrow_mut(Vec::pop);
            self.out = buffer.unwrap_or_default();
        }
    }

    /// Gives the buffer back. What could not be written is kept in one of its size.
    fn give_buffer_back(&mut self) {
        let rest = if self.waits() {
            self.out[self.gone..].to_vec()
        } else {
            Vec::new()
        };
        self.gone = 0;
        let mut buffer = std::mem::replace(&mut self.out, rest);
        buffer.clear();
        BUFFERS.with_borrow_mut(|kept| {
            if kept.len() < KEPT_BUFFERS && buffer.capacity() <= KEPT {
                kept.push(buffer);
            }
        });
    }
}

impl<S: AsyncWrite + Unpin> Wire<S> {
    fn poll_write_out(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.out.capacity() == 0 {
            return Poll::Ready(Ok(()));
        }
        let result = self.poll_write_all(context);
        if result.is_ready() || self.gone > 0 || self.out.capacity() > 2 * self.out.len() {
            self.give_buffer_back();
        }
        result
    }

    fn poll_write_all(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.waits() {
            let rest = &self.out[self.gone..];
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.gone += written;
            self.written += written as u64;
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }
}

impl<S: AsyncRead + Unpin> Wire<S> {
    fn poll_read_some(
        &mut self,
        context: &mut Context<'_>,
        room: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.taken == self.ahead.len() {
            let mut buffer = [const { MaybeUninit::uninit() }; READ];
            let mut read = ReadBuf::uninit(&mut buffer);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut read))?;
            let read = read.filled();
            let now = read.len().min(room.len());
            room[..now].copy_from_slice(&read[..now]);
            self.taken = 0;
            self.ahead = read[now..].to_vec();
            return Poll::Ready(Ok(now));
        }
        let ahead = &self.ahead[self.taken..];
        let now = ahead.len().min(room.len());
        room[..now].copy_from_slice(&ahead[..now]);
        self.taken += now;
        Poll::Ready(Ok(now))
    }
}

/// The stream as tungstenite sees it: what it writes is gathered with everything else.
struct Side<'a, 'b, S> {
    wire: &'a mut Wire<S>,
    /// `None` where nothing is going to be read.
    context: Option<&'a mut Context<'b>>,
}

impl<S: AsyncRead + Unpin> Read for Side<'_, '_, S> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let Some(context) = &mut self.context else {
            return Err(io::ErrorKind::WouldBlock.into());
        };
        match self.wire.poll_read_some(context, room) {
            Poll::Ready(read) => read,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

impl<S> Write for Side<'_, '_, S> {
    fn write(&mut self, frame: &[u8]) -> io::Result<usize> {
        self.wire.borrow_buffer();
        self.wire.out.extend_from_slice(frame);
        Ok(frame.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The first byte of a message that is one frame (RFC 6455, 5.2).
const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;

/// A whole message as one frame of a server, which is not masked.
fn put_frame(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    let length = payload.len() as u64;
    let bytes = length.to_be_bytes();
    out.push(opcode);
    match length {
        0..=125 => out.push(bytes[7]),
        126..=0xffff => out.extend([126, bytes[6], bytes[7]]),
        0x1_0000.. => {
            out.push(127);
            out.extend(bytes);
        }
    }
    out.extend_from_slice(payload);
}

async fn discard<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    stream.shutdown().await?;
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
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

#[cfg(test)]
mod tests {
    use tokio_tungstenite::tungstenite::protocol::WebSocket;

    use super::*;

    #[test]
    fn frames_of_every_length_are_read_back_by_others() {
        for length in [0, 1, 125, 126, 127, 0xffff, 0x1_0000, 0x1_0001] {
            let mut out = Vec::new();
            put_frame(&mut out, TEXT, &vec![b'x'; length]);
            put_frame(&mut out, BINARY, &vec![7; length]);
            let wire = io::Cursor::new(out);
            let mut other = WebSocket::from_raw_socket(wire, Role::Client, None);
            assert_eq!(other.read().unwrap(), Message::text("x".repeat(length)));
            assert_eq!(other.read().unwrap(), Message::binary(vec![7; length]));
        }
    }
}
