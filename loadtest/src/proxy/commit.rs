//! Losing what surrounds a COMMIT on its way to `PostgreSQL` and back: the client then cannot know
//! whether its transaction was made.
//!
//! Only as much of the wire protocol is read as that takes: of the client the lengths of messages
//! and the texts of queries, of the server the answer to the COMMIT that is to be lost.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use super::direction::Verdict;

/// Which half of a COMMIT is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitLoss {
    /// It is made, and nobody is told.
    Reply,
    /// It never arrives.
    Request,
}

/// How many COMMITs are still to be lost, over all connections of a proxy.
#[derive(Debug, Default)]
pub(super) struct Trap {
    armed: Mutex<Option<(u32, CommitLoss)>>,
    sprung: AtomicU64,
}

impl Trap {
    pub(super) fn arm(&self, count: u32, loss: CommitLoss) {
        let armed = (count > 0).then_some((count, loss));
        *self.armed.lock().unwrap_or_else(PoisonError::into_inner) = armed;
    }

    pub(super) fn disarm(&self) {
        *self.armed.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn sprung(&self) -> u64 {
        self.sprung.load(Ordering::Relaxed)
    }

    fn spring(&self) -> Option<CommitLoss> {
        let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, loss) = (*armed)?;
        *armed = (count > 1).then_some((count - 1, loss));
        self.sprung.fetch_add(1, Ordering::Relaxed);
        Some(loss)
    }
}

/// What both directions of one connection know.
#[derive(Debug, Default)]
pub(super) struct Wiretap(Mutex<Heard>);

#[derive(Debug, Default)]
struct Heard {
    client: Client,
    /// The answer to a COMMIT that is being lost, as far as it has come.
    lost: Option<Vec<u8>>,
}

impl Wiretap {
    pub(super) fn hear_client(&self, bytes: &[u8], trap: &Trap) -> Verdict {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !heard.client.hear(bytes) {
            return Verdict::Pass;
        }
        match trap.spring() {
            None => Verdict::Pass,
            Some(CommitLoss::Request) => Verdict::Break,
            Some(CommitLoss::Reply) => {
                heard.lost = Some(Vec::new());
                Verdict::Pass
            }
        }
    }

    pub(super) fn hear_server(&self, bytes: &[u8]) -> Verdict {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(lost) = &mut heard.lost else {
            return Verdict::Pass;
        };
        lost.extend_from_slice(bytes);
        if answers_commit(lost) {
            Verdict::Break
        } else {
            Verdict::Drop
        }
    }
}

/// Whether the answer is complete: `CommandComplete` of the COMMIT, or, when it failed, the
/// `ReadyForQuery` that ends every answer.
fn answers_commit(answer: &[u8]) -> bool {
    const COMPLETE: &[u8] = b"C\0\0\0\x0bCOMMIT\0";
    const READY: &[u8] = b"Z\0\0\0\x05";
    let has_commit = answer
        .windows(COMPLETE.len())
        .any(|window| window == COMPLETE);
    let end = answer.len().saturating_sub(READY.len() + 1);
    has_commit || answer[end..].starts_with(READY)
}

/// What a client of `PostgreSQL` says: first untyped messages, then a type and a length each.
#[derive(Debug, Default)]
struct Client {
    started: bool,
    header: Vec<u8>,
    /// Of the message being read.
    kind: u8,
    left: usize,
    text: Vec<u8>,
}

/// The first message that has no type: protocol 3.x rather than a request for encryption.
const PROTOCOL_MAJOR: u8 = 3;
/// No COMMIT of ours has a longer text.
const TEXT_BYTES: usize = 4096;

impl Client {
    /// Whether a COMMIT ended within these bytes.
    fn hear(&mut self, mut bytes: &[u8]) -> bool {
        let mut commits = false;
        while !bytes.is_empty() {
            if self.left == 0 {
                bytes = self.hear_header(bytes);
                continue;
            }
            let (body, rest) = bytes.split_at(self.left.min(bytes.len()));
            let room = TEXT_BYTES.saturating_sub(self.text.len());
            self.text.extend_from_slice(&body[..room.min(body.len())]);
            self.left -= body.len();
            bytes = rest;
            if self.left == 0 {
                commits |= self.hear_end();
            }
        }
        commits
    }

    fn hear_header<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let size = if self.started { 5 } else { 4 };
        let (header, rest) = bytes.split_at((size - self.header.len()).min(bytes.len()));
        self.header.extend_from_slice(header);
        if self.header.len() < size {
            return rest;
        }
        let length = self
            .header
            .last_chunk()
            .map_or(0, |bytes| u32::from_be_bytes(*bytes));
        self.kind = if self.started { self.header[0] } else { 0 };
        self.left = usize::try_from(length).unwrap_or(0).saturating_sub(4);
        self.header.clear();
        self.text.clear();
        rest
    }

    fn hear_end(&mut self) -> bool {
        let text = &self.text;
        if !self.started {
            self.started = text.starts_with(&[0, PROTOCOL_MAJOR]);
            return false;
        }
        let query = match self.kind {
            b'Q' => text.as_slice(),
            // The statement's name comes first.
            b'P' => text.split(|byte| *byte == 0).nth(1).unwrap_or_default(),
            _ => return false,
        };
        let query = String::from_utf8_lossy(query).to_ascii_lowercase();
        query
            .trim_end_matches('\0')
            .split(';')
            .any(|statement| statement.trim() == "commit")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).expect("short");
        [&[kind], length.to_be_bytes().as_slice(), body].concat()
    }

    fn conversation(query: &str) -> Vec<u8> {
        let encryption = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
        let startup = [
            0, 0, 0, 17, 0, 3, 0, 0, b'u', b's', b'e', b'r', 0, b'x', 0, 0, 0,
        ];
        let query = message(b'Q', format!("{query}\0").as_bytes());
        let sync = message(b'S', b"");
        [&encryption[..], &startup[..], &sync[..], &query[..]].concat()
    }

    #[test]
    fn a_commit_is_heard_however_the_bytes_are_cut() {
        let said = conversation("execute append; COMMIT");
        for size in 1..=said.len() {
            let mut client = Client::default();
            let heard: Vec<bool> = said.chunks(size).map(|bytes| client.hear(bytes)).collect();
            assert_eq!(heard.iter().filter(|heard| **heard).count(), 1, "{size}");
            assert_eq!(heard.last(), Some(&true), "{size}");
        }
    }

    #[test]
    fn a_text_that_speaks_of_commits_is_none() {
        for query in ["rollback", "select 'commit'", "commit prepared 'x'", ""] {
            assert!(!Client::default().hear(&conversation(query)), "{query}");
        }
        let mut client = Client::default();
        client.hear(&conversation(""));
        assert!(client.hear(&message(b'P', b"s1\0commit\0\0\0")));
        assert!(!client.hear(&message(b'B', b"commit\0commit\0")));
    }

    #[test]
    fn the_answer_ends_with_the_commit_or_with_its_failure() {
        let complete = message(b'C', b"COMMIT\0");
        let other = message(b'C', b"SELECT 1\0");
        let ready = message(b'Z', b"I");
        let failed = message(b'E', b"SERROR\0\0");
        assert!(!answers_commit(&other));
        assert!(answers_commit(&[other.clone(), complete].concat()));
        assert!(!answers_commit(&[other, failed.clone()].concat()));
        assert!(answers_commit(&[failed, ready].concat()));
        assert!(!answers_commit(b""));
    }
}
