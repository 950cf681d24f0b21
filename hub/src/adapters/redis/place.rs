//! Where Redis is: one server, or the nodes by which a cluster is found.

use std::time::Duration;

use redis::{
    ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, RedisResult,
    io::tcp::TcpSettings,
};

/// As an address says.
pub(super) enum Place {
    One(ConnectionInfo),
    /// Some of the nodes, at least one; the others are asked for.
    Cluster(Vec<ConnectionInfo>),
}

/// Starts the address of a cluster: `redis+cluster://user:password@one:6379,two,three`.
const CLUSTER: &str = "redis+cluster://";
/// Unacknowledged data after which a connection counts as dead.
#[cfg(target_os = "linux")]
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(5);

impl Place {
    pub(super) fn parse(url: &str) -> RedisResult<Self> {
        let Some(rest) = url.strip_prefix(CLUSTER) else {
            return Ok(Self::One(connection_info(url)?));
        };
        let (credentials, nodes) = match rest.rsplit_once('@') {
            Some((credentials, nodes)) => (format!("{credentials}@"), nodes),
            None => (String::new(), rest),
        };
        let nodes = nodes.trim_end_matches('/').split(',');
        let nodes = nodes.map(|node| connection_info(&format!("redis://{credentials}{node}")));
        Ok(Self::Cluster(nodes.collect::<RedisResult<_>>()?))
    }
}

fn connection_info(url: &str) -> RedisResult<ConnectionInfo> {
    let info = url.into_connection_info()?;
    let settings = info.redis_settings().clone();
    Ok(info
        .set_redis_settings(settings.set_protocol(ProtocolVersion::RESP3))
        .set_tcp_settings(tcp_settings()))
}

/// The same way in, at another node.
pub(super) fn at(info: &ConnectionInfo, host: String, port: u16) -> ConnectionInfo {
    info.clone().set_addr(ConnectionAddr::Tcp(host, port))
}

pub(super) fn tcp_settings() -> TcpSettings {
    let tcp = TcpSettings::default().set_nodelay(true);
    #[cfg(target_os = "linux")]
    let tcp = tcp.set_user_timeout(TCP_USER_TIMEOUT);
    tcp
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_one_server_or_the_nodes_of_a_cluster() {
        let Ok(Place::One(one)) = Place::parse("redis://:secret@cache:7000/2") else {
            panic!("one server");
        };
        assert_eq!(one.addr().to_string(), "cache:7000");
        assert_eq!(one.redis_settings().db(), 2);
        assert_eq!(one.redis_settings().protocol(), ProtocolVersion::RESP3);
        let url = "redis+cluster://hub:p@ss@one:7000,two,three:7002";
        let Ok(Place::Cluster(nodes)) = Place::parse(url) else {
            panic!("a cluster");
        };
        let addresses: Vec<_> = nodes.iter().map(|node| node.addr().to_string()).collect();
        assert_eq!(addresses, ["one:7000", "two:6379", "three:7002"]);
        assert!(
            nodes
                .iter()
                .all(|node| node.redis_settings().username() == Some("hub"))
        );
        assert!(Place::parse("redis+cluster://").is_err());
        assert!(Place::parse("cluster of mine").is_err());
    }
}
