//! Which encoding a WebSocket handshake asks for. A subprotocol wins over the query; some clients
//! send the header empty, or offer what nobody knows, and get JSON.

use super::Encoding;

const JSON: &str = "centrifuge-json";
const PROTOBUF: &str = "centrifuge-protobuf";

/// What a handshake has settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handshake {
    pub encoding: Encoding,
    /// To be named in the answer's `Sec-WebSocket-Protocol`; without one the answer has no such
    /// header.
    pub subprotocol: Option<&'static str>,
}

impl Handshake {
    /// `offered` are the values of the request's `Sec-WebSocket-Protocol` headers, `query` is what
    /// stands behind the question mark.
    pub fn of<'a>(offered: impl IntoIterator<Item = &'a str>, query: Option<&str>) -> Self {
        let offers: Vec<_> = offered
            .into_iter()
            .flat_map(|line| line.split(','))
            .map(str::trim)
            .collect();
        let offers = |name: &str| offers.iter().any(|offer| offer.eq_ignore_ascii_case(name));
        if offers(PROTOBUF) {
            return Self {
                encoding: Encoding::Protobuf,
                subprotocol: Some(PROTOBUF),
            };
        }
        if query.is_some_and(asks_for_protobuf) {
            return Self {
                encoding: Encoding::Protobuf,
                subprotocol: None,
            };
        }
        Self {
            encoding: Encoding::Json,
            subprotocol: offers(JSON).then_some(JSON),
        }
    }
}

fn asks_for_protobuf(query: &str) -> bool {
    query
        .split('&')
        .any(|pair| matches!(pair, "format=protobuf" | "cf_protocol=protobuf"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn settles(
        offered: &[&str],
        query: Option<&str>,
        encoding: Encoding,
        subprotocol: Option<&str>,
    ) {
        let settled = Handshake::of(offered.iter().copied(), query);
        assert_eq!(settled.encoding, encoding);
        assert_eq!(settled.subprotocol, subprotocol);
    }

    #[test]
    fn the_subprotocol_wins_over_the_query_and_json_is_what_is_left() {
        let query = Some("a=1&cf_protocol=protobuf");
        settles(&[], None, Encoding::Json, None);
        settles(&[], Some("format=json&x"), Encoding::Json, None);
        settles(&[JSON], None, Encoding::Json, Some(JSON));
        settles(&[PROTOBUF], None, Encoding::Protobuf, Some(PROTOBUF));
        let both = ["x, centrifuge-json", " Centrifuge-Protobuf "];
        settles(&both, None, Encoding::Protobuf, Some(PROTOBUF));
        settles(&[], query, Encoding::Protobuf, None);
        settles(&[], Some("format=protobuf"), Encoding::Protobuf, None);
        settles(&["x"], query, Encoding::Protobuf, None);
    }

    #[test]
    fn an_empty_offer_is_none() {
        settles(&[""], None, Encoding::Json, None);
        settles(&["", " ,"], None, Encoding::Json, None);
    }
}
