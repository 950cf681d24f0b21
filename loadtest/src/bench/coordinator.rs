//! The workers of one run, from the coordinator's side: started, told what to do, and asked.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    process::{ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

use super::{
    process::Started,
    worker::{Order, Party, Progress, Report, Told, Window},
};

/// Without any progress of any worker.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// All workers of a run.
pub struct Crew {
    workers: Vec<Worker>,
    told: Receiver<(usize, Told)>,
    progress: Vec<Progress>,
    subscribers: usize,
    channels: usize,
}

struct Worker {
    orders: ChildStdin,
    _process: Started,
}

impl Crew {
    /// Starts as many workers as the party has, on the cores that this process runs on.
    pub fn start(party: &Party) -> Result<Self> {
        let program = env::current_exe().context("this very program")?;
        let (tell, told) = mpsc::channel();
        let mut workers = Vec::new();
        for number in 0..party.workers {
            let mut child = Command::new(&program)
                .arg("worker")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()?;
            let orders = child.stdin.take().context("it was asked for")?;
            let output = child.stdout.take().context("it was asked for")?;
            listen(number, BufReader::new(output), tell.clone());
            workers.push(Worker {
                orders,
                _process: Started::new(child),
            });
        }
        Ok(Self {
            progress: vec![Progress::default(); workers.len()],
            workers,
            told,
            subscribers: party.subscribers,
            channels: party.channels.len(),
        })
    }

    /// Opens all connections; a server that refuses one fails the run. How long it took.
    pub fn open(&mut self, party: &Party) -> Result<Duration> {
        let start = Instant::now();
        for (number, worker) in self.workers.iter_mut().enumerate() {
            let party = Party {
                worker: number,
                ..party.clone()
            };
            worker.order(&Order::Open(party))?;
        }
        self.until_subscribed(self.subscribers)?;
        Ok(start.elapsed())
    }

    /// Everybody drops.
    pub fn leave(&mut self) -> Result<()> {
        self.order(&Order::Leave)?;
        self.until_subscribed(0)
    }

    /// Everybody comes back, from where they were. How long until all are there.
    pub fn come_back(&mut self) -> Result<Duration> {
        let start = Instant::now();
        self.order(&Order::Return)?;
        self.until_subscribed(self.subscribers)?;
        Ok(start.elapsed())
    }

    fn until_subscribed(&mut self, count: usize) -> Result<()> {
        loop {
            let at = self.progress();
            if at.ended > 0 {
                let ended = self.report(&vec![0; self.channels])?.ended;
                bail!("connections ended while others were opened: {ended:?}");
            }
            if at.subscribed == count {
                return Ok(());
            }
            self.hear(PATIENCE)?;
        }
    }

    pub fn measure(&mut self, window: Window) -> Result<()> {
        self.order(&Order::Measure(window))
    }

    /// What all workers have told of late.
    pub fn progress(&mut self) -> Progress {
        while let Ok((worker, told)) = self.told.try_recv() {
            self.note(worker, &told);
        }
        self.progress
            .iter()
            .fold(Progress::default(), |sum, one| Progress {
                subscribed: sum.subscribed + one.subscribed,
                ended: sum.ended + one.ended,
                deliveries: sum.deliveries + one.deliveries,
            })
    }

    /// Waits until every subscriber is at its channel's head, as long as things still come in. The number
    /// that never got there.
    pub fn settle(&mut self, heads: &[u64]) -> Result<u64> {
        let mut deliveries = self.progress().deliveries;
        let mut moved = Instant::now();
        loop {
            self.order(&Order::Settle(heads.to_vec()))?;
            let mut behind = 0;
            self.gather(|told| match told {
                Told::Behind(count) => {
                    behind += count;
                    true
                }
                Told::Progress(_) | Told::Report(_) => false,
            })?;
            if behind == 0 || moved.elapsed() > Duration::from_secs(5) {
                return Ok(behind);
            }
            thread::sleep(LOOK_EVERY);
            let now = self.progress().deliveries;
            if now != deliveries {
                deliveries = now;
                moved = Instant::now();
            }
        }
    }

    /// What it was like, if these are the heads.
    pub fn report(&mut self, heads: &[u64]) -> Result<Report> {
        self.order(&Order::Report(heads.to_vec()))?;
        let mut sum = Report::default();
        self.gather(|told| match told {
            Told::Report(report) => {
                sum.add(report);
                true
            }
            Told::Progress(_) | Told::Behind(_) => false,
        })?;
        Ok(sum)
    }

    fn order(&mut self, order: &Order) -> Result<()> {
        self.workers
            .iter_mut()
            .try_for_each(|worker| worker.order(order))
    }

    /// Until every worker has said something that is wanted.
    fn gather(&mut self, mut wanted: impl FnMut(&Told) -> bool) -> Result<()> {
        let mut left = self.workers.len();
        while left > 0 {
            let (worker, told) = self
                .told
                .recv_timeout(PATIENCE)
                .context("a worker says nothing")?;
            self.note(worker, &told);
            if wanted(&told) {
                left -= 1;
            }
        }
        Ok(())
    }

    fn hear(&mut self, patience: Duration) -> Result<()> {
        match self.told.recv_timeout(patience) {
            Ok((worker, told)) => self.note(worker, &told),
            Err(RecvTimeoutError::Timeout) => {
                let at = self.progress();
                bail!("nothing has happened for {patience:?}: {at:?}")
            }
            Err(RecvTimeoutError::Disconnected) => bail!("all workers have gone"),
        }
        Ok(())
    }

    fn note(&mut self, worker: usize, told: &Told) {
        match told {
            Told::Progress(progress) => self.progress[worker] = *progress,
            Told::Behind(_) | Told::Report(_) => {}
        }
    }
}

impl Worker {
    fn order(&mut self, order: &Order) -> Result<()> {
        let mut line = serde_json::to_vec(order)?;
        ensure!(!line.contains(&b'\n'), "an order is a line");
        line.push(b'\n');
        self.orders.write_all(&line).context("a worker has gone")
    }
}

fn listen(worker: usize, output: impl BufRead + Send + 'static, tell: Sender<(usize, Told)>) {
    thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            match serde_json::from_str(&line) {
                Ok(told) => {
                    if tell.send((worker, told)).is_err() {
                        return;
                    }
                }
                Err(error) => eprintln!("worker {worker}: {error}: {line}"),
            }
        }
    });
}
