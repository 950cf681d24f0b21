//! What a process holds, to be compared before and after.

use std::{fs, io, path::PathBuf};

use anyhow::Context;

/// Of one process at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resources {
    pub rss_bytes: u64,
    pub descriptors: u64,
    pub threads: u64,
    /// Of the async runtime; none where the server's metrics do not tell.
    pub tasks: Option<u64>,
}

/// The gauge that tells the number of tasks.
const TASKS: &str = "process_tasks";

impl Resources {
    pub(super) fn of_process(id: u32) -> anyhow::Result<Self> {
        let process = PathBuf::from(format!("/proc/{id}"));
        let status = fs::read_to_string(process.join("status"))?;
        let field = |name: &str| -> anyhow::Result<u64> {
            let mut lines = status.lines();
            let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
            number.with_context(|| format!("/proc tells no {name}"))
        };
        Ok(Self {
            // In kB, whatever the unit's name says.
            rss_bytes: field("VmRSS")? * 1024,
            descriptors: count(fs::read_dir(process.join("fd"))?)?,
            threads: field("Threads")?,
            tasks: None,
        })
    }

    /// Adds what only the server itself knows.
    pub(super) fn read_metrics(&mut self, metrics: &str) {
        let mut lines = metrics.lines();
        let value = lines.find_map(|line| line.strip_prefix(TASKS)?.strip_prefix(' '));
        self.tasks = value.and_then(|value| value.trim().parse().ok());
    }
}

fn count(entries: fs::ReadDir) -> io::Result<u64> {
    entries.map(|entry| entry.map(|_| 1)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_process_holds_something() {
        let ours = Resources::of_process(std::process::id()).expect("we run");
        assert!(ours.rss_bytes > 1024 * 1024, "{ours:?}");
        assert!(ours.descriptors >= 3, "{ours:?}");
        assert!(ours.threads >= 1, "{ours:?}");
    }

    #[test]
    fn tasks_are_read_where_they_are_told() {
        let mut resources = Resources::of_process(std::process::id()).expect("we run");
        resources.read_metrics("# TYPE process_tasks gauge\nprocess_tasks_x 1\nprocess_tasks 42\n");
        assert_eq!(resources.tasks, Some(42));
        resources.read_metrics("process_open_fds 3\n");
        assert_eq!(resources.tasks, None);
    }
}
