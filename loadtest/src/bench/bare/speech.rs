//! What the bare loop is asked: by HTTP to publish and for a channel's head, by frames to subscribe.

use std::io::{Error, ErrorKind, Result};

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

pub enum Asked<'a> {
    /// With the answer to its key.
    Upgrade(String),
    /// Channels and data.
    Publish(Vec<(&'a str, &'a str)>),
    History(&'a str),
    Connect,
    Subscribe(String),
    Nothing,
}

/// What one socket has sent, taken apart.
pub struct Reading<'a> {
    websocket: bool,
    bytes: &'a [u8],
    /// Bytes of what was asked so far.
    pub used: usize,
    /// Commands of a frame that have not been told.
    lines: Vec<Asked<'a>>,
}

impl<'a> Reading<'a> {
    pub fn new(websocket: bool, bytes: &'a [u8]) -> Self {
        Self {
            websocket,
            bytes,
            used: 0,
            lines: Vec::new(),
        }
    }

    /// None: the rest has not come.
    pub fn next(&mut self) -> Result<Option<Asked<'a>>> {
        if let Some(asked) = self.lines.pop() {
            return Ok(Some(asked));
        }
        let rest = &self.bytes[self.used..];
        if self.websocket {
            return self.frame(rest);
        }
        let Some(end) = memmem::find(rest, b"\r\n\r\n") else {
            return Ok(None);
        };
        let head = std::str::from_utf8(&rest[..end]).map_err(|_| bad())?;
        let start = end + 4;
        let length = header(head, "content-length")
            .map_or(Ok(0), |value| value.parse().map_err(|_| bad()))?;
        let Some(body) = rest.get(start..start + length) else {
            return Ok(None);
        };
        self.used += start + length;
        let path = head.split(' ').nth(1).ok_or_else(bad)?;
        Ok(Some(match path {
            "/api/batch" => batch(body)?,
            "/api/publish" => publish(body)?,
            "/api/history" => history(body)?,
            _ => {
                let key = header(head, "sec-websocket-key").ok_or_else(bad)?;
                self.websocket = true;
                Asked::Upgrade(derive_accept_key(key.as_bytes()))
            }
        }))
    }

    fn frame(&mut self, rest: &[u8]) -> Result<Option<Asked<'a>>> {
        let [head, length, ..] = *rest else {
            return Ok(None);
        };
        let (start, length) = match length & 0x7f {
            127 => return Err(bad()),
            126 => match rest.get(2..4) {
                None => return Ok(None),
                Some(long) => (4, usize::from(u16::from_be_bytes([long[0], long[1]]))),
            },
            short => (2, usize::from(short)),
        };
        let (Some(mask), Some(payload)) = (
            rest.get(start..start + 4),
            rest.get(start + 4..start + 4 + length),
        ) else {
            return Ok(None);
        };
        self.used += start + 4 + length;
        if head & 0x0f == 8 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let payload: Vec<u8> = payload
            .iter()
            .zip(mask.iter().cycle())
            .map(|(byte, key)| byte ^ key)
            .collect();
        for line in payload.split(|byte| *byte == b'\n').rev() {
            self.lines.push(command(line)?);
        }
        Ok(self.lines.pop())
    }
}

fn header<'a>(head: &'a str, wanted: &str) -> Option<&'a str> {
    head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(wanted).then(|| value.trim())
    })
}

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    commands: Vec<Command<'a>>,
}

#[derive(Deserialize)]
struct Command<'a> {
    #[serde(borrow)]
    publish: Publish<'a>,
}

#[derive(Deserialize)]
struct Publish<'a> {
    channel: &'a str,
    #[serde(borrow)]
    data: &'a RawValue,
}

#[derive(Deserialize)]
struct Named<'a> {
    channel: &'a str,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    subscribe: Option<Named<'a>>,
    connect: Option<serde::de::IgnoredAny>,
}

fn batch(body: &[u8]) -> Result<Asked<'_>> {
    let batch: Batch<'_> = serde_json::from_slice(body)?;
    let all = batch
        .commands
        .into_iter()
        .map(|one| (one.publish.channel, one.publish.data.get()));
    Ok(Asked::Publish(all.collect()))
}

fn publish(body: &[u8]) -> Result<Asked<'_>> {
    let one: Publish<'_> = serde_json::from_slice(body)?;
    Ok(Asked::Publish(vec![(one.channel, one.data.get())]))
}

fn history(body: &[u8]) -> Result<Asked<'_>> {
    let asked: Named<'_> = serde_json::from_slice(body)?;
    Ok(Asked::History(asked.channel))
}

fn command<'a>(line: &[u8]) -> Result<Asked<'a>> {
    let request: Request<'_> = serde_json::from_slice(line)?;
    Ok(match request {
        Request {
            subscribe: Some(named),
            ..
        } => Asked::Subscribe(named.channel.to_owned()),
        Request {
            connect: Some(_), ..
        } => Asked::Connect,
        Request { .. } => Asked::Nothing,
    })
}

fn bad() -> Error {
    ErrorKind::InvalidData.into()
}

/// An answer with this body.
pub fn http(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A channel's head and its newest publication, as the hub's API tells them.
pub fn history_answer(offset: u64, newest: &[u8]) -> String {
    let newest = String::from_utf8_lossy(newest);
    let publications = if newest.is_empty() {
        String::new()
    } else {
        format!(r#"{{"data":{newest},"offset":{offset}}}"#)
    };
    format!(r#"{{"result":{{"publications":[{publications}],"offset":{offset},"epoch":"bare"}}}}"#)
}
