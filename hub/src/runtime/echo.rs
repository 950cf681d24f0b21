//! The transport with no session above it: every message comes back as it was sent. Other people's
//! tests of framing want an echo. Everything below a session is what it is in production.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    config::HubConfig,
    connection::UNWRITTEN_REPLIES,
    metrics::Traffic,
    socket::Socket,
    transport::{Event, Reading, Transport},
};
use crate::protocol::{CloseCode, Encoding, Frame, Text};

/// Serves one stream that has been upgraded to WebSocket already, until it ends.
pub async fn echo_websocket<S>(stream: S, config: &HubConfig)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let socket = Socket::new(stream, &[], config);
    let stall = Duration::from_millis(config.write_stall_ms);
    let mut transport = Transport::over(socket, stall, Arc::new(Traffic::new()));
    let closing = loop {
        let reading = if transport.outgoing_bytes() < UNWRITTEN_REPLIES {
            Reading::On
        } else {
            Reading::Off
        };
        match transport.next(reading).await {
            Event::Message(kind, message) => match frame(kind, message) {
                Ok(frame) => transport.send(frame),
                Err(code) => break Some(code),
            },
            Event::SnapshotWritten | Event::Clear => {}
            Event::Gone => break None,
            Event::Fault(code) => break Some(code),
            Event::Stalled => return,
        }
    };
    let wait = Duration::from_millis(config.close_wait_ms);
    transport.end(closing, wait).await;
}

fn frame(kind: Encoding, message: Bytes) -> Result<Frame, CloseCode> {
    match kind {
        Encoding::Json => Text::try_from(message)
            .map(Frame::Json)
            .map_err(|_| CloseCode::INVALID_TEXT),
        Encoding::Protobuf => Ok(Frame::Protobuf(message)),
    }
}
