//! Publishes at intended times, whatever becomes of what was published before.
//!
//! Whatever is due goes in one request, and no request waits for the answer to the last. A publication that
//! could not be sent in time carries the time that it should have been sent at.

use std::{
    io::{BufReader, Write},
    net::{Shutdown, TcpStream},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, anyhow};
use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    clock::{nanoseconds, now_ns, sleep_until},
    payload::{Payload, Stamp, number_of},
    request::{Api, answer},
};

/// Of one request.
const BATCH: u64 = 256;
/// Requests are no closer than this, so that those of high rates carry several publications.
const GATHER: Duration = Duration::from_micros(500);
/// Until the next request is answered, once all have been sent.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is published when. Publication i goes to channel i modulo their number.
#[derive(Debug, Clone)]
pub struct Programme {
    pub channels: Vec<String>,
    /// Publications per second, over all channels.
    pub rate: f64,
    pub payload: Payload,
    pub from_ns: u64,
    pub until_ns: u64,
}

/// How it went.
#[derive(Debug, Clone, Copy)]
pub struct Published {
    pub publications: u64,
    /// The longest that a publication was handed over after its time.
    pub late_ns: u64,
}

impl Programme {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "runs have far fewer publications and nanoseconds than these types hold"
    )]
    fn due(&self, publication: u64) -> u64 {
        self.from_ns + (publication as f64 * 1e9 / self.rate) as u64
    }
}

/// Publishes all of it by the hub's HTTP API, and waits until all of it is answered.
pub fn publish(programme: &Programme, api: &Api) -> Result<Published> {
    let mut stream = api.connect()?;
    let answers = read_answers(stream.try_clone()?);
    let mut request = Vec::new();
    let mut body = Vec::new();
    let mut next = 0;
    let mut requests = 0_u64;
    let mut late_ns = 0;
    let mut not_before_ns = 0;
    while programme.due(next) < programme.until_ns {
        sleep_until(programme.due(next).max(not_before_ns));
        let now = now_ns();
        late_ns = late_ns.max(now.saturating_sub(programme.due(next)));
        body.clear();
        let first = next;
        while next - first < BATCH
            && programme.due(next) <= now
            && programme.due(next) < programme.until_ns
        {
            body.extend_from_slice(if next == first {
                br#"{"commands":["#
            } else {
                b","
            });
            command(programme, next, &mut body);
            next += 1;
        }
        body.extend_from_slice(b"]}");
        request.clear();
        api.post("/api/batch", &body, &mut request);
        stream
            .write_all(&request)
            .context("the server takes no publications")?;
        requests += 1;
        // After a whole one, the rest is due as well.
        not_before_ns = if next - first < BATCH {
            now + nanoseconds(GATHER)
        } else {
            0
        };
    }
    for number in 0..requests {
        let answered = answers.recv_timeout(PATIENCE);
        answered.with_context(|| format!("{number} of {requests} requests were answered"))??;
    }
    stream.shutdown(Shutdown::Both)?;
    Ok(Published {
        publications: next,
        late_ns,
    })
}

fn command(programme: &Programme, publication: u64, body: &mut Vec<u8>) {
    let channels = programme.channels.len() as u64;
    let channel = usize::try_from(publication % channels).expect("one of the channels");
    body.extend_from_slice(br#"{"publish":{"channel":""#);
    body.extend_from_slice(programme.channels[channel].as_bytes());
    body.extend_from_slice(br#"","data":"#);
    let stamp = Stamp {
        intended_ns: programme.due(publication),
        number: publication / channels + 1,
    };
    programme.payload.write(stamp, body);
    body.extend_from_slice(b"}}");
}

/// Whether each request was done, in their order.
fn read_answers(stream: TcpStream) -> Receiver<Result<()>> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut from = BufReader::new(stream);
        loop {
            let done = match answer(&mut from) {
                Ok(None) => return,
                Ok(Some(body)) if memmem::find(&body, br#""error""#).is_some() => {
                    Err(anyhow!("not published: {}", String::from_utf8_lossy(&body)))
                }
                Ok(Some(_)) => Ok(()),
                Err(error) => Err(error),
            };
            let failed = done.is_err();
            if tell.send(done).is_err() || failed {
                return;
            }
        }
    });
    told
}

/// What the server has of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub offset: u64,
    /// The number in the payload of the newest publication; 0 where there is none.
    pub newest: u64,
}

/// Asks the server for a channel's head.
pub fn head(api: &Api, channel: &str) -> Result<Head> {
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
    Ok(Head {
        offset: answer.result.offset,
        newest,
    })
}

/// Channels whose newest publication, as the server tells it, is not the newest that was published. Those
/// started empty, and got one after another.
pub fn faults(published: &Published, heads: &[Head]) -> u64 {
    let channels = heads.len() as u64;
    let right = (0..channels).zip(heads).filter(|(channel, head)| {
        let sent = (published.publications + channels - 1 - channel) / channels;
        head.newest == sent && head.offset == sent
    });
    channels - right.count() as u64
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publications_are_due_evenly_and_go_around_the_channels() {
        let programme = Programme {
            channels: vec!["a".to_owned(), "b".to_owned()],
            rate: 1000.0,
            payload: Payload::of_bytes(64).expect("long enough"),
            from_ns: 5_000_000,
            until_ns: 10_000_000,
        };
        assert_eq!(programme.due(3), 8_000_000);
        let mut body = Vec::new();
        command(&programme, 3, &mut body);
        let json: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(json["publish"]["channel"], "b");
        assert_eq!(json["publish"]["data"]["n"], "000000000002");
        assert_eq!(json["publish"]["data"]["t"], "00000000000008000000");
    }
}
