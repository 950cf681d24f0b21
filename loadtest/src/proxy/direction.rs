//! One direction of a connection: reads, waits as long as the weather says, writes.

use std::{collections::VecDeque, future, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{Flow, Passage, Weather};

/// Read at once.
const CHUNK_BYTES: usize = 16 * 1024;
/// Under way in one direction; with more, the sender waits.
const UNDER_WAY_BYTES: usize = 1024 * 1024;
/// A throttled direction takes as much at once as it may send in this time.
const THROTTLE_STEP: u32 = 20;

/// The connection is to be reset.
#[derive(Debug)]
pub(super) struct Broken;

/// What is to become of bytes that were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Pass,
    Drop,
    Break,
}

/// A direction with its ends.
pub(super) struct Wire<R, W> {
    pub(super) from: R,
    pub(super) to: W,
    pub(super) weather: watch::Receiver<Weather>,
    /// This direction's part of the weather.
    pub(super) passage: fn(&Weather) -> &Passage,
    /// Of the spread: from 0 to 1.
    pub(super) share: f64,
}

/// What was read and not yet written.
#[derive(Default)]
struct UnderWay {
    chunks: VecDeque<(Instant, Vec<u8>)>,
    bytes: usize,
    ended: bool,
    /// Something was swallowed.
    lossy: bool,
    /// Of a throttled direction: when the next bytes may go.
    free_at: Option<Instant>,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Wire<R, W> {
    /// Carries bytes until the end of what is sent; `inspect` sees them first.
    pub(super) async fn carry(
        mut self,
        mut inspect: impl FnMut(&[u8]) -> Verdict,
    ) -> Result<(), Broken> {
        let mut under_way = UnderWay::default();
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            let passage = (self.passage)(&self.weather.borrow_and_update()).clone();
            if under_way.lossy && passage.flow != Flow::Swallowed {
                return Err(Broken);
            }
            if under_way.ended && under_way.chunks.is_empty() && passage.flow == Flow::Open {
                return self.to.shutdown().await.map_err(|_| Broken);
            }
            let room = room(&passage, &under_way);
            let due = under_way.due().filter(|_| passage.flow == Flow::Open);
            tokio::select! {
                biased;
                changed = self.weather.changed() => changed.map_err(|_| Broken)?,
                () = sleep_until_due(due) => {
                    let Some((_, chunk)) = under_way.chunks.pop_front() else { continue };
                    under_way.bytes -= chunk.len();
                    self.to.write_all(&chunk).await.map_err(|_| Broken)?;
                }
                read = self.from.read(&mut buffer[..room]), if room > 0 => {
                    let read = match read {
                        Ok(read) => read,
                        // Whoever is behind a black hole does not hear of it.
                        Err(_) if passage.flow == Flow::Swallowed => 0,
                        Err(_) => return Err(Broken),
                    };
                    under_way.took(&passage, self.share, &buffer[..read], &mut inspect)?;
                }
            }
        }
    }
}

/// How much may be read now.
fn room(passage: &Passage, under_way: &UnderWay) -> usize {
    let full = under_way.bytes >= UNDER_WAY_BYTES;
    if under_way.ended || full || passage.flow == Flow::Held {
        return 0;
    }
    let throttled = passage.bytes_per_second.map_or(CHUNK_BYTES, |rate| {
        usize::try_from(rate / THROTTLE_STEP).unwrap_or(CHUNK_BYTES)
    });
    throttled.clamp(1, CHUNK_BYTES)
}

async fn sleep_until_due(due: Option<Instant>) {
    match due {
        // Without a timer, which has a grain of a millisecond.
        Some(due) if due <= Instant::now() => {}
        Some(due) => sleep_until(due).await,
        None => future::pending().await,
    }
}

impl UnderWay {
    fn due(&self) -> Option<Instant> {
        self.chunks.front().map(|(due, _)| *due)
    }

    fn took(
        &mut self,
        passage: &Passage,
        share: f64,
        bytes: &[u8],
        inspect: &mut impl FnMut(&[u8]) -> Verdict,
    ) -> Result<(), Broken> {
        if passage.flow == Flow::Swallowed {
            self.lossy = true;
            self.ended = bytes.is_empty();
            return Ok(());
        }
        if bytes.is_empty() {
            self.ended = true;
            return Ok(());
        }
        match inspect(bytes) {
            Verdict::Pass => {}
            Verdict::Drop => return Ok(()),
            Verdict::Break => return Err(Broken),
        }
        let due = Instant::now() + passage.delay + passage.spread.mul_f64(share);
        let due = self.free_at.map_or(due, |free_at| free_at.max(due));
        self.free_at = passage.bytes_per_second.map(|rate| {
            let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            due + Duration::from_secs(1) * size / rate.max(1)
        });
        self.chunks.push_back((due, bytes.to_vec()));
        self.bytes += bytes.len();
        Ok(())
    }
}
