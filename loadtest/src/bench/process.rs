//! A server's process from outside: on which cores it runs, what it uses, and that it ends with us.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use rustix::{
    process::{Pid, Signal, kill_process},
    thread::{CpuSet, sched_getaffinity, sched_setaffinity},
};

/// What utime and stime count, on every Linux.
const TICKS_PER_SECOND: u64 = 100;

/// How long a process may take to end by itself.
const GRACE: Duration = Duration::from_secs(3);

/// Where this thread and whatever it starts from here on may run. Nothing is changed for none.
pub fn run_on(cores: &[usize]) -> Result<()> {
    if cores.is_empty() {
        return Ok(());
    }
    let mut set = CpuSet::new();
    for core in cores {
        ensure!(*core < CpuSet::MAX_CPU, "there is no core {core}");
        set.set(*core);
    }
    sched_setaffinity(None, &set).with_context(|| format!("cores {cores:?}"))
}

/// Runs this on those cores, then goes back to where it was.
pub fn on_cores<T>(cores: &[usize], start: impl FnOnce() -> Result<T>) -> Result<T> {
    let before = sched_getaffinity(None)?;
    run_on(cores)?;
    let started = start();
    sched_setaffinity(None, &before)?;
    started
}

/// What the processes of a server have used so far, nanoseconds; user's and system's together.
pub fn cpu_ns(processes: &[u32]) -> Result<u64> {
    let mut ticks = 0;
    for id in processes {
        let stat = fs::read_to_string(format!("/proc/{id}/stat"))
            .with_context(|| format!("process {id} has gone"))?;
        ticks += ticks_of(&stat).with_context(|| format!("/proc/{id}/stat"))?;
    }
    Ok(ticks * (1_000_000_000 / TICKS_PER_SECOND))
}

fn ticks_of(stat: &str) -> Option<u64> {
    // The name may hold anything, so whatever is before its end is skipped; then the fields from the third.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// Proportional set size, bytes: shared pages count for each as far as it is one of many.
pub fn pss_bytes(processes: &[u32]) -> Result<u64> {
    let mut bytes = 0;
    for id in processes {
        let path = format!("/proc/{id}/smaps_rollup");
        let rollup = fs::read_to_string(&path).with_context(|| path.clone())?;
        bytes += pss_of(&rollup).with_context(|| path)?;
    }
    Ok(bytes)
}

fn pss_of(rollup: &str) -> Option<u64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// A process that ends when this is dropped.
#[derive(Debug)]
pub struct Started {
    child: Child,
}

impl Started {
    pub fn new(child: Child) -> Self {
        Self { child }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }
}

impl Started {
    /// It and those that it has started.
    pub fn family(&self) -> Vec<u32> {
        let id = self.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let children = children.unwrap_or_default();
        let children = children
            .split_whitespace()
            .filter_map(|child| child.parse().ok());
        std::iter::once(id).chain(children).collect()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // Asked first, so that it ends its own children. It may have gone by itself.
        if let Some(id) = i32::try_from(self.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(id, Signal::TERM);
        }
        let start = Instant::now();
        while start.elapsed() < GRACE {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a server that prints `listening on http://ADDRESS` as its first line.
pub fn start_listening(command: &mut Command, cores: &[usize]) -> Result<(Started, String)> {
    let child = on_cores(cores, || {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} cannot be started", command.get_program().display()))
    })?;
    let mut started = Started::new(child);
    let output = started.child().stdout.take().context("it was asked for")?;
    let mut lines = BufReader::new(output).lines();
    let line = lines
        .next()
        .context("the server ended before it listened")??;
    let address = line
        .strip_prefix("listening on http://")
        .with_context(|| format!("not an address: {line}"))?
        .to_owned();
    // What it says later must not fill its pipe.
    thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    Ok((started, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_read_whatever_the_name_is() {
        let stat = "7 (a ) b) S 1 1 1 0 -1 4194560 100 0 0 0 12 30 0 0 20 0 1 0 5 6 7";
        assert_eq!(ticks_of(stat), Some(42));
        assert_eq!(ticks_of("7 (x) S 1"), None);
    }

    #[test]
    fn our_own_process_uses_something() {
        let us = [std::process::id()];
        assert!(pss_bytes(&us).expect("we run") > 100_000);
        assert!(cpu_ns(&us).is_ok());
    }

    #[test]
    fn whoever_ran_on_one_core_runs_where_it_ran_before() {
        let before = sched_getaffinity(None).expect("we run");
        let first = (0..CpuSet::MAX_CPU)
            .find(|core| before.is_set(*core))
            .expect("one");
        let within = on_cores(&[first], || Ok(sched_getaffinity(None)?.count())).expect("pinned");
        assert_eq!(within, 1);
        assert_eq!(sched_getaffinity(None).expect("we run"), before);
    }
}
