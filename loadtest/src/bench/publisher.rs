//! Publishes at intended times, whatever becomes of what was published before.
//!
//! Whatever is due goes at once, and nothing waits for the answer to the last. A publication that could
//! not be sent in time carries the time that it should have been sent at.

use std::{
    io::{self, BufReader, Write},
    net::TcpStream,
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, anyhow};
use memchr::memmem;

use super::{
    clock::{nanoseconds, now_ns, sleep_until},
    payload::{Payload, Stamp},
    request::answer,
    way::Way,
};

/// Publications of one write.
const BATCH: u64 = 256;
/// Writes are no closer than this, so that those of high rates carry several publications.
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
    /// Publications before this programme.
    pub first: u64,
    pub from_ns: u64,
    pub until_ns: u64,
}

/// How it went.
#[derive(Debug)]
pub struct Published {
    pub publications: u64,
    /// The longest that a publication was handed over after its time.
    pub late_ns: u64,
    /// Where nothing is acknowledged, an end could come before all was read.
    _connection: TcpStream,
}

impl Programme {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "runs have far fewer publications and nanoseconds than these types hold"
    )]
    fn due(&self, publication: u64) -> u64 {
        self.from_ns + ((publication - self.first) as f64 * 1e9 / self.rate) as u64
    }

    pub fn channel(&self, publication: u64) -> &str {
        let channel = publication % self.channels.len() as u64;
        &self.channels[usize::try_from(channel).expect("one of the channels")]
    }

    pub fn write_payload(&self, publication: u64, to: &mut Vec<u8>) {
        let stamp = Stamp {
            intended_ns: self.due(publication),
            number: publication / self.channels.len() as u64 + 1,
        };
        self.payload.write(stamp, to);
    }
}

/// Publishes all of it, and waits until all of it is answered where there are answers.
pub fn publish(programme: &Programme, way: &Way) -> Result<Published> {
    let mut stream = way.open()?;
    let answers = read_answers(way, stream.try_clone()?);
    let mut request = Vec::new();
    let mut next = programme.first;
    let mut owed = 0;
    let mut late_ns = 0;
    let mut not_before_ns = 0;
    while programme.due(next) < programme.until_ns {
        sleep_until(programme.due(next).max(not_before_ns));
        let now = now_ns();
        late_ns = late_ns.max(now.saturating_sub(programme.due(next)));
        let first = next;
        let until = programme.until_ns.min(now + 1);
        while next - first < BATCH && programme.due(next) < until {
            next += 1;
        }
        request.clear();
        way.request(programme, first..next, &mut request);
        stream
            .write_all(&request)
            .context("the server takes no publications")?;
        owed += way.answers(next - first).unwrap_or(0);
        // After a whole one, the rest is due as well.
        not_before_ns = if next - first < BATCH {
            now + nanoseconds(GATHER)
        } else {
            0
        };
    }
    for number in 0..owed {
        let answered = answers.recv_timeout(PATIENCE);
        answered.with_context(|| format!("{number} of {owed} requests were answered"))??;
    }
    Ok(Published {
        publications: next - programme.first,
        late_ns,
        _connection: stream,
    })
}

/// Whether each request was done, in their order; nothing where nothing is acknowledged.
fn read_answers(way: &Way, mut stream: TcpStream) -> Receiver<Result<()>> {
    let (tell, told) = mpsc::channel();
    let acknowledged = way.answers(1).is_some();
    thread::spawn(move || {
        if !acknowledged {
            // What is not read would fill the socket.
            let _ = io::copy(&mut stream, &mut io::sink());
            return;
        }
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

/// The newest number of each of so many channels, once so much was published.
pub fn numbers(publications: u64, channels: u64) -> Vec<u64> {
    let newest = |channel| (publications + channels - 1 - channel) / channels;
    (0..channels).map(newest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{
        request::{Api, answer as read_answer},
        way::Way,
    };

    fn programme() -> Programme {
        Programme {
            channels: vec!["a".to_owned(), "b".to_owned()],
            rate: 1000.0,
            payload: Payload::of_bytes(64).expect("long enough"),
            first: 2,
            from_ns: 5_000_000,
            until_ns: 10_000_000,
        }
    }

    #[test]
    fn publications_are_due_evenly_and_go_around_the_channels() {
        let programme = programme();
        assert_eq!(programme.due(2), 5_000_000);
        assert_eq!(programme.due(5), 8_000_000);
        let mut body = Vec::new();
        programme.write_payload(5, &mut body);
        let json: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(programme.channel(5), "b");
        assert_eq!(json["n"], "000000000003");
        assert_eq!(json["t"], "00000000000008000000");
    }

    #[test]
    fn the_newest_numbers_are_those_of_what_was_published() {
        assert_eq!(numbers(0, 2), [0, 0]);
        assert_eq!(numbers(5, 2), [3, 2]);
        assert_eq!(numbers(6, 2), [3, 3]);
    }

    #[test]
    fn the_hub_gets_whatever_is_due_in_one_request() {
        let way = Way::Hub(Api {
            address: "127.0.0.1:1".parse().expect("an address"),
            key: "k".to_owned(),
        });
        let mut request = Vec::new();
        way.request(&programme(), 2..4, &mut request);
        let head = memmem::find(&request, b"\r\n\r\n").expect("a head") + 4;
        let body: serde_json::Value = serde_json::from_slice(&request[head..]).expect("JSON");
        assert_eq!(body["commands"][0]["publish"]["channel"], "a");
        assert_eq!(body["commands"][1]["publish"]["data"]["n"], "000000000002");
        assert_eq!(way.answers(2), Some(1));
    }

    #[test]
    fn other_statuses_of_success_are_answers_too() {
        let mut accepted = &b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"[..];
        assert_eq!(read_answer(&mut accepted).expect("whole"), Some(Vec::new()));
    }
}
