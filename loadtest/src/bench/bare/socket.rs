//! One connection of the bare loop: what it has not read whole, and what it could not write yet.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::TcpStream,
};

pub struct Socket {
    stream: TcpStream,
    pub is_websocket: bool,
    partial: Vec<u8>,
    waiting: Vec<u8>,
    /// The socket said that it takes no more; it will say when it does.
    full: bool,
}

impl Socket {
    pub fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            is_websocket: false,
            partial: Vec::new(),
            waiting: Vec::new(),
            full: false,
        }
    }

    /// How many bytes are there to be looked at, with those kept. None: nothing more has come.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let kept = self.partial.len();
        if kept >= buffer.len() {
            return Err(ErrorKind::FileTooLarge.into());
        }
        buffer[..kept].copy_from_slice(&self.partial);
        match self.stream.read(&mut buffer[kept..]) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => Ok(Some(kept + read)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub fn keep(&mut self, rest: &[u8]) {
        self.partial.clear();
        self.partial.extend_from_slice(rest);
    }

    /// At once, as far as the socket takes it and nothing waits.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.waiting.is_empty() {
            self.waiting.extend_from_slice(bytes);
            return if self.full { Ok(()) } else { self.flush() };
        }
        let taken = self.give(bytes)?;
        self.waiting.extend_from_slice(&bytes[taken..]);
        Ok(())
    }

    /// Later. True: nothing was waiting before.
    pub fn gather(&mut self, bytes: &[u8]) -> bool {
        let first = self.waiting.is_empty();
        self.waiting.extend_from_slice(bytes);
        first
    }

    pub fn flush(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.waiting);
        let taken = self.give(&waiting)?;
        self.waiting = waiting;
        self.waiting.drain(..taken);
        Ok(())
    }

    fn give(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = 0;
        self.full = false;
        while taken < bytes.len() {
            match self.stream.write(&bytes[taken..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => taken += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.full = true;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(taken)
    }
}
