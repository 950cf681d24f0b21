//! Ports that stay ours while the process that listens on them is started, killed and started
//! again.
//!
//! A port is reserved by a socket that is bound and never listens. Whoever sets `SO_REUSEADDR`, as
//! servers do, can listen on it nevertheless, and the kernel gives it to nobody who asks for any.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use socket2::{Domain, Socket, Type};

#[derive(Debug)]
pub struct Port {
    address: SocketAddr,
    _reserved: Socket,
}

impl Port {
    /// One of the system's choice on loopback.
    pub fn reserve() -> io::Result<Self> {
        Self::at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }

    /// This one; fails where somebody listens on it.
    pub fn at(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        let address = socket.local_addr()?.as_socket();
        Ok(Self {
            address: address.expect("it was bound to an address of the internet"),
            _reserved: socket,
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn number(&self) -> u16 {
        self.address.port()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_may_listen_on_it_one_after_the_other() {
        let port = Port::reserve().expect("a port");
        for _ in 0..2 {
            let listener = loop {
                // Between fork and exec, a child of a test beside this one holds the last listener.
                match std::net::TcpListener::bind(port.address()) {
                    Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                    bound => break bound.expect("it is ours"),
                }
            };
            assert!(Port::at(port.address()).is_err(), "somebody listens");
            drop(listener);
        }
    }
}
