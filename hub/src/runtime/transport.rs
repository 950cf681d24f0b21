//! What a connection's task writes to and reads from, whichever kind of connection it is.
//!
//! Everything queued is written before it is flushed once. A write may be blocked for as long as
//! it makes progress now and then. What differs between kinds is a [`Link`].

use std::{
    collections::VecDeque,
    future::poll_fn,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, timeout},
};

use super::metrics::Traffic;
use crate::protocol::{CloseCode, Encoding, Frame};

/// What the transport has to report.
#[derive(Debug)]
pub(super) enum Event {
    /// A message, and the kind that it came as.
    Message(Encoding, Bytes),
    /// The client has closed, or the connection broke.
    Gone,
    /// The client broke the protocol of its transport.
    Fault(CloseCode),
    /// Nothing could be written for too long.
    Stalled,
    /// A snapshot has been written out.
    SnapshotWritten,
    /// Everything that waited has been written.
    Clear,
}

/// Whether the next message of the client is wanted now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    On,
    Off,
}

/// Nothing can be written any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken;

/// One kind of connection.
pub(super) trait Link: Send + 'static {
    /// One more message can be handed in now.
    fn has_room(&self) -> bool;

    /// Ready when there is room, those before being written as far as that takes.
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>>;

    /// Takes a message in, for which there is room.
    fn start_send(&mut self, frame: Frame);

    /// The last message: why the connection ends.
    fn start_close(&mut self, code: &CloseCode) -> Result<(), Broken>;

    /// Ready when everything handed in is written.
    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>>;

    /// Bytes written since the beginning, by which progress is seen.
    fn written(&self) -> u64;

    /// Bytes handed in and not yet written.
    fn unwritten(&self) -> usize;

    /// The client's next message, or its end.
    fn poll_read(&mut self, reading: Reading, context: &mut Context<'_>) -> Poll<Event>;

    /// After our close: until the client has closed as well.
    fn parted(self, code: &CloseCode) -> impl Future<Output = ()> + Send;

    /// Answers the client's close.
    fn hang_up(self) -> impl Future<Output = ()> + Send;
}

/// A message on its way out.
enum Outgoing {
    Frame(Frame),
    Snapshot(Frame),
}

/// How far the one snapshot on its way has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SnapshotProgress {
    None,
    /// Handed to the link, which may have to keep it for a while.
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

/// See the module.
pub(super) struct Transport<L> {
    link: L,
    outgoing: VecDeque<Outgoing>,
    outgoing_bytes: usize,
    /// Something waits, or waited until just now.
    occupied: bool,
    snapshot: SnapshotProgress,
    traffic: Arc<Traffic>,
    stall: Duration,
    stall_timer: Option<Pin<Box<Sleep>>>,
    progress: u64,
}

impl<L: Link> Transport<L> {
    /// A write may be blocked for `stall` without progress.
    pub(super) fn over(link: L, stall: Duration, traffic: Arc<Traffic>) -> Self {
        Self {
            link,
            outgoing: VecDeque::new(),
            outgoing_bytes: 0,
            occupied: false,
            snapshot: SnapshotProgress::None,
            traffic,
            stall,
            stall_timer: None,
            progress: 0,
        }
    }

    /// What there is room for is handed to the link at once.
    pub(super) fn send(&mut self, frame: Frame) {
        if self.outgoing.is_empty() && self.link.has_room() {
            self.traffic.sent.increment(1);
            self.traffic.sent_bytes.increment(frame.len() as u64);
            self.link.start_send(frame);
            return;
        }
        self.outgoing_bytes += frame.len();
        self.outgoing.push_back(Outgoing::Frame(frame));
    }

    pub(super) fn send_snapshot(&mut self, frame: Frame) {
        self.outgoing_bytes += frame.len();
        self.outgoing.push_back(Outgoing::Snapshot(frame));
    }

    /// What was sent, or answered by the link itself, and not yet written.
    pub(super) fn outgoing_bytes(&self) -> usize {
        self.outgoing_bytes + self.link.unwritten()
    }

    /// Nothing waits to be written.
    pub(super) fn is_clear(&self) -> bool {
        self.outgoing.is_empty() && self.link.unwritten() == 0
    }

    /// Writes what there is to write and, with [`Reading::On`], reads. Safe to drop and call anew.
    pub(super) async fn next(&mut self, reading: Reading) -> Event {
        poll_fn(|context| self.poll_next(reading, context)).await
    }

    /// Writes what there is to write, as far as that goes without waiting. False where something
    /// is left to [`Transport::poll_next`].
    pub(super) fn try_write(&mut self) -> bool {
        let mut nobody = Context::from_waker(Waker::noop());
        let written = self.poll_write(&mut nobody);
        matches!(written, Poll::Ready(Ok(()))) && self.snapshot == SnapshotProgress::None
    }

    pub(super) fn poll_next(&mut self, reading: Reading, context: &mut Context<'_>) -> Poll<Event> {
        self.occupied |= !self.is_clear();
        match self.poll_write(context) {
            Poll::Ready(Ok(())) => {
                self.stall_timer = None;
            }
            Poll::Ready(Err(Broken)) => return Poll::Ready(Event::Gone),
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
        self.link.poll_read(reading, context)
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        if !self.outgoing.is_empty() {
            let before = (self.outgoing.len(), self.outgoing_bytes);
            let handed_in = self.poll_hand_in(context);
            let frames = before.0 - self.outgoing.len();
            self.traffic.sent.increment(frames as u64);
            let bytes = before.1 - self.outgoing_bytes;
            self.traffic.sent_bytes.increment(bytes as u64);
            ready!(handed_in)?;
        }
        ready!(self.link.poll_flush(context))?;
        self.snapshot.buffer_is_empty();
        Poll::Ready(Ok(()))
    }

    fn poll_hand_in(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        while !self.outgoing.is_empty() {
            ready!(self.link.poll_ready(context))?;
            if let Some(outgoing) = self.outgoing.pop_front() {
                let frame = self.taken(outgoing);
                self.link.start_send(frame);
            }
        }
        Poll::Ready(Ok(()))
    }

    fn taken(&mut self, outgoing: Outgoing) -> Frame {
        let frame = match outgoing {
            Outgoing::Frame(frame) => frame,
            Outgoing::Snapshot(frame) => {
                self.snapshot = SnapshotProgress::Buffered;
                frame
            }
        };
        self.outgoing_bytes -= frame.len();
        frame
    }

    /// Ready when the blocked write has made no progress for too long.
    fn poll_stalled(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let written = self.link.written();
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

    /// The last thing that a connection does: it says why it ends, or answers the client's close.
    pub(super) async fn end(self, closing: Option<CloseCode>, wait: Duration) {
        match closing {
            Some(code) => self.close(code, wait).await,
            None => self.hang_up(wait).await,
        }
    }

    /// Sends what is queued and why the connection ends, and waits for the client's end. One that
    /// does not come in time is not waited for.
    pub(super) async fn close(mut self, code: CloseCode, wait: Duration) {
        let farewell = async {
            poll_fn(|context| self.poll_write(context)).await?;
            poll_fn(|context| self.link.poll_ready(context)).await?;
            self.link.start_close(&code)?;
            poll_fn(|context| self.link.poll_flush(context)).await?;
            self.link.parted(&code).await;
            Ok::<(), Broken>(())
        };
        // The connection ends either way.
        let _ = timeout(wait, farewell).await;
    }

    /// Answers the client's close.
    async fn hang_up(self, wait: Duration) {
        let _ = timeout(wait, self.link.hang_up()).await;
    }
}

/// Counts what was written, so that a slow write can be told from a stuck one.
pub(super) struct Counted<S> {
    pub(super) stream: S,
    pub(super) written: u64,
}

impl<S> Counted<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, written: 0 }
    }
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
