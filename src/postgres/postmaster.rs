//! PostgreSQL's main process: made from a cluster, restarted when it falls, stopped in order.
//!
//! The kernel interrupts it when the *thread* that started it is gone (`setpriv --pdeathsig`), so
//! that thread does nothing else and lives as long as the process does. Nothing here may start
//! PostgreSQL from a thread that can end earlier, such as one of the async runtime's.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::account::Account;
use super::binaries::Installation;
use super::folder::{self, Folder};
use super::pid_file::PidFile;
use super::{Doing as _, Durability, EmbeddedConfig, EmbeddedError, PORT, SUPERUSER};

/// Recovery after a crash is part of a start, so it may take its time.
const START_PATIENCE: Duration = Duration::from_mins(1);
/// SIGINT ends the sessions, writes a checkpoint and stops.
pub(super) const STOP_PATIENCE: Duration = Duration::from_secs(20);
/// SIGQUIT stops at once; the next start recovers.
pub(super) const QUIT_PATIENCE: Duration = Duration::from_secs(5);
const RESTART_PAUSE: Duration = Duration::from_secs(1);
pub(super) const POLL: Duration = Duration::from_millis(10);

/// Runs `initdb` beside the cluster's place and moves the result there, so that an interrupted
/// run leaves nothing that looks like a cluster.
pub(super) fn make_cluster(
    installation: &Installation,
    folder: &Folder,
    durability: Durability,
) -> Result<(), EmbeddedError> {
    let unfinished = folder.root().join("cluster.unfinished");
    folder::remove_folder(&unfinished)?;
    let mut initdb = not_outliving_us(folder.account(), &installation.bin.join("initdb"));
    initdb.args([
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--no-instructions",
    ]);
    initdb
        .args(["--username", SUPERUSER, "--pgdata"])
        .arg(&unfinished);
    if durability == Durability::Disposable {
        initdb.arg("--no-sync");
    }
    let output = initdb
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output();
    let output = output.doing(|| format!("running {}", installation.bin.display()))?;
    if !output.status.success() {
        let output = [output.stdout, output.stderr].concat();
        let output = String::from_utf8_lossy(&output).into_owned();
        return Err(EmbeddedError::Program {
            what: "initdb".to_owned(),
            output,
        });
    }
    let cluster = folder.cluster();
    fs::rename(&unfinished, &cluster).doing(|| format!("moving to {}", cluster.display()))
}

/// A supervised PostgreSQL.
#[derive(Debug)]
pub(super) struct Postmaster(Arc<Supervision>);

#[derive(Debug)]
struct Supervision {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    wish: Wish,
    process: Process,
}

/// What is to happen when the process ends.
#[derive(Debug, PartialEq, Eq)]
enum Wish {
    /// It has never been ready: it will not be the next time either.
    TryOnce,
    KeepRunning,
    Stop,
}

#[derive(Debug)]
enum Process {
    None,
    Running(Pid),
    Ended(String),
}

impl Postmaster {
    /// Starts PostgreSQL and waits until it takes connections.
    pub(super) fn start(
        installation: &Installation,
        folder: &Folder,
        config: &EmbeddedConfig,
    ) -> Result<Self, EmbeddedError> {
        let launch = Launch::new(installation, folder, config);
        File::create(&launch.log).doing(|| format!("emptying {}", launch.log.display()))?;
        let supervision = Arc::new(Supervision {
            state: Mutex::new(State {
                wish: Wish::TryOnce,
                process: Process::None,
            }),
            changed: Condvar::new(),
        });
        let shared = Arc::clone(&supervision);
        std::thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || shared.run(&launch))
            .doing(|| "starting the thread that supervises PostgreSQL".to_owned())?;
        let postmaster = Self(supervision);
        postmaster.wait_until_ready(folder)?;
        Ok(postmaster)
    }

    fn wait_until_ready(&self, folder: &Folder) -> Result<(), EmbeddedError> {
        let file = PidFile::of(folder);
        let start = Instant::now();
        loop {
            let mut state = self.0.lock();
            match &state.process {
                Process::Running(pid) if file.is_ready(*pid) => {
                    state.wish = Wish::KeepRunning;
                    return Ok(());
                }
                Process::None | Process::Running(_) if start.elapsed() < START_PATIENCE => {}
                Process::None | Process::Running(_) => {
                    return Err(failed_start("it is not ready after a minute", folder));
                }
                Process::Ended(how) => return Err(failed_start(how, folder)),
            }
            drop(state);
            std::thread::sleep(POLL);
        }
    }

    /// Asks PostgreSQL to stop, more firmly as time passes, and waits until it has.
    pub(super) fn stop(&self) {
        self.ask_to_stop(Signal::INT);
        if self.0.has_ended(STOP_PATIENCE) {
            return;
        }
        tracing::warn!("PostgreSQL did not stop in time: it will recover at its next start");
        self.ask_to_stop(Signal::QUIT);
        if !self.0.has_ended(QUIT_PATIENCE) {
            self.ask_to_stop(Signal::KILL);
        }
    }

    fn ask_to_stop(&self, signal: Signal) {
        let mut state = self.0.lock();
        state.wish = Wish::Stop;
        self.0.changed.notify_all();
        if let Process::Running(pid) = state.process {
            // It may be gone already, which is what we want.
            let _ = kill_process(pid, signal);
        }
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        self.ask_to_stop(Signal::INT);
    }
}

impl Supervision {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("nobody panics while holding the state")
    }

    /// The supervising thread's life.
    fn run(&self, launch: &Launch) {
        loop {
            let how = match launch.spawn() {
                Ok(child) => self.attend(child),
                Err(error) => error.to_string(),
            };
            let mut state = self.lock();
            state.process = Process::Ended(how.clone());
            self.changed.notify_all();
            if state.wish != Wish::KeepRunning {
                return;
            }
            tracing::error!(%how, "PostgreSQL ended by itself, starting it again");
            let pause = self
                .changed
                .wait_timeout_while(state, RESTART_PAUSE, |state| {
                    state.wish == Wish::KeepRunning
                });
            let (state, _) = pause.expect("nobody panics while holding the state");
            if state.wish == Wish::Stop {
                return;
            }
        }
    }

    fn attend(&self, mut child: Child) -> String {
        let pid = Pid::from_child(&child);
        {
            let mut state = self.lock();
            state.process = Process::Running(pid);
            if state.wish == Wish::Stop {
                let _ = kill_process(pid, Signal::INT);
            }
        }
        child.wait().map_or_else(
            |error| error.to_string(),
            |status: ExitStatus| status.to_string(),
        )
    }

    fn has_ended(&self, patience: Duration) -> bool {
        let running = |state: &mut State| matches!(state.process, Process::Running(_));
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), patience, running);
        let (mut state, _) = waited.expect("nobody panics while holding the state");
        !running(&mut state)
    }
}

fn failed_start(how: &str, folder: &Folder) -> EmbeddedError {
    let log = fs::read_to_string(folder.log()).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    let last = lines[lines.len().saturating_sub(20)..].join("\n");
    EmbeddedError::Program {
        what: "PostgreSQL".to_owned(),
        output: format!("{how}\n{last}"),
    }
}

/// How to start the process, any number of times.
struct Launch {
    program: PathBuf,
    account: Account,
    arguments: Vec<String>,
    cluster: PathBuf,
    log: PathBuf,
}

impl Launch {
    fn new(installation: &Installation, folder: &Folder, config: &EmbeddedConfig) -> Self {
        // The setting is a list, in which quotes keep spaces and commas together.
        let sockets = folder.sockets().to_string_lossy().replace('"', "\"\"");
        let mut settings = vec![
            format!("unix_socket_directories=\"{sockets}\""),
            format!("port={PORT}"),
            format!("max_connections={}", config.max_connections),
        ];
        let fixed = [
            "listen_addresses=",
            "unix_socket_permissions=0700",
            "timezone=UTC",
        ];
        settings.extend(fixed.map(str::to_owned));
        // Short statements gain nothing from compilation, and some builds lack the library.
        settings.extend(["log_timezone=UTC", "jit=off"].map(str::to_owned));
        if config.durability == Durability::Disposable {
            let hasty = [
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
            ];
            settings.extend(hasty.map(str::to_owned));
        }
        Self {
            program: installation.bin.join("postgres"),
            account: folder.account(),
            arguments: settings
                .into_iter()
                .flat_map(|it| ["-c".to_owned(), it])
                .collect(),
            cluster: folder.cluster(),
            log: folder.log(),
        }
    }

    fn spawn(&self) -> std::io::Result<Child> {
        let mut command = not_outliving_us(self.account, &self.program);
        command.arg("-D").arg(&self.cluster).args(&self.arguments);
        command.stderr(File::options().create(true).append(true).open(&self.log)?);
        command.spawn()
    }
}

/// A command whose process the kernel interrupts when the thread that spawned it is gone, where
/// there is a `setpriv` that can ask for it (BusyBox's cannot).
pub(super) fn not_outliving_us(account: Account, program: &Path) -> Command {
    const INTERRUPT: [&str; 3] = ["--pdeathsig", "INT", "--"];
    let mut probe = account.command("setpriv");
    probe.args(INTERRUPT).arg("true");
    if !probe.status().is_ok_and(|status| status.success()) {
        return account.command(program);
    }
    let mut setpriv = account.command("setpriv");
    setpriv.args(INTERRUPT).arg(program);
    setpriv
}
