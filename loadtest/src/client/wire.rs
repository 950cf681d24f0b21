//! The public protocol's JSON frames, as far as a client of ours speaks them: several messages in a
//! frame, one per line. Bodies stay the bytes that came, borrowed from the frame.

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::history::Position;

/// Requests that leave together.
#[derive(Debug, Default)]
pub struct Frame(String);

impl Frame {
    fn line(&mut self) -> &mut String {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        &mut self.0
    }

    fn add(&mut self, line: std::fmt::Arguments<'_>) {
        self.line()
            .write_fmt(line)
            .expect("a string takes everything");
    }

    /// Without a token as a stranger.
    pub fn connect(&mut self, id: u32, token: Option<&str>) {
        match token {
            Some(token) => self.add(format_args!(
                r#"{{"id":{id},"connect":{{"token":"{token}","name":"loadtest"}}}}"#
            )),
            None => self.add(format_args!(
                r#"{{"id":{id},"connect":{{"name":"loadtest"}}}}"#
            )),
        }
    }

    pub fn subscribe(&mut self, id: u32, channel: &str, since: Option<&Position>) {
        match since {
            Some(Position { offset, epoch }) => self.add(format_args!(
                r#"{{"id":{id},"subscribe":{{"channel":"{channel}","recover":true,"offset":{offset},"epoch":"{epoch}"}}}}"#
            )),
            None => self.add(format_args!(
                r#"{{"id":{id},"subscribe":{{"channel":"{channel}"}}}}"#
            )),
        }
    }

    pub fn unsubscribe(&mut self, id: u32, channel: &str) {
        self.add(format_args!(
            r#"{{"id":{id},"unsubscribe":{{"channel":"{channel}"}}}}"#
        ));
    }

    /// `parameters` is an object; the command's id joins it.
    pub fn command(&mut self, id: u32, kind: &str, command: Uuid, parameters: &RawValue) {
        let rest = parameters.get().trim_start().trim_start_matches('{');
        let comma = if rest.trim_start().starts_with('}') {
            ""
        } else {
            ","
        };
        self.add(format_args!(
            r#"{{"id":{id},"rpc":{{"method":"{kind}","data":{{"command_id":"{command}"{comma}{rest}}}}}"#
        ));
    }

    pub fn presence(&mut self, id: u32, channel: &str) {
        self.add(format_args!(
            r#"{{"id":{id},"presence":{{"channel":"{channel}"}}}}"#
        ));
    }

    /// Where somebody is, `at` this time.
    pub fn location(&mut self, id: u32, at: jiff::Timestamp, [lon, lat]: [f64; 2]) {
        self.add(format_args!(
            r#"{{"id":{id},"rpc":{{"method":"location.report","data":{{"fixes":[{{"at":"{at}","lon":{lon},"lat":{lat}}}]}}}}}}"#
        ));
    }

    pub fn refresh(&mut self, id: u32, token: &str) {
        self.add(format_args!(
            r#"{{"id":{id},"refresh":{{"token":"{token}"}}}}"#
        ));
    }

    pub fn pong(&mut self) {
        self.add(format_args!("{{}}"));
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.0)
    }
}

/// One message of the server's. All fields absent: a ping.
#[derive(Debug, Deserialize)]
pub struct Reply<'a> {
    #[serde(default)]
    pub id: u32,
    pub error: Option<Error>,
    #[serde(borrow)]
    pub push: Option<Push<'a>>,
    pub connect: Option<Connect>,
    #[serde(borrow)]
    pub subscribe: Option<Subscribe<'a>>,
    #[serde(borrow)]
    pub rpc: Option<Rpc<'a>>,
    #[serde(borrow)]
    pub presence: Option<&'a RawValue>,
    pub refresh: Option<Refresh>,
}

impl Reply<'_> {
    pub fn is_ping(&self) -> bool {
        self.id == 0 && self.push.is_none() && self.error.is_none()
    }
}

#[derive(Debug, Deserialize)]
pub struct Error {
    pub code: u32,
    #[serde(default)]
    pub temporary: bool,
}

#[derive(Debug, Deserialize)]
pub struct Connect {
    pub client: String,
    #[serde(default)]
    pub expires: bool,
    #[serde(default)]
    pub ttl: u64,
    #[serde(default)]
    pub ping: u64,
}

#[derive(Debug, Deserialize)]
pub struct Refresh {
    #[serde(default)]
    pub ttl: u64,
}

#[derive(Debug, Deserialize)]
pub struct Subscribe<'a> {
    #[serde(default)]
    pub recovered: bool,
    #[serde(default)]
    pub offset: u64,
    pub epoch: Option<String>,
    #[serde(borrow)]
    pub data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub publications: Vec<Publication<'a>>,
}

#[derive(Debug, Deserialize)]
pub struct Publication<'a> {
    /// None: of an ephemeral channel.
    pub offset: Option<u64>,
    #[serde(borrow)]
    pub data: &'a RawValue,
}

#[derive(Debug, Deserialize)]
pub struct Push<'a> {
    #[serde(default)]
    pub channel: &'a str,
    #[serde(borrow, rename = "pub")]
    pub publication: Option<Publication<'a>>,
    pub unsubscribe: Option<Unsubscribe>,
}

#[derive(Debug, Deserialize)]
pub struct Unsubscribe {
    pub code: u32,
}

#[derive(Debug, Deserialize)]
pub struct Rpc<'a> {
    #[serde(borrow)]
    pub data: Option<&'a RawValue>,
}

/// The envelope of a command's outcome.
#[derive(Debug, Deserialize)]
pub struct Envelope<'a> {
    #[serde(borrow)]
    pub outcome: &'a str,
    #[serde(borrow)]
    pub code: Option<&'a str>,
    #[serde(borrow)]
    pub result: Option<&'a RawValue>,
    pub details: Option<Details>,
}

/// Of a refusal's details, what tells when to come again.
#[derive(Debug, Default, Deserialize)]
pub struct Details {
    pub retry_after_ms: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).expect("JSON")
    }

    #[test]
    fn a_frame_has_a_line_for_each_request() {
        let mut frame = Frame::default();
        let since = Position {
            offset: 12,
            epoch: "e".to_owned(),
        };
        frame.connect(1, Some("t"));
        frame.subscribe(2, "board:center", Some(&since));
        frame.command(3, "duty.set", Uuid::nil(), &raw(r#"{"duty":"on"}"#));
        frame.command(4, "clock.now", Uuid::nil(), &raw("{}"));
        let sent = frame.take();
        let lines: Vec<serde_json::Value> = sent
            .lines()
            .map(|line| serde_json::from_str(line).expect(line))
            .collect();
        assert_eq!(lines[0]["connect"]["token"], "t");
        assert_eq!(lines[1]["subscribe"]["offset"], 12);
        assert_eq!(lines[2]["rpc"]["data"]["duty"], "on");
        assert_eq!(
            lines[3]["rpc"]["data"]["command_id"],
            Uuid::nil().to_string()
        );
        assert!(frame.is_empty());
    }

    #[test]
    fn replies_are_told_apart_and_bodies_stay_as_they_came() {
        let read = |text| serde_json::from_str::<Reply<'_>>(text).expect(text);
        assert!(read("{}").is_ping());
        let publication = read(r#"{"push":{"channel":"a","pub":{"data":{"n": 1.50},"offset":2}}}"#);
        let push = publication.push.expect("a push");
        let publication = push.publication.expect("a publication");
        assert_eq!(publication.data.get(), r#"{"n": 1.50}"#);
        assert_eq!(publication.offset, Some(2));
        let denied = read(r#"{"id":3,"error":{"code":103,"message":"permission denied"}}"#);
        assert!(!denied.is_ping());
        assert_eq!(denied.error.map(|error| error.code), Some(103));
    }
}
