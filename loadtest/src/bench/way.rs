//! How publications get to a server, of each kind: by the cheapest that it has.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    ops::Range,
};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    payload::number_of,
    publisher::Programme,
    request::Api,
    wire::{Language, frames, mqtt},
};

#[derive(Debug, Clone)]
pub enum Way {
    /// The hub's HTTP API: whatever is due in one request.
    Hub(Api),
    /// A request for each; pipelined.
    Nchan(Api),
    /// Without acknowledgements.
    Mqtt(SocketAddr),
    /// An event to the peer's own little server, which passes it on.
    SocketIo(SocketAddr),
}

/// What the server has of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub offset: u64,
    /// The number in the payload of the newest publication; 0 where there is none.
    pub newest: u64,
}

impl Way {
    /// A connection that publications can be written to.
    pub fn open(&self) -> Result<TcpStream> {
        match self {
            Self::Hub(api) | Self::Nchan(api) => api.connect(),
            Self::Mqtt(address) => {
                let mut stream = connect(*address)?;
                stream.write_all(&mqtt::connect())?;
                let mut answer = [0; 4];
                stream.read_exact(&mut answer)?;
                ensure!(answer[3] == 0, "the broker refuses a publisher: {answer:?}");
                Ok(stream)
            }
            Self::SocketIo(address) => {
                let mut stream = connect(*address)?;
                stream.write_all(&Language::SocketIo.opening(*address, "", ""))?;
                let mut from = BufReader::new(stream.try_clone()?);
                // Its answers have no ends of lines; what comes after the head is short.
                let mut line = String::new();
                while line != "\r\n" {
                    line.clear();
                    ensure!(
                        from.read_line(&mut line)? > 0,
                        "Socket.IO refuses a publisher"
                    );
                }
                until(&mut from, b"0{")?;
                stream.write_all(&frames::of_client(frames::TEXT, b"40"))?;
                until(&mut from, b"40")?;
                Ok(stream)
            }
        }
    }

    /// Appends a request with these publications.
    pub fn request(&self, programme: &Programme, publications: Range<u64>, to: &mut Vec<u8>) {
        match self {
            Self::Hub(api) => {
                let mut body = br#"{"commands":["#.to_vec();
                let first = publications.start;
                for publication in publications {
                    if publication > first {
                        body.push(b',');
                    }
                    body.extend_from_slice(br#"{"publish":{"channel":""#);
                    body.extend_from_slice(programme.channel(publication).as_bytes());
                    body.extend_from_slice(br#"","data":"#);
                    programme.write_payload(publication, &mut body);
                    body.extend_from_slice(b"}}");
                }
                body.extend_from_slice(b"]}");
                api.post("/api/batch", &body, to);
            }
            Self::Nchan(api) => {
                let mut body = Vec::new();
                for publication in publications {
                    body.clear();
                    programme.write_payload(publication, &mut body);
                    api.post(
                        &format!("/pub/{}", programme.channel(publication)),
                        &body,
                        to,
                    );
                }
            }
            Self::Mqtt(_) => {
                let mut body = Vec::new();
                for publication in publications {
                    body.clear();
                    programme.write_payload(publication, &mut body);
                    mqtt::publish(programme.channel(publication), &body, to);
                }
            }
            Self::SocketIo(_) => {
                for publication in publications {
                    let mut event = b"42[\"publish\",\"".to_vec();
                    event.extend_from_slice(programme.channel(publication).as_bytes());
                    event.extend_from_slice(b"\",");
                    programme.write_payload(publication, &mut event);
                    event.push(b']');
                    to.extend_from_slice(&frames::of_client(frames::TEXT, &event));
                }
            }
        }
    }

    /// How many answers of HTTP so many publications in one request have; none: nothing is acknowledged.
    pub fn answers(&self, publications: u64) -> Option<u64> {
        match self {
            Self::Hub(_) => Some(1),
            Self::Nchan(_) => Some(publications),
            Self::Mqtt(_) | Self::SocketIo(_) => None,
        }
    }

    /// Asks the server for a channel's head. None: it does not tell.
    pub fn head(&self, channel: &str) -> Result<Option<Head>> {
        let Self::Hub(api) = self else {
            return Ok(None);
        };
        let asked = serde_json::json!({ "channel": channel, "limit": 1, "reverse": true });
        let body = api.ask("/api/history", &serde_json::to_vec(&asked)?)?;
        let answer: Answer = serde_json::from_slice(&body)
            .with_context(|| format!("no history: {}", String::from_utf8_lossy(&body)))?;
        let newest = match answer.result.publications.first() {
            None => 0,
            Some(newest) => {
                let data: Data = serde_json::from_str(newest.data.get())?;
                number_of(data.n.as_bytes()).context("a payload of ours")?
            }
        };
        Ok(Some(Head {
            offset: answer.result.offset,
            newest,
        }))
    }
}

fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Reads frames until one begins with this.
fn until(from: &mut impl Read, wanted: &[u8]) -> Result<()> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    loop {
        from.read_exact(&mut byte)?;
        bytes.push(byte[0]);
        let Some(frame) = frames::first(&bytes)? else {
            continue;
        };
        if frame.payload.starts_with(b"44") {
            bail!("Socket.IO: {}", String::from_utf8_lossy(frame.payload));
        }
        if frame.payload.starts_with(wanted) {
            return Ok(());
        }
        bytes.clear();
    }
}

#[derive(Deserialize)]
struct Answer {
    result: History,
}

#[derive(Deserialize)]
struct History {
    offset: u64,
    publications: Vec<Kept>,
}

#[derive(Deserialize)]
struct Kept {
    data: Box<RawValue>,
}

#[derive(Deserialize)]
struct Data {
    n: String,
}
