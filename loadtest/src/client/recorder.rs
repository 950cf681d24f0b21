//! Writes the history. Clients append finished lines to a buffer in memory; a thread of its own
//! carries it to the file, so that recording costs clients a copy and never a wait for the disk.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result};

use crate::history::{Event, Line};

/// How often the buffer is carried to the file.
const CARRY: Duration = Duration::from_millis(50);

/// Shared by all who have something to tell.
#[derive(Clone)]
pub struct Recorder(Arc<Shared>);

struct Shared {
    began: Instant,
    started_at: i64,
    buffer: Mutex<Vec<u8>>,
    deliveries: AtomicU64,
    ended: AtomicBool,
}

/// The thread that writes; to be finished, or the last lines are lost.
pub struct Writer {
    shared: Arc<Shared>,
    thread: JoinHandle<std::io::Result<()>>,
}

impl Recorder {
    pub fn create(path: &Path) -> Result<(Self, Writer)> {
        let file = File::create(path).with_context(|| format!("{}", path.display()))?;
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let shared = Arc::new(Shared {
            began: Instant::now(),
            started_at: i64::try_from(since_epoch.as_micros())?,
            buffer: Mutex::default(),
            deliveries: AtomicU64::new(0),
            ended: AtomicBool::new(false),
        });
        let writing = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || writing.carry(file))?;
        Ok((Self(Arc::clone(&shared)), Writer { shared, thread }))
    }

    /// Microseconds since the Unix epoch when the run started.
    pub fn started_at(&self) -> i64 {
        self.0.started_at
    }

    /// Microseconds since the run started.
    pub fn at(&self) -> u64 {
        micros(self.0.began.elapsed())
    }

    pub fn record(&self, client: u32, event: Event) {
        if let Event::Published { .. } = event {
            self.0.deliveries.fetch_add(1, Ordering::Relaxed);
        }
        let at = self.at();
        let line = Line { at, client, event };
        let mut text = serde_json::to_vec(&line).expect("plain data");
        text.push(b'\n');
        self.0.buffer().extend_from_slice(&text);
    }

    /// Publications that came one by one so far, over all clients.
    pub fn deliveries(&self) -> u64 {
        self.0.deliveries.load(Ordering::Relaxed)
    }
}

/// Whole microseconds; a run is shorter than half a million years.
pub fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl Shared {
    fn buffer(&self) -> MutexGuard<'_, Vec<u8>> {
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn carry(&self, mut file: File) -> std::io::Result<()> {
        let mut carried = Vec::new();
        loop {
            let ended = self.ended.load(Ordering::Acquire);
            std::mem::swap(&mut *self.buffer(), &mut carried);
            file.write_all(&carried)?;
            carried.clear();
            if ended {
                return file.flush();
            }
            std::thread::park_timeout(CARRY);
        }
    }
}

impl Writer {
    /// Returns when everything recorded so far is in the file.
    pub fn finish(self) -> Result<()> {
        self.shared.ended.store(true, Ordering::Release);
        self.thread.thread().unpark();
        match self.thread.join() {
            Ok(written) => written.context("the history could not be written"),
            Err(_) => anyhow::bail!("the thread that writes the history has panicked"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_recorded_is_in_the_file_in_each_clients_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.jsonl");
        let (recorder, writer) = Recorder::create(&path).expect("a file");
        std::thread::scope(|scope| {
            for client in 1..=4 {
                let recorder = recorder.clone();
                scope.spawn(move || {
                    for code in 0..500 {
                        let channel = String::new();
                        recorder.record(client, Event::Denied { channel, code });
                    }
                });
            }
        });
        writer.finish().expect("written");
        let text = std::fs::read_to_string(&path).expect("the file");
        let mut next = [0_u32; 5];
        for line in text.lines() {
            let line: Line = serde_json::from_str(line).expect(line);
            let Event::Denied { code, .. } = line.event else {
                panic!("{line:?}");
            };
            let next = &mut next[line.client as usize];
            assert_eq!(code, *next);
            *next += 1;
        }
        assert_eq!(next, [0, 500, 500, 500, 500]);
    }
}
