//! One subscriber: a socket, where it is in its opening, and what it has of its channel.

use std::{
    io::{ErrorKind, Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream},
};

use anyhow::{Context, Result, bail, ensure};
use socket2::{Domain, Protocol, Socket, Type};

use super::{Party, Tally};
use crate::bench::{
    clock::now_ns,
    oracle::{Faults, Sequence},
    wire::{Heard, Hello, Position, Unit, frames},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Connecting,
    Upgrading,
    Introducing,
    Subscribed,
}

#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    pub stage: Stage,
    pub channel: usize,
    pub sequence: Sequence,
    pub faults: Faults,
    /// Where it goes on from; none of a first subscription.
    since: Option<Position>,
    /// The start of a frame whose end has not come.
    partial: Vec<u8>,
}

impl Connection {
    /// Starts to connect.
    pub fn open(party: &Party, number: usize, since: Option<Position>) -> Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        let source = party.sources[number % party.sources.len()];
        if source != Ipv4Addr::LOCALHOST {
            socket.bind(&SocketAddr::new(IpAddr::V4(source), 0).into())?;
        }
        match socket.connect(&party.address.into()) {
            Ok(()) => {}
            Err(error)
                if error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error()) => {}
            Err(error) => return Err(error).context("connecting"),
        }
        let last = since.as_ref().map_or(0, |since| since.offset);
        Ok(Self {
            stream: socket.into(),
            stage: Stage::Connecting,
            channel: number % party.channels.len(),
            sequence: Sequence::at(last),
            faults: Faults::default(),
            since,
            partial: Vec::new(),
        })
    }

    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Does whatever the socket is ready for.
    pub fn progress(&mut self, party: &Party, buffer: &mut [u8], tally: &mut Tally) -> Result<()> {
        if self.stage == Stage::Connecting {
            if let Some(error) = self.stream.take_error()? {
                return Err(error).context("connecting");
            }
            let channel = &party.channels[self.channel];
            if !self.send(&party.language.opening(party.address, &party.path, channel))? {
                return Ok(());
            }
            self.stage = if party.language.is_websocket() {
                Stage::Upgrading
            } else {
                Stage::Introducing
            };
        }
        loop {
            let kept = self.partial.len();
            ensure!(
                kept < buffer.len(),
                "a frame is longer than {} bytes",
                buffer.len()
            );
            buffer[..kept].copy_from_slice(&self.partial);
            let room = buffer.len() - kept;
            let read = match self.stream.read(&mut buffer[kept..]) {
                Ok(0) => bail!("closed without a word"),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error).context("reading"),
            };
            let bytes = &buffer[..kept + read];
            let used = self.take(party, bytes, tally)?;
            self.partial.clear();
            self.partial.extend_from_slice(&bytes[used..]);
            // Less than there was room for: the socket is empty, and will say so when it is not.
            if read < room {
                return Ok(());
            }
        }
    }

    /// How many of the bytes were whole frames.
    fn take(&mut self, party: &Party, bytes: &[u8], tally: &mut Tally) -> Result<usize> {
        let received_ns = now_ns();
        let mut used = 0;
        if self.stage == Stage::Upgrading {
            let Some(head) = frames::upgraded(bytes)? else {
                return Ok(0);
            };
            used = head;
            self.stage = Stage::Introducing;
            if !party.language.is_greeted() {
                self.introduce(party)?;
            }
        }
        while let Some((unit, bytes)) = party.language.first(&bytes[used..])? {
            used += bytes;
            match unit {
                Unit::Message(message) => self.hear(party, message, received_ns, tally)?,
                Unit::Close(payload) => bail!("closed: {}", farewell(payload)),
                Unit::Ping(payload) => {
                    let pong = frames::of_client(frames::PONG, payload);
                    ensure!(self.send(&pong)?, "a pong is not taken");
                }
                Unit::Nothing => {}
            }
        }
        Ok(used)
    }

    /// Says who it is; whoever has nothing to say is subscribed by its path.
    fn introduce(&mut self, party: &Party) -> Result<()> {
        let hello = party.language.hello(Hello {
            token: party.tokens.get(self.channel).unwrap_or(&party.token),
            channel: &party.channels[self.channel],
            since: self.since.as_ref(),
        });
        match hello {
            None => self.stage = Stage::Subscribed,
            Some(hello) => ensure!(self.send(&hello)?, "a fresh connection takes nothing"),
        }
        Ok(())
    }

    fn hear(
        &mut self,
        party: &Party,
        message: &[u8],
        received_ns: u64,
        tally: &mut Tally,
    ) -> Result<()> {
        let mut refused = None;
        let mut pings = 0;
        let mut greeted = false;
        party.language.read(message, |heard| match heard {
            Heard::Publication(publication) => {
                self.faults.count(self.sequence.arrive(publication.number));
                tally.count(publication.intended_ns, received_ns);
            }
            Heard::Subscribed(position) => {
                if self.since.is_none() {
                    self.sequence = Sequence::at(position.offset);
                }
                self.since = Some(position);
                self.stage = Stage::Subscribed;
            }
            Heard::Greeting => greeted = true,
            Heard::Ping => pings += 1,
            Heard::Refused(why) => refused = Some(why),
            Heard::Else => {}
        });
        if greeted {
            self.introduce(party)?;
        }
        for _ in 0..pings {
            ensure!(self.send(&party.language.pong())?, "a pong is not taken");
        }
        match refused {
            Some(why) => bail!("refused: {why}"),
            None => Ok(()),
        }
    }

    /// Where to go on from after an interruption.
    pub fn position(&self) -> Option<Position> {
        let since = self.since.as_ref()?;
        Some(Position {
            offset: self.sequence.last(),
            epoch: since.epoch.clone(),
        })
    }

    /// Little enough for any socket's buffer. False: the socket is not connected yet.
    fn send(&mut self, bytes: &[u8]) -> Result<bool> {
        match self.stream.write(bytes) {
            Ok(written) if written == bytes.len() => Ok(true),
            Ok(written) => bail!("{written} of {} bytes were taken", bytes.len()),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::NotConnected
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(error).context("writing"),
        }
    }
}

/// A close frame's code and reason.
fn farewell(payload: &[u8]) -> String {
    match payload.split_at_checked(2) {
        Some((code, reason)) => {
            let code = u16::from_be_bytes([code[0], code[1]]);
            format!("{code} {}", String::from_utf8_lossy(reason))
        }
        None => "no code".to_owned(),
    }
}
