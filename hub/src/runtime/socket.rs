//! One WebSocket, framed by tungstenite over any stream that was upgraded before. Closes for what
//! clients do wrong are sent by us, because tungstenite only reports it.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_util::{Sink, SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::{CapacityError, ProtocolError},
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode as WireCode},
    },
};

use super::{
    config::HubConfig,
    transport::{Broken, Counted, Event, Link, Reading},
};
use crate::protocol::{CloseCode, Encoding, Frame, Text};

/// See the module.
pub(super) struct Socket<S> {
    stream: WebSocketStream<Counted<S>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    pub(super) async fn new(stream: S, config: &HubConfig) -> Self {
        let limits = WebSocketConfig::default()
            .read_buffer_size(config.read_buffer_bytes)
            .write_buffer_size(config.write_buffer_bytes)
            .max_write_buffer_size(usize::MAX)
            .max_message_size(Some(config.message_bytes))
            .max_frame_size(Some(config.message_bytes));
        let counted = Counted::new(stream);
        Self {
            stream: WebSocketStream::from_raw_socket(counted, Role::Server, Some(limits)).await,
        }
    }

    async fn wait_for_close(mut self, code: &CloseCode) -> Result<(), Error> {
        if code.code < 3000 {
            // What is still coming cannot be read as frames. It is read all the same: closing with
            // unread input would reset the connection and take the close frame with it.
            return Ok(discard(self.stream.get_mut()).await?);
        }
        while let Some(message) = self.stream.next().await {
            message?;
        }
        Ok(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Link for Socket<S> {
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        self.stream.poll_ready_unpin(context).map_err(broken)
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Broken> {
        let message = match frame {
            Frame::Json(text) => Message::Text(text),
            Frame::Protobuf(bytes) => Message::Binary(bytes),
        };
        self.stream.start_send_unpin(message).map_err(broken)
    }

    fn start_close(&mut self, code: &CloseCode) -> Result<(), Broken> {
        let close = Message::Close(Some(CloseFrame {
            code: WireCode::from(code.code),
            reason: Text::from(&*code.reason),
        }));
        self.stream.start_send_unpin(close).map_err(broken)
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        Pin::new(&mut self.stream)
            .poll_flush(context)
            .map_err(broken)
    }

    fn written(&self) -> u64 {
        self.stream.get_ref().written
    }

    fn poll_read(&mut self, reading: Reading, context: &mut Context<'_>) -> Poll<Event> {
        if reading == Reading::Off {
            return Poll::Pending;
        }
        loop {
            let event = match ready!(self.stream.poll_next_unpin(context)) {
                Some(Ok(Message::Text(text))) => Event::Message(Encoding::Json, text.into()),
                Some(Ok(Message::Binary(bytes))) => Event::Message(Encoding::Protobuf, bytes),
                // Answered by tungstenite; the next write or read sends the answer.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Ok(Message::Close(_))) | None => Event::Gone,
                Some(Err(error)) => fault(&error).map_or(Event::Gone, Event::Fault),
            };
            return Poll::Ready(event);
        }
    }

    async fn parted(self, code: &CloseCode) {
        // The connection ends either way.
        let _ = self.wait_for_close(code).await;
    }

    async fn hang_up(mut self) {
        let _ = SinkExt::close(&mut self.stream).await;
    }
}

fn broken(_: Error) -> Broken {
    Broken
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
