//! What is measured, and how: flags that scenarios share.

use std::{
    env,
    net::{Ipv4Addr, SocketAddr, ToSocketAddrs},
    path::PathBuf,
    process::Command,
};

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};

use super::{
    peers::{self, Peer},
    process::{self, Started},
    request::Api,
    way::Way,
    wire::Language,
    worker::Party,
};

/// Signed by the conformance example's secret, for `loadtest`, so that connecting authenticates.
const EXAMPLE_TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJsb2FkdGVzdCJ9.5haSB2l7sf7Ha8vCWP9OoYIs05D46DZxgNmJV0orB3E";

/// What can be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// The engine over memory: `cargo build --release -p hub --example conformance`.
    Hub,
    /// The bare loop, which is a part of this program.
    Bare,
    /// The bare loop, which gathers what comes together into one write.
    BareMerging,
    /// nginx with nchan: libnginx-mod-nchan of Debian.
    Nchan,
    /// Of Debian; MQTT over TCP.
    Mosquitto,
    /// From npm: loadtest/peers/socket.io.
    #[value(name = "socket.io")]
    SocketIo,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Hub => "hub",
            Self::Bare => "bare",
            Self::BareMerging => "bare, merging",
            Self::Nchan => "nchan",
            Self::Mosquitto => "mosquitto",
            Self::SocketIo => "Socket.IO",
        }
    }

    /// Why it cannot be measured here; none: it can.
    pub fn is_missing(self) -> Option<&'static str> {
        match self {
            Self::Hub | Self::Bare | Self::BareMerging => None,
            Self::Nchan => peers::nchan_is_missing(),
            Self::Mosquitto => peers::mosquitto_is_missing(),
            Self::SocketIo => peers::socket_io_is_missing(),
        }
    }
}

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// A server that runs: ws://HOST:PORT/PATH. Otherwise one is started.
    #[arg(long)]
    pub target: Option<String>,
    /// What is started where there is no target.
    #[arg(long, value_enum, default_value = "hub")]
    pub server: Kind,
    /// The program of that; otherwise it is looked for beside this one.
    #[arg(long, value_name = "PATH")]
    pub spawn_server: Option<PathBuf>,
    /// The target's processes, whose CPU and memory are measured; several by commas.
    #[arg(long, value_delimiter = ',')]
    pub server_pid: Vec<u32>,
    /// Cores of a server that is started; empty: all.
    #[arg(long, value_delimiter = ',', default_value = "0")]
    pub server_cores: Vec<usize>,
    /// Cores of this program and its workers; empty: all.
    #[arg(long, value_delimiter = ',', default_value = "1")]
    pub client_cores: Vec<usize>,
    /// Processes that hold connections.
    #[arg(long, default_value_t = 1)]
    pub workers: usize,
    /// Addresses that connections come from, 127.0.0.1 and so many after it less one.
    #[arg(long, default_value_t = 1)]
    pub sources: u8,
    /// How frames are encoded.
    #[arg(long, value_enum, default_value = "json")]
    pub format: Language,
    /// Connections that are being opened at any time.
    #[arg(long, default_value_t = 64)]
    pub at_once: usize,
    /// A connect's token; otherwise one for the conformance example.
    #[arg(long, default_value = EXAMPLE_TOKEN, hide_default_value = true)]
    pub token: String,
    /// What the server's HTTP API wants.
    #[arg(long, default_value = "test-api-key")]
    pub api_key: String,
    /// What channels' names begin with.
    #[arg(long, default_value = "recovery:bench")]
    pub channel: String,
    /// No table, only the line of JSON.
    #[arg(long)]
    pub quiet: bool,
}

/// A server to be measured. One that was started ends when this is dropped.
pub struct Server {
    pub address: SocketAddr,
    pub path: String,
    pub processes: Vec<u32>,
    pub way: Way,
    language: Language,
    _running: Running,
}

/// What ends with a server.
enum Running {
    Elsewhere,
    Ours { _process: Started },
    Peer { _peer: Peer },
}

impl Server {
    fn of_peer(peer: Peer, way: Way, language: Language) -> Self {
        Self {
            address: peer.address,
            path: String::new(),
            processes: peer.started.family(),
            way,
            language,
            _running: Running::Peer { _peer: peer },
        }
    }
}

impl Options {
    /// Those of who gives no flags.
    pub fn by_default() -> Self {
        #[derive(clap::Parser)]
        struct Flags {
            #[command(flatten)]
            options: Options,
        }
        let nothing: [&str; 0] = [];
        <Flags as clap::Parser>::parse_from(nothing).options
    }

    /// Goes to the clients' cores, and starts what is to be measured.
    pub fn server(&self) -> Result<Server> {
        process::run_on(&self.client_cores)?;
        if let Some(target) = &self.target {
            let rest = target
                .strip_prefix("ws://")
                .context("a target is ws://HOST:PORT/PATH")?;
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let mut addresses = host.to_socket_addrs().with_context(|| host.to_owned())?;
            let address = addresses
                .find(SocketAddr::is_ipv4)
                .context("no IPv4 address")?;
            return Ok(Server {
                address,
                path: format!("/{path}"),
                processes: self.server_pid.clone(),
                way: Way::Hub(self.api(address)),
                language: self.format,
                _running: Running::Elsewhere,
            });
        }
        match self.server {
            Kind::Hub => {
                let ours = env::current_exe().context("this very program")?;
                let beside = ours.with_file_name("examples").join("conformance");
                let program = self.spawn_server.clone().unwrap_or(beside);
                self.ours(program, &["--mode", "open", "--port", "0"])
            }
            Kind::Bare => self.ours(env::current_exe()?, &["bare"]),
            Kind::BareMerging => self.ours(env::current_exe()?, &["bare", "--merge"]),
            Kind::Nchan => {
                let peer = peers::nchan(&self.server_cores)?;
                let way = Way::Nchan(self.api(peer.address));
                Ok(Server::of_peer(peer, way, Language::Nchan))
            }
            Kind::Mosquitto => {
                let peer = peers::mosquitto(&self.server_cores)?;
                let way = Way::Mqtt(peer.address);
                Ok(Server::of_peer(peer, way, Language::Mqtt))
            }
            Kind::SocketIo => {
                let peer = peers::socket_io(&self.server_cores)?;
                let way = Way::SocketIo(peer.address);
                Ok(Server::of_peer(peer, way, Language::SocketIo))
            }
        }
    }

    /// A program that speaks our protocol.
    fn ours(&self, program: PathBuf, arguments: &[&str]) -> Result<Server> {
        ensure!(program.exists(), "{} is not built", program.display());
        let mut command = Command::new(program);
        let (started, address) =
            process::start_listening(command.args(arguments), &self.server_cores)?;
        let address = address.parse().context("an address and a port")?;
        Ok(Server {
            address,
            path: "/connection/websocket".to_owned(),
            processes: vec![started.id()],
            way: Way::Hub(self.api(address)),
            language: self.format,
            _running: Running::Ours { _process: started },
        })
    }

    /// Whether whoever comes back gets what it missed.
    pub fn can_recover(&self) -> bool {
        self.target.is_some() || self.server == Kind::Hub
    }

    /// Of what is measured, for people.
    pub fn name(&self) -> String {
        let ours = || self.server.name().to_owned();
        self.target.clone().unwrap_or_else(ours)
    }

    fn api(&self, address: SocketAddr) -> Api {
        Api {
            address,
            key: self.api_key.clone(),
        }
    }

    pub fn party(&self, server: &Server, subscribers: usize, channels: Vec<String>) -> Party {
        Party {
            address: server.address,
            path: server.path.clone(),
            language: server.language,
            token: self.token.clone(),
            tokens: Vec::new(),
            channels,
            subscribers,
            worker: 0,
            workers: self.workers.max(1),
            sources: (1..=self.sources.max(1))
                .map(|last| Ipv4Addr::new(127, 0, 0, last))
                .collect(),
            at_once: self.at_once.max(1),
        }
    }

    /// Names for so many channels.
    pub fn channels(&self, count: usize) -> Vec<String> {
        (0..count.max(1))
            .map(|number| format!("{}-{number}", self.channel))
            .collect()
    }
}
