//! What a channel's subscribers get. It is encoded at most once per encoding and form, by the
//! first connection that needs it, and shared by all of them.

use std::sync::{Arc, OnceLock};

use super::{
    Encoding, Frame, delta,
    reply::{Form, Push},
};
use crate::ports::{ChannelName, ClientInfo, Publication};

/// Something that every subscriber of a channel gets.
#[derive(Debug)]
pub struct ChannelEvent {
    pub channel: ChannelName,
    pub news: News,
    weight: usize,
    /// The publication right before, where that is known.
    base: Option<Arc<Publication>>,
    json: OnceLock<Frame>,
    protobuf: OnceLock<Frame>,
    /// For those who take deltas.
    deltas: OnceLock<Box<Deltas>>,
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

/// What a subscriber makes of publications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bodies {
    /// Bodies as they are.
    #[default]
    Plain,
    /// Deltas, but the next one whole: nothing was sent that it could differ from.
    WholeFirst,
    /// Deltas from the publication before.
    Deltas,
}

impl Bodies {
    /// What is wanted next, when this event was sent.
    pub(super) fn after(self, event: &ChannelEvent) -> Self {
        match (self, &event.news) {
            (Self::WholeFirst, News::Publication(_)) => Self::Deltas,
            (Self::Plain | Self::WholeFirst | Self::Deltas, _) => self,
        }
    }
}

#[derive(Debug, Default)]
struct Deltas {
    /// `None` where the whole is shorter, or nothing is known to differ from.
    delta: OnceLock<Option<String>>,
    /// With the delta, in each encoding.
    json: OnceLock<Frame>,
    protobuf: OnceLock<Frame>,
    /// Whole, as a string; in Protobuf that is not different from the plain one.
    json_text: OnceLock<Frame>,
}

/// What a message weighs beyond its body.
const ENVELOPE: usize = 64;

impl ChannelEvent {
    pub fn new(channel: ChannelName, news: News) -> Self {
        Self {
            weight: weight(&channel, &news),
            channel,
            news,
            base: None,
            json: OnceLock::new(),
            protobuf: OnceLock::new(),
            deltas: OnceLock::new(),
        }
    }

    /// A durable channel's publication, and the one before if it is at hand.
    pub fn publication(publication: Arc<Publication>, before: Option<Arc<Publication>>) -> Self {
        let follows = |before: &Arc<Publication>| {
            before.offset + 1 == publication.offset && before.epoch == publication.epoch
        };
        let base = before.filter(follows);
        let channel = publication.channel.clone();
        Self {
            base,
            ..Self::new(channel, News::Publication(publication))
        }
    }

    /// The message that says it.
    pub fn frame(&self, encoding: Encoding, bodies: Bodies) -> Frame {
        let (News::Publication(publication), Bodies::WholeFirst | Bodies::Deltas) =
            (&self.news, bodies)
        else {
            return self.plain(encoding);
        };
        let deltas = self.deltas.get_or_init(Box::default);
        let push = |form| encoding.push(&self.channel, Push::Publication(publication, form));
        let delta = match bodies {
            Bodies::Deltas => deltas.delta.get_or_init(|| self.delta(publication)),
            Bodies::Plain | Bodies::WholeFirst => &None,
        };
        let (frame, form) = match (delta, encoding) {
            (Some(delta), Encoding::Json) => (&deltas.json, Form::Delta(delta)),
            (Some(delta), Encoding::Protobuf) => (&deltas.protobuf, Form::Delta(delta)),
            (None, Encoding::Json) => (&deltas.json_text, Form::Text),
            (None, Encoding::Protobuf) => return self.plain(encoding),
        };
        frame.get_or_init(|| push(form)).clone()
    }

    fn plain(&self, encoding: Encoding) -> Frame {
        let frame = match encoding {
            Encoding::Json => &self.json,
            Encoding::Protobuf => &self.protobuf,
        };
        let push = match &self.news {
            News::Publication(publication) | News::Ephemeral(publication) => {
                Push::Publication(publication, Form::Plain)
            }
            News::Join(info) => Push::Join(info),
            News::Leave(info) => Push::Leave(info),
        };
        frame
            .get_or_init(|| encoding.push(&self.channel, push))
            .clone()
    }

    fn delta(&self, publication: &Publication) -> Option<String> {
        delta::create(self.base.as_ref()?.body.get(), publication.body.get())
    }

    /// About how many bytes it has, encoded; known before it is.
    pub fn weight(&self) -> usize {
        self.weight
    }
}

fn weight(channel: &str, news: &News) -> usize {
    let body = match news {
        News::Publication(publication) | News::Ephemeral(publication) => {
            publication.body.get().len() + publication.info.as_deref().map_or(0, info_weight)
        }
        News::Join(info) | News::Leave(info) => info_weight(info),
    };
    ENVELOPE + channel.len() + body
}

fn info_weight(info: &ClientInfo) -> usize {
    let bodies = [&info.conn_info, &info.chan_info];
    let bodies = bodies.into_iter().flatten().map(|body| body.get().len());
    info.user.len() + info.client.len() + bodies.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Body;

    fn publication(offset: u64, body: &str) -> Arc<Publication> {
        Arc::new(Publication {
            channel: "c".into(),
            offset,
            epoch: "e".into(),
            key: None,
            body: Body::from_value(body).unwrap(),
            info: None,
        })
    }

    fn long(ending: &str) -> String {
        "all the same but for the last few words: ".repeat(3) + ending
    }

    fn event() -> ChannelEvent {
        let before = publication(7, &long("one"));
        ChannelEvent::publication(publication(8, &long("two")), Some(before))
    }

    #[test]
    fn what_was_encoded_once_is_shared() {
        let event = event();
        for encoding in [Encoding::Json, Encoding::Protobuf] {
            for bodies in [Bodies::Plain, Bodies::WholeFirst, Bodies::Deltas] {
                let [one, two] = [(); 2].map(|()| event.frame(encoding, bodies));
                assert_eq!(one.encoding(), encoding);
                assert_eq!(one.bytes().as_ptr(), two.bytes().as_ptr());
            }
        }
    }

    #[test]
    fn what_nobody_reads_is_not_encoded() {
        let event = event();
        event.frame(Encoding::Json, Bodies::Plain);
        assert!(event.protobuf.get().is_none());
        assert!(event.deltas.get().is_none());
        event.frame(Encoding::Json, Bodies::WholeFirst);
        let deltas = event.deltas.get().unwrap();
        assert!(deltas.delta.get().is_none());
        event.frame(Encoding::Protobuf, Bodies::Deltas);
        assert!(deltas.delta.get().is_some());
        assert!(deltas.json.get().is_none());
    }

    #[test]
    fn a_difference_is_made_only_from_the_publication_before() {
        let text = |before: Arc<Publication>| {
            let event = ChannelEvent::publication(publication(8, &long("two")), Some(before));
            event.frame(Encoding::Json, Bodies::Deltas)
        };
        let is_delta = |frame: Frame| {
            let json: serde_json::Value = serde_json::from_slice(frame.bytes()).unwrap();
            json["push"]["pub"]["delta"] == true
        };
        assert!(is_delta(text(publication(7, &long("one")))));
        assert!(!is_delta(text(publication(6, &long("one")))));
        let other_epoch = Publication {
            epoch: "f".into(),
            ..(*publication(7, &long("one"))).clone()
        };
        assert!(!is_delta(text(Arc::new(other_epoch))));
    }
}
