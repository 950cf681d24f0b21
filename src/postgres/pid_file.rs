//! What PostgreSQL writes about its own process, and how to end one that nobody supervises.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::folder::Folder;
use super::postmaster::{POLL, QUIT_PATIENCE, STOP_PATIENCE};
use super::{Doing as _, EmbeddedError};

/// Stops what an earlier supervisor left behind: one that was killed where the kernel does not
/// interrupt its PostgreSQL, or whose PostgreSQL is still writing its last checkpoint. The
/// folder's lock is ours, so nobody supervises it any more.
pub(super) fn end_predecessor(folder: &Folder) -> Result<(), EmbeddedError> {
    let file = PidFile::of(folder);
    let Some(pid) = file.read().map(|found| found.pid) else {
        return Ok(());
    };
    if test_kill_process(pid).is_ok() && !is_postgres_of(pid, folder) {
        // The number went to another process, and PostgreSQL would not start beside it.
        return fs::remove_file(&file.0).doing(|| format!("removing {}", file.0.display()));
    }
    let signals = [(Signal::INT, STOP_PATIENCE), (Signal::QUIT, QUIT_PATIENCE)];
    for (signal, patience) in signals {
        if kill_process(pid, signal).is_err() {
            return Ok(());
        }
        tracing::info!(
            pid = pid.as_raw_nonzero(),
            "waiting for an earlier PostgreSQL to stop"
        );
        let start = Instant::now();
        while start.elapsed() < patience {
            if test_kill_process(pid).is_err() || !is_postgres_of(pid, folder) {
                return Ok(());
            }
            std::thread::sleep(POLL);
        }
    }
    Err(EmbeddedError::InUse {
        folder: folder.root().to_owned(),
    })
}

/// The file in which PostgreSQL keeps its process id and, in its eighth line, how far it is.
pub(super) struct PidFile(PathBuf);

struct PidFileContent {
    pid: Pid,
    is_ready: bool,
}

impl PidFile {
    pub(super) fn of(folder: &Folder) -> Self {
        Self(folder.cluster().join("postmaster.pid"))
    }

    fn read(&self) -> Option<PidFileContent> {
        let text = fs::read_to_string(&self.0).ok()?;
        let pid = Pid::from_raw(text.lines().next()?.trim().parse().ok()?)?;
        let is_ready = text
            .lines()
            .nth(7)
            .is_some_and(|status| status.trim() == "ready");
        Some(PidFileContent { pid, is_ready })
    }

    pub(super) fn is_ready(&self, pid: Pid) -> bool {
        self.read()
            .is_some_and(|content| content.pid == pid && content.is_ready)
    }
}

/// Whether the process is a PostgreSQL on this folder's cluster, and not one that got its number.
fn is_postgres_of(pid: Pid, folder: &Folder) -> bool {
    let arguments = if Path::new("/proc/self/cmdline").exists() {
        fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).unwrap_or_default()
    } else {
        let mut ps = Command::new("ps");
        ps.args([
            "-ww",
            "-o",
            "args=",
            "-p",
            &pid.as_raw_nonzero().to_string(),
        ]);
        ps.output().map(|output| output.stdout).unwrap_or_default()
    };
    String::from_utf8_lossy(&arguments).contains(&*folder.cluster().to_string_lossy())
}
