//! Just enough HTTP/1.1 to call a server's API: one request and its answer, or a pipeline of them.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};

const PATIENCE: Duration = Duration::from_secs(30);
/// Of an answer; the API's are small.
const MOST_BYTES: usize = 16 << 20;

/// Where the API is, and the key it wants.
#[derive(Debug, Clone)]
pub struct Api {
    pub address: SocketAddr,
    pub key: String,
}

impl Api {
    pub fn connect(&self) -> Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&self.address, PATIENCE)
            .with_context(|| format!("{} does not answer", self.address))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(stream)
    }

    /// The head and body of a request.
    pub fn post(&self, path: &str, body: &[u8], to: &mut Vec<u8>) {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nX-API-Key: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            self.address,
            self.key,
            body.len()
        );
        to.extend_from_slice(head.as_bytes());
        to.extend_from_slice(body);
    }

    /// One request on a connection of its own; the body of its answer.
    pub fn ask(&self, path: &str, body: &[u8]) -> Result<Vec<u8>> {
        let mut stream = self.connect()?;
        let mut request = Vec::new();
        self.post(path, body, &mut request);
        stream.write_all(&request)?;
        answer(&mut BufReader::new(stream))?.context("it closed instead of answering")
    }
}

/// The body of the next answer. None: the connection ended.
pub fn answer(from: &mut impl BufRead) -> Result<Option<Vec<u8>>> {
    let mut line = String::new();
    if from.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let status = line.trim_end().to_owned();
    let mut length = None;
    loop {
        line.clear();
        ensure!(from.read_line(&mut line)? > 0, "an answer is cut short");
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse::<usize>()?);
        }
    }
    let length = length.context("an answer without its length")?;
    ensure!(length <= MOST_BYTES, "an answer of {length} bytes");
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    if !status.starts_with("HTTP/1.1 2") {
        bail!("{status}: {}", String::from_utf8_lossy(&body));
    }
    Ok(Some(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_a_pipeline_are_read_one_after_another() {
        let mut both = &b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"[..];
        assert_eq!(answer(&mut both).expect("whole"), Some(b"{}".to_vec()));
        assert_eq!(answer(&mut both).expect("whole"), Some(b"abc".to_vec()));
        assert_eq!(answer(&mut both).expect("the end"), None);
    }

    #[test]
    fn a_refusal_is_a_fault() {
        let mut refused = &b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n"[..];
        assert!(answer(&mut refused).is_err());
    }
}
