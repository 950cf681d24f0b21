//! Frames of `WebSocket`, as far as a load generator meets them: a server's are not masked and not
//! fragmented, a client's are masked with zero, which the standard allows and which costs nothing.

use anyhow::{Result, bail, ensure};
use memchr::memmem;

pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

const FINAL: u8 = 0x80;
const MASKED: u8 = 0x80;
/// Instead of a length: that it follows, in so many bits.
const LENGTH_16: u8 = 0x7e;
const LENGTH_64: u8 = 0x7f;
/// Longer ones come from no server that is measured here.
const MOST_BYTES: usize = 16 << 20;

/// One frame at the start of what was read.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    pub opcode: u8,
    pub payload: &'a [u8],
    /// With its header.
    pub bytes: usize,
}

/// None: it has not come whole.
pub fn first(bytes: &[u8]) -> Result<Option<Frame<'_>>> {
    let [head, length, ..] = *bytes else {
        return Ok(None);
    };
    if length & MASKED != 0 {
        bail!("a server masks no frames");
    }
    let (start, length) = match length {
        LENGTH_16 => {
            let Some(long) = bytes.get(2..4) else {
                return Ok(None);
            };
            (4, usize::from(u16::from_be_bytes([long[0], long[1]])))
        }
        LENGTH_64 => {
            let Some(long) = bytes.get(2..10) else {
                return Ok(None);
            };
            let long = <[u8; 8]>::try_from(long).expect("eight bytes");
            (10, usize::try_from(u64::from_be_bytes(long))?)
        }
        short => (2, usize::from(short)),
    };
    ensure!(length <= MOST_BYTES, "a frame of {length} bytes");
    ensure!(head & FINAL != 0, "fragments are not read");
    let end = start + length;
    Ok(bytes.get(start..end).map(|payload| Frame {
        opcode: head & 0x0f,
        payload,
        bytes: end,
    }))
}

/// A frame as a client sends it.
pub fn of_client(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(payload.len() + 14);
    head(opcode, MASKED, payload.len(), &mut frame);
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// A frame as a server sends it.
pub fn of_server(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(payload.len() + 10);
    head(opcode, 0, payload.len(), &mut frame);
    frame.extend_from_slice(payload);
    frame
}

fn head(opcode: u8, masked: u8, length: usize, to: &mut Vec<u8>) {
    to.push(FINAL | opcode);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ ..LENGTH_16), _) => to.push(masked | short),
        (_, Ok(long)) => {
            to.push(masked | LENGTH_16);
            to.extend_from_slice(&long.to_be_bytes());
        }
        _ => {
            to.push(masked | LENGTH_64);
            to.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

/// Asks for a `WebSocket`. The key is the standard's example: nobody here caches.
pub fn upgrade(host: &str, path: &str, extra: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{extra}\r\n"
    )
    .into_bytes()
}

/// The bytes of the answer to [`upgrade`]; none: it has not come whole.
pub fn upgraded(bytes: &[u8]) -> Result<Option<usize>> {
    let Some(end) = memmem::find(bytes, b"\r\n\r\n") else {
        return Ok(None);
    };
    ensure!(
        bytes.starts_with(b"HTTP/1.1 101"),
        "no WebSocket: {}",
        String::from_utf8_lossy(
            bytes
                .split(|byte| *byte == b'\r')
                .next()
                .unwrap_or_default()
        )
    );
    Ok(Some(end + 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_once_it_is_whole() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let payload = vec![b'a'; length];
            let mut bytes = of_server(TEXT, &payload);
            let whole = bytes.len();
            bytes.extend_from_slice(b"next");
            let frame = first(&bytes).expect("a frame").expect("whole");
            assert_eq!((frame.opcode, frame.bytes), (TEXT, whole));
            assert_eq!(frame.payload, payload);
            for part in [0, 1, 2, 3, 9, whole - 1]
                .into_iter()
                .filter(|part| *part < whole)
            {
                assert_eq!(
                    first(&bytes[..part]).expect("no fault"),
                    None,
                    "{part} of {whole}"
                );
            }
        }
    }

    #[test]
    fn a_clients_frame_is_masked_with_zero() {
        assert_eq!(of_client(TEXT, b"{}"), [0x81, 0x82, 0, 0, 0, 0, b'{', b'}']);
        assert!(first(&of_client(TEXT, b"{}")).is_err());
    }

    #[test]
    fn fragments_are_refused_rather_than_misread() {
        assert!(first(&[TEXT, 1, b'a']).is_err());
    }

    #[test]
    fn an_upgrade_is_one_only_with_its_status() {
        let answer = b"HTTP/1.1 101 Switching Protocols\r\nA: b\r\n\r\nrest";
        assert_eq!(upgraded(answer).expect("upgraded"), Some(answer.len() - 4));
        assert_eq!(upgraded(&answer[..20]).expect("not yet"), None);
        assert!(upgraded(b"HTTP/1.1 503 Busy\r\n\r\n").is_err());
    }
}
