//! One process of ours: started, signalled by its id, never outliving us.
//!
//! The kernel ends it when the *thread* that started it is gone (`setpriv --pdeathsig`), so a
//! thread of its own starts it and then waits for its end. Where there is no such `setpriv`,
//! dropping the handle is what ends it. An id is signalled only while it is surely ours: the
//! process is not yet reaped.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context, anyhow, ensure};
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};
use tokio::{sync::watch, time::timeout};

/// How long a dropped process may take to go.
const DROP_PATIENCE: Duration = Duration::from_secs(5);
const DROP_POLL: Duration = Duration::from_millis(5);

/// Where a process writes, and where its id stands.
#[derive(Debug, Clone)]
pub struct Files {
    pub log: PathBuf,
    pub pid: PathBuf,
}

impl Files {
    /// `<name>.log` and `<name>.pid` in the folder.
    pub fn of(folder: &Path, name: &str) -> Self {
        Self {
            log: folder.join(format!("{name}.log")),
            pid: folder.join(format!("{name}.pid")),
        }
    }

    /// The end of the log, for people.
    pub fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

/// A process that was started. Dropped, it is ended.
#[derive(Debug)]
pub struct Process {
    name: String,
    pid: Pid,
    files: Files,
    /// What ends it when we drop it.
    last: Signal,
    state: Arc<Mutex<State>>,
    ended: watch::Receiver<Option<ExitStatus>>,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Running,
    Reaped,
}

impl Process {
    /// Starts the command, its output appended to the log.
    pub fn start(
        name: &str,
        mut command: Command,
        files: Files,
        last: Signal,
    ) -> anyhow::Result<Self> {
        let log = File::options().create(true).append(true).open(&files.log);
        let log = log.with_context(|| format!("opening {}", files.log.display()))?;
        command.stdin(Stdio::null()).process_group(0);
        command.stdout(log.try_clone()?).stderr(log);
        let (started, starting) = std::sync::mpsc::channel();
        let (end, ended) = watch::channel(None);
        let state = Arc::new(Mutex::new(State::Running));
        let shared = Arc::clone(&state);
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || attend(command, &started, &end, &shared))?;
        let pid = starting.recv().context("its thread ended")?;
        let pid = pid.with_context(|| format!("starting {name}"))?;
        fs::write(&files.pid, format!("{}\n", pid.as_raw_nonzero()))?;
        Ok(Self {
            name: name.to_owned(),
            pid,
            files,
            last,
            state,
            ended,
        })
    }

    pub fn id(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn files(&self) -> &Files {
        &self.files
    }

    pub fn is_running(&self) -> bool {
        self.ended.borrow().is_none()
    }

    /// Sends a signal; false where the process has ended.
    pub fn signal(&self, signal: Signal) -> bool {
        let state = lock(&self.state);
        *state == State::Running && kill_process(self.pid, signal).is_ok()
    }

    /// Ends it as a crash does.
    pub async fn kill(&self) -> ExitStatus {
        self.signal(Signal::KILL);
        self.ended().await
    }

    /// It and those that it has started, nginx's workers for instance.
    fn kill_group(&self) {
        let state = lock(&self.state);
        if *state == State::Running {
            let _ = kill_process_group(self.pid, Signal::KILL);
        }
    }

    /// Asks it to stop, and kills it when patience ends.
    pub async fn stop(&self, signal: Signal, patience: Duration) -> ExitStatus {
        // One that was stopped hears nothing else.
        self.signal(Signal::CONT);
        self.signal(signal);
        match timeout(patience, self.ended()).await {
            Ok(status) => status,
            Err(_) => self.kill().await,
        }
    }

    pub async fn ended(&self) -> ExitStatus {
        let mut ended = self.ended.clone();
        let status = ended.wait_for(Option::is_some).await;
        let status = status.expect("its thread tells before it ends");
        status.expect("it was waited for")
    }

    /// Its early end, as an error with its last words.
    pub async fn unexpected_end(&self) -> anyhow::Error {
        let status = self.ended().await;
        anyhow!("{} ended: {status}\n{}", self.name, self.files.last_words())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::CONT);
        self.signal(self.last);
        let mut waited = Duration::ZERO;
        while self.is_running() {
            std::thread::sleep(DROP_POLL);
            waited += DROP_POLL;
            if waited == DROP_PATIENCE {
                self.kill_group();
            }
        }
        let _ = fs::remove_file(&self.files.pid);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The life of the thread that starts a process.
fn attend(
    mut command: Command,
    started: &std::sync::mpsc::Sender<io::Result<Pid>>,
    end: &watch::Sender<Option<ExitStatus>>,
    state: &Mutex<State>,
) {
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            let _ = started.send(Err(error));
            return;
        }
    };
    let pid = Pid::from_child(&child);
    let _ = started.send(Ok(pid));
    // Its id stays ours until it is reaped, under the lock.
    let gone = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while matches!(waitid(WaitId::Pid(pid), gone), Err(rustix::io::Errno::INTR)) {}
    let mut state = lock(state);
    let status = child.wait();
    *state = State::Reaped;
    end.send_replace(Some(status.expect("it is our child and not yet reaped")));
}

/// A command for the program with nothing of our environment but the search path. The kernel sends
/// KILL when the thread that spawned it is gone, where there is a `setpriv` that can ask for it.
pub fn bound_command(program: &Path) -> Command {
    bound_by("KILL", program)
}

/// The same with another signal, for those who have to end others first.
pub(super) fn bound_by(signal: &str, program: &Path) -> Command {
    static SETPRIV: LazyLock<bool> = LazyLock::new(|| {
        let mut probe = Command::new("setpriv");
        probe.args(["--pdeathsig", "KILL", "--", "true"]);
        probe.stdout(Stdio::null()).stderr(Stdio::null());
        probe.status().is_ok_and(|status| status.success())
    });
    let mut command = if *SETPRIV {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", signal, "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.env_clear();
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

/// Runs a command to its end, which must be a good one; its output.
pub(super) async fn run_to_end(mut command: Command, input: String) -> anyhow::Result<String> {
    let program = format!("{command:?}");
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    // On a thread that lives as long as the process does.
    let running = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn()?;
        let mut stdin = child.stdin.take().expect("it is piped");
        // One that does not read its input may be gone already.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        child.wait_with_output()
    });
    let output = running.await?.with_context(|| program.clone())?;
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} failed: {words}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
