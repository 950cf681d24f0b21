//! The real binary as a process of its own, ended with the test.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio},
};

use super::database::TestDb;

/// `dispatch-hub` with nothing of this process's environment that it would read.
pub(crate) fn dispatch_hub() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dispatch-hub"));
    command.env_remove("DATABASE_URL").env_remove("REDIS_URL");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("DISPATCH_HUB_") {
            command.env_remove(name);
        }
    }
    command.env("DISPATCH_HUB_LOG__FILTER", "warn");
    // All of a test's customers are at one address.
    command.env("DISPATCH_HUB_LIMITS__HOLDS_BURST", "100000");
    command
}

/// Runs a command to its end with this on its standard input.
pub(crate) fn run(command: &mut Command, input: &str) -> Output {
    let child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.expect("the binary starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    // A command that does not read its input may be gone already.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

/// Standard output of a command that succeeds.
pub(crate) fn succeed(command: &mut Command, input: &str) -> String {
    let output = run(command, input);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8(output.stdout).expect("text")
}

/// A serving process. Killed when dropped.
pub(crate) struct ServerProcess {
    child: Child,
    output: BufReader<ChildStdout>,
    pub(crate) url: String,
    pub(crate) ops_url: String,
}

impl ServerProcess {
    /// Serves on this database, on ports of the system's choice unless the flags say otherwise.
    pub(crate) fn start(db: &TestDb, flags: &[&str]) -> Self {
        let mut command = dispatch_hub();
        command.args(["serve", "--database-url", &db.url]);
        if !flags.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        command.args(["--ops-listen", "127.0.0.1:0"]).args(flags);
        Self::spawn(command)
    }

    pub(crate) fn spawn(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = |prefix: &str| {
            let mut line = String::new();
            output.read_line(&mut line).expect("a line");
            let rest = line.trim_end().strip_prefix(prefix);
            rest.unwrap_or_else(|| panic!("`{prefix}…` expected, not `{line}`"))
                .to_owned()
        };
        let url = line("Serving ");
        let ops_url = line("Operations on ");
        Self {
            child,
            output,
            url,
            ops_url,
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it is our child");
        self.child.wait().expect("it is our child");
    }

    /// How it ended, once it has.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        self.child.wait().expect("it is our child")
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(mut self) {
        signal(self.id(), "TERM");
        let status = self.child.wait().expect("it is our child");
        let mut rest = String::new();
        let _ = self.output.read_to_string(&mut rest);
        assert!(status.success(), "{status}: {rest}");
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Fails where it has ended, which is what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a process that the test started.
pub(crate) fn signal(process: u32, name: &str) {
    let sent = Command::new("kill")
        .args([format!("-{name}"), process.to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
}
