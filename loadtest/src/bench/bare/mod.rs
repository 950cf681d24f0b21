//! The least that a server can do: one thread, one epoll, and each publication's frame written to each
//! subscriber, in the hub's own frames.
//!
//! It is what others are held against, so it is as fast as such a loop gets, and no server: no recovery, no
//! limits, no pings, no rights, JSON alone, and whoever does not read costs memory without end. An offset it
//! counts, so that the same oracle looks at it.

mod socket;
mod speech;

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, TcpListener},
};

use anyhow::{Context, Result};
use clap::Args;
use rustix::{
    buffer::spare_capacity,
    event::epoll::{self, EventData, EventFlags},
    fd::OwnedFd,
};

use super::wire::frames;
use socket::Socket;
use speech::{Asked, Reading};

const LISTENER: u64 = u64::MAX;
const EVENTS: usize = 1024;

#[derive(Debug, Clone, Args)]
pub struct Flags {
    /// 0 takes a free one; the address is printed.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Gather what comes in one round of the loop into one write per subscriber.
    #[arg(long)]
    merge: bool,
}

struct Bare {
    epoll: OwnedFd,
    listener: TcpListener,
    merge: bool,
    sockets: Vec<Option<Socket>>,
    free: Vec<usize>,
    channels: HashMap<String, Channel>,
    /// Sockets with something to be written at the end of the round.
    dirty: Vec<usize>,
}

#[derive(Default)]
struct Channel {
    offset: u64,
    newest: Vec<u8>,
    subscribers: Vec<usize>,
}

/// Until it is killed.
pub fn serve(flags: &Flags) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, flags.port))?;
    rustix::net::listen(&listener, 4096)?;
    listener.set_nonblocking(true)?;
    println!("listening on http://{}", listener.local_addr()?);
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    epoll::add(
        &epoll,
        &listener,
        EventData::new_u64(LISTENER),
        EventFlags::IN,
    )?;
    let mut bare = Bare {
        epoll,
        listener,
        merge: flags.merge,
        sockets: Vec::new(),
        free: Vec::new(),
        channels: HashMap::new(),
        dirty: Vec::new(),
    };
    let mut events = Vec::with_capacity(EVENTS);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        epoll::wait(&bare.epoll, spare_capacity(&mut events), None)?;
        for event in events.drain(..) {
            match event.data.u64() {
                LISTENER => bare.accept()?,
                place => bare.attend(
                    usize::try_from(place).context("ours")?,
                    event.flags,
                    &mut buffer,
                ),
            }
        }
        bare.flush();
    }
}

impl Bare {
    fn accept(&mut self) -> Result<()> {
        loop {
            let stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("accepting"),
            };
            stream.set_nonblocking(true)?;
            stream.set_nodelay(true)?;
            let place = self.free.pop().unwrap_or_else(|| {
                self.sockets.push(None);
                self.sockets.len() - 1
            });
            let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
            epoll::add(
                &self.epoll,
                &stream,
                EventData::new_u64(place as u64),
                flags,
            )?;
            self.sockets[place] = Some(Socket::new(stream));
        }
    }

    fn attend(&mut self, place: usize, flags: EventFlags, buffer: &mut [u8]) {
        let Some(Some(socket)) = self.sockets.get_mut(place) else {
            return;
        };
        let mut whole = if flags.contains(EventFlags::OUT) {
            socket.flush()
        } else {
            Ok(())
        };
        if whole.is_ok() && flags.intersects(EventFlags::IN | EventFlags::RDHUP | EventFlags::HUP) {
            whole = self.listen(place, buffer);
        }
        if whole.is_err() {
            self.part(place);
        }
    }

    fn listen(&mut self, place: usize, buffer: &mut [u8]) -> io::Result<()> {
        let mut more = true;
        while more {
            let Some(Some(socket)) = self.sockets.get_mut(place) else {
                return Ok(());
            };
            let Some(read) = socket.read(buffer)? else {
                return Ok(());
            };
            // Less than there was room for: nothing else is there.
            more = read == buffer.len();
            let mut reading = Reading::new(socket.is_websocket, &buffer[..read]);
            let mut used = 0;
            while let Some(asked) = reading.next()? {
                used = reading.used;
                self.answer(place, asked)?;
            }
            if let Some(Some(socket)) = self.sockets.get_mut(place) {
                socket.keep(&buffer[used..read]);
            }
        }
        Ok(())
    }

    fn answer(&mut self, place: usize, asked: Asked<'_>) -> io::Result<()> {
        match asked {
            Asked::Upgrade(accept) => {
                let answer = format!(
                    "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                     sec-websocket-accept: {accept}\r\n\r\n"
                );
                self.upgrade(place, answer.as_bytes())
            }
            Asked::Publish(publications) => {
                let replies = publications.len();
                for (channel, data) in publications {
                    self.publish(channel, data);
                }
                let body = format!(r#"{{"replies":[{}]}}"#, vec!["{}"; replies].join(","));
                self.write(place, speech::http(&body).as_bytes())
            }
            Asked::History(channel) => {
                let body = match self.channels.get(channel) {
                    None => speech::history_answer(0, b""),
                    Some(channel) => speech::history_answer(channel.offset, &channel.newest),
                };
                self.write(place, speech::http(&body).as_bytes())
            }
            Asked::Connect => {
                let reply = br#"{"id":1,"connect":{"client":"bare","version":"bare"}}"#;
                self.write(place, &frames::of_server(frames::TEXT, reply))
            }
            Asked::Subscribe(channel) => {
                let channel = self.channels.entry(channel).or_default();
                channel.subscribers.push(place);
                let offset = channel.offset;
                let reply =
                    format!(r#"{{"id":2,"subscribe":{{"epoch":"bare","offset":{offset}}}}}"#);
                self.write(place, &frames::of_server(frames::TEXT, reply.as_bytes()))
            }
            Asked::Nothing => Ok(()),
        }
    }

    /// To each subscriber, at once or at the end of the round.
    fn publish(&mut self, channel: &str, data: &str) {
        if !self.channels.contains_key(channel) {
            self.channels.insert(channel.to_owned(), Channel::default());
        }
        let name = channel;
        let channel = self.channels.get_mut(name).expect("it was put there");
        channel.offset += 1;
        channel.newest.clear();
        channel.newest.extend_from_slice(data.as_bytes());
        let push = format!(
            r#"{{"push":{{"channel":"{name}","pub":{{"data":{data},"offset":{}}}}}}}"#,
            channel.offset
        );
        let frame = frames::of_server(frames::TEXT, push.as_bytes());
        let mut broken = Vec::new();
        for place in &channel.subscribers {
            let Some(Some(socket)) = self.sockets.get_mut(*place) else {
                continue;
            };
            if self.merge {
                if socket.gather(&frame) {
                    self.dirty.push(*place);
                }
            } else if socket.write(&frame).is_err() {
                broken.push(*place);
            }
        }
        for place in broken {
            self.part(place);
        }
    }

    fn write(&mut self, place: usize, bytes: &[u8]) -> io::Result<()> {
        match self.sockets.get_mut(place) {
            Some(Some(socket)) => socket.write(bytes),
            _ => Ok(()),
        }
    }

    fn upgrade(&mut self, place: usize, answer: &[u8]) -> io::Result<()> {
        if let Some(Some(socket)) = self.sockets.get_mut(place) {
            socket.is_websocket = true;
        }
        self.write(place, answer)
    }

    fn flush(&mut self) {
        for place in std::mem::take(&mut self.dirty) {
            let Some(Some(socket)) = self.sockets.get_mut(place) else {
                continue;
            };
            if socket.flush().is_err() {
                self.part(place);
            }
        }
    }

    fn part(&mut self, place: usize) {
        self.sockets[place] = None;
        self.free.push(place);
        for channel in self.channels.values_mut() {
            channel
                .subscribers
                .retain(|subscriber| *subscriber != place);
        }
    }
}
