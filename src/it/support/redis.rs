//! A Redis server of the test's own, on a random port, keeping nothing.

use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Killed when dropped; where there is `setpriv`, also when the test's process ends first.
pub(crate) struct TestRedis {
    pub(crate) url: String,
    port: u16,
    server: Server,
}

impl TestRedis {
    pub(crate) async fn start() -> Self {
        // Another process may take the port between our look and Redis' own: then try the next.
        for _ in 0..20 {
            let port = free_port();
            let url = format!("redis://127.0.0.1:{port}");
            let mut redis = Self {
                url,
                port,
                server: Server::spawn(port),
            };
            if redis.is_ready().await {
                return redis;
            }
        }
        panic!("redis-server found no port of its own");
    }

    /// Ends it as a crash would, without a farewell to its clients.
    pub(crate) fn kill(&mut self) {
        self.server.kill();
    }

    /// STOP or CONT.
    pub(crate) fn signal(&self, name: &str) {
        super::binary::signal(self.server.child.id(), name);
    }

    /// Starts it again on the same port, empty.
    pub(crate) async fn restart(&mut self) {
        self.server.kill();
        self.server = Server::spawn(self.port);
        assert!(self.is_ready().await, "Redis starts again on its port");
    }

    /// Runs a command that answers OK.
    pub(crate) async fn command(&self, name: &str) {
        let client = redis::Client::open(self.url.as_str()).expect("a URL of ours");
        let connection = client.get_multiplexed_async_connection().await;
        let mut connection = connection.expect("it is ready");
        let answer: String = redis::cmd(name)
            .query_async(&mut connection)
            .await
            .expect("an answer");
        assert_eq!(answer, "OK", "{name}");
    }

    async fn is_ready(&mut self) -> bool {
        let client = redis::Client::open(self.url.as_str()).expect("a URL of ours");
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(10) {
            if self
                .server
                .child
                .try_wait()
                .expect("it is our child")
                .is_some()
            {
                return false;
            }
            if let Ok(mut connection) = client.get_multiplexed_async_connection().await {
                let mut info = redis::cmd("INFO");
                let info = info
                    .arg("server")
                    .query_async::<String>(&mut connection)
                    .await;
                let ours = format!("process_id:{}\r\n", self.server.child.id());
                return info.is_ok_and(|info| info.contains(&ours));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        false
    }
}

struct Server {
    child: Child,
    /// Keeps the thread that spawned the child: the kernel kills the child when it is gone.
    _spawner: mpsc::Sender<()>,
}

impl Server {
    fn spawn(port: u16) -> Self {
        let (child_sender, child) = mpsc::channel();
        let (spawner, until_dropped) = mpsc::channel();
        std::thread::spawn(move || {
            child_sender
                .send(command(port).spawn())
                .expect("the test waits for it");
            let _ = until_dropped.recv();
        });
        let child = child.recv().expect("the thread sends one");
        let child = child.expect("redis-server is installed (`make test` brings it)");
        Self {
            child,
            _spawner: spawner,
        }
    }

    fn kill(&mut self) {
        // Fails if it has ended already, which is what we want.
        let _ = self.child.kill();
        self.child.wait().expect("it is our child");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

fn command(port: u16) -> Command {
    let mut command = if cfg!(target_os = "linux") {
        let mut setpriv = Command::new("setpriv");
        setpriv.args(["--pdeathsig", "KILL", "--", "redis-server"]);
        setpriv
    } else {
        Command::new("redis-server")
    };
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1"]);
    command.args(["--save", "", "--appendonly", "no", "--daemonize", "no"]);
    command
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

#[tokio::test]
async fn a_killed_redis_comes_back_empty_at_its_address() {
    let mut server = TestRedis::start().await;
    let client = redis::Client::open(server.url.as_str()).expect("a URL of ours");
    let mut connection = client
        .get_multiplexed_async_connection()
        .await
        .expect("it is ready");
    let () = redis::cmd("SET")
        .arg("a")
        .arg(1)
        .query_async(&mut connection)
        .await
        .expect("an OK");
    server.kill();
    assert!(client.get_multiplexed_async_connection().await.is_err());
    server.restart().await;
    let mut connection = client
        .get_multiplexed_async_connection()
        .await
        .expect("it is ready");
    let keys: u32 = redis::cmd("DBSIZE")
        .query_async(&mut connection)
        .await
        .expect("a number");
    assert_eq!(keys, 0);
}
