//! Servers that others have made, as they are installed here, each set up for the same task and
//! for speed: no access log, no acknowledgements, no compression.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::process::{self, Started};

/// How long it may take until it listens.
const PATIENCE: Duration = Duration::from_secs(30);
const NCHAN_MODULE: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";
const MOSQUITTO: &str = "/usr/sbin/mosquitto";
/// From the repository's root.
const SOCKET_IO: &str = "loadtest/peers/socket.io";

/// A peer that runs, and what it keeps on disk meanwhile.
#[derive(Debug)]
pub struct Peer {
    pub address: SocketAddr,
    pub started: Started,
    _folder: TempDir,
}

/// Why it cannot be measured; none: it can.
pub fn nchan_is_missing() -> Option<&'static str> {
    let there = Path::new(NCHAN_MODULE).exists() && in_path("nginx").is_some();
    (!there).then_some("nginx with nchan is not installed (libnginx-mod-nchan)")
}

pub fn mosquitto_is_missing() -> Option<&'static str> {
    mosquitto_program()
        .is_none()
        .then_some("mosquitto is not installed")
}

pub fn socket_io_is_missing() -> Option<&'static str> {
    let there =
        Path::new(SOCKET_IO).join("node_modules/socket.io").exists() && in_path("node").is_some();
    (!there).then_some("Socket.IO is not installed (npm ci in loadtest/peers/socket.io)")
}

pub fn nchan(cores: &[usize]) -> Result<Peer> {
    let (folder, address) = place()?;
    let path = folder.path().display();
    let configuration = format!(
        "load_module {NCHAN_MODULE};
daemon off;
worker_processes 1;
worker_rlimit_nofile {};
error_log {path}/error.log warn;
pid {path}/pid;
events {{ worker_connections 16384; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {path}/body;
    proxy_temp_path {path}/proxy;
    fastcgi_temp_path {path}/fastcgi;
    uwsgi_temp_path {path}/uwsgi;
    scgi_temp_path {path}/scgi;
    nchan_max_reserved_memory 256M;
    server {{
        listen {address} backlog=4096;
        location ~ ^/pub/(.+)$ {{
            nchan_publisher;
            nchan_channel_id $1;
            nchan_message_buffer_length 100;
        }}
        location ~ ^/sub/(.+)$ {{
            nchan_subscriber websocket;
            nchan_channel_id $1;
            nchan_subscriber_first_message newest;
        }}
    }}
}}
",
        open_files()
    );
    let file = folder.path().join("nginx.conf");
    fs::write(&file, configuration)?;
    let mut command = Command::new(in_path("nginx").context("nginx")?);
    command.arg("-c").arg(&file).arg("-p").arg(folder.path());
    start(command, cores, folder, address)
}

pub fn mosquitto(cores: &[usize]) -> Result<Peer> {
    let (folder, address) = place()?;
    let configuration = format!(
        "listener {} {}
allow_anonymous true
set_tcp_nodelay true
max_queued_messages 0
log_type error
persistence false
{}",
        address.port(),
        address.ip(),
        // Otherwise it changes to a user of its own, who may not read this.
        "user root\n"
    );
    let file = folder.path().join("mosquitto.conf");
    fs::write(&file, configuration)?;
    let mut command = Command::new(mosquitto_program().context("mosquitto")?);
    command.arg("-c").arg(&file);
    start(command, cores, folder, address)
}

pub fn socket_io(cores: &[usize]) -> Result<Peer> {
    let (folder, address) = place()?;
    let mut command = Command::new(in_path("node").context("node")?);
    command
        .arg(Path::new(SOCKET_IO).join("server.mjs"))
        .arg(address.port().to_string());
    start(command, cores, folder, address)
}

fn place() -> Result<(TempDir, SocketAddr)> {
    let folder = tempfile::Builder::new().prefix("hub-peer.").tempdir()?;
    // Free now; whoever takes it in between fails the start.
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok((folder, free.local_addr()?))
}

fn start(
    mut command: Command,
    cores: &[usize],
    folder: TempDir,
    address: SocketAddr,
) -> Result<Peer> {
    let name = command.get_program().display().to_string();
    let child = process::on_cores(cores, || {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| name.clone())
    })?;
    let mut started = Started::new(child);
    let start = Instant::now();
    while TcpStream::connect(address).is_err() {
        if let Some(status) = started.child().try_wait()? {
            bail!("{name} ended: {status}");
        }
        if start.elapsed() > PATIENCE {
            bail!("{name} does not listen");
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(Peer {
        address,
        started,
        _folder: folder,
    })
}

fn mosquitto_program() -> Option<PathBuf> {
    in_path("mosquitto").or_else(|| Path::new(MOSQUITTO).exists().then(|| MOSQUITTO.into()))
}

fn in_path(name: &str) -> Option<PathBuf> {
    let places = std::env::var_os("PATH")?;
    let mut places = std::env::split_paths(&places).chain(["/usr/sbin".into()]);
    places.find_map(|place| Some(place.join(name)).filter(|program| program.exists()))
}

fn open_files() -> u64 {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    limit.current.or(limit.maximum).unwrap_or(1 << 20)
}
