//! What is published: JSON of a fixed length that says when it was meant to be sent, and as which of
//! its channel, both at fixed places, so that whoever reads it need not parse.

use anyhow::{Result, ensure};
use memchr::memmem;

/// `t` are nanoseconds of [`now_ns`](super::clock::now_ns), `n` counts from 1 in each channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    pub intended_ns: u64,
    pub number: u64,
}

const START: &[u8] = br#"{"t":""#;
const TIME_DIGITS: usize = 20;
const NUMBER: &[u8] = br#"","n":""#;
const NUMBER_DIGITS: usize = 12;
const PADDING: &[u8] = br#"","p":""#;
const END: &[u8] = br#""}"#;

/// The shortest there is.
pub const LEAST_BYTES: usize =
    START.len() + TIME_DIGITS + NUMBER.len() + NUMBER_DIGITS + PADDING.len() + END.len();

/// Writes payloads of one length.
#[derive(Debug, Clone, Copy)]
pub struct Payload {
    padding: usize,
}

impl Payload {
    pub fn of_bytes(bytes: usize) -> Result<Self> {
        ensure!(
            bytes >= LEAST_BYTES,
            "a payload has at least {LEAST_BYTES} bytes"
        );
        Ok(Self {
            padding: bytes - LEAST_BYTES,
        })
    }

    pub fn write(self, stamp: Stamp, to: &mut Vec<u8>) {
        to.extend_from_slice(START);
        digits(stamp.intended_ns, TIME_DIGITS, to);
        to.extend_from_slice(NUMBER);
        digits(stamp.number, NUMBER_DIGITS, to);
        to.extend_from_slice(PADDING);
        to.resize(to.len() + self.padding, b'x');
        to.extend_from_slice(END);
    }
}

fn digits(mut value: u64, width: usize, to: &mut Vec<u8>) {
    let start = to.len();
    to.resize(start + width, b'0');
    for place in to[start..].iter_mut().rev() {
        *place = b'0' + u8::try_from(value % 10).expect("a digit");
        value /= 10;
    }
}

/// Where the payload starts in these bytes.
pub fn find(bytes: &[u8]) -> Option<usize> {
    memmem::find(bytes, START)
}

/// The stamp of a payload that starts there.
pub fn read_at(bytes: &[u8], start: usize) -> Option<Stamp> {
    let payload = bytes.get(start..)?;
    if !payload.starts_with(START) {
        return None;
    }
    let time = START.len();
    let number = time + TIME_DIGITS + NUMBER.len();
    Some(Stamp {
        intended_ns: number_of(payload.get(time..time + TIME_DIGITS)?)?,
        number: number_of(payload.get(number..number + NUMBER_DIGITS)?)?,
    })
}

/// Digits alone, as a number.
pub fn number_of(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_json_of_its_length_and_tells_its_stamp() {
        let stamp = Stamp {
            intended_ns: 1_234_567_890_123,
            number: 42,
        };
        for bytes in [LEAST_BYTES, 128, 4096] {
            let mut written = b"{\"data\":".to_vec();
            let payload = Payload::of_bytes(bytes).expect("long enough");
            payload.write(stamp, &mut written);
            let json: serde_json::Value = serde_json::from_slice(&written[8..]).expect("JSON");
            assert_eq!(json["n"], "000000000042");
            assert_eq!(written.len(), bytes + 8);
            let start = find(&written).expect("it is there");
            assert_eq!(read_at(&written, start), Some(stamp));
        }
        assert!(Payload::of_bytes(LEAST_BYTES - 1).is_err());
    }

    #[test]
    fn what_is_no_payload_has_no_stamp() {
        assert_eq!(read_at(b"{\"t\":\"12", 0), None);
        assert_eq!(read_at(b"{}", 0), None);
        let letters = br#"{"t":"0000000000000000000x","n":"000000000001","p":""}"#;
        assert_eq!(read_at(letters, 0), None);
        assert_eq!(find(b"{\"time\":1}"), None);
    }
}
