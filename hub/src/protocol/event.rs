//! What a channel's subscribers get. It is encoded at most once per encoding, by the first
//! connection that needs it, and shared by all of them.

use std::sync::{Arc, OnceLock};

use super::{Encoding, Frame, reply::Push};
use crate::ports::{ChannelName, ClientInfo, Publication};

/// Something that every subscriber of a channel gets.
#[derive(Debug)]
pub struct ChannelEvent {
    pub channel: ChannelName,
    pub news: News,
    json: OnceLock<Frame>,
    protobuf: OnceLock<Frame>,
}

#[derive(Debug)]
pub enum News {
    /// On a durable channel.
    Publication(Arc<Publication>),
    /// On an ephemeral channel.
    Ephemeral(Arc<Publication>),
    Join(Arc<ClientInfo>),
    Leave(Arc<ClientInfo>),
}

/// What a message weighs beyond its body.
const ENVELOPE: usize = 64;

impl ChannelEvent {
    pub fn new(channel: ChannelName, news: News) -> Self {
        Self {
            channel,
            news,
            json: OnceLock::new(),
            protobuf: OnceLock::new(),
        }
    }

    /// The message that says it.
    pub fn frame(&self, encoding: Encoding) -> Frame {
        let frame = match encoding {
            Encoding::Json => &self.json,
            Encoding::Protobuf => &self.protobuf,
        };
        frame.get_or_init(|| self.encode(encoding)).clone()
    }

    fn encode(&self, encoding: Encoding) -> Frame {
        let push = match &self.news {
            News::Publication(publication) | News::Ephemeral(publication) => {
                Push::Publication(publication)
            }
            News::Join(info) => Push::Join(info),
            News::Leave(info) => Push::Leave(info),
        };
        encoding.push(&self.channel, push)
    }

    /// About how many bytes it has, encoded; known before it is.
    pub fn weight(&self) -> usize {
        let body = match &self.news {
            News::Publication(publication) | News::Ephemeral(publication) => {
                publication.body.get().len() + publication.info.as_deref().map_or(0, info_weight)
            }
            News::Join(info) | News::Leave(info) => info_weight(info),
        };
        ENVELOPE + self.channel.len() + body
    }
}

fn info_weight(info: &ClientInfo) -> usize {
    let bodies = [&info.conn_info, &info.chan_info];
    let bodies = bodies.into_iter().flatten().map(|body| body.get().len());
    info.user.len() + info.client.len() + bodies.sum::<usize>()
}
