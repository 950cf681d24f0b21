//! The claims of connection and subscription tokens, and what is wrong with a token.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use hub::ports::Body;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

const SECRET: &[u8] = b"secret";

/// What both kinds of token may hold.
#[derive(Debug, Deserialize)]
pub struct Claims {
    /// The user; empty is anonymous.
    #[serde(default)]
    pub sub: String,
    exp: Option<i64>,
    nbf: Option<i64>,
    /// Overrides `exp` as the end of what the token opens; 0 never ends.
    expire_at: Option<i64>,
    #[serde(flatten)]
    payload: Payload,
    /// Server-side subscriptions of a connection.
    #[serde(default)]
    pub channels: Vec<String>,
    #[serde(default)]
    pub subs: BTreeMap<String, Payload>,
    /// The one channel of a subscription token.
    pub channel: Option<String>,
    /// The one connection that a subscription token is for.
    pub client: Option<String>,
}

/// What a token says of its bearer, and what the bearer is told.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Payload {
    info: Option<Value>,
    b64info: Option<String>,
    data: Option<Value>,
    b64data: Option<String>,
}

/// Why a token is not accepted.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not a token, or not signed by us.
    Invalid,
    Expired,
}

/// Whether `exp` and `nbf` are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    Enforced,
    Ignored,
}

/// Reads a token signed by HS256.
pub fn read(token: &str, expiry: Expiry) -> Result<Claims, Fault> {
    let mut rules = Validation::new(Algorithm::HS256);
    rules.required_spec_claims.clear();
    rules.validate_aud = false;
    // Below, to the second.
    rules.validate_exp = false;
    let claims = decode::<Claims>(token, &DecodingKey::from_secret(SECRET), &rules)
        .map_err(|_| Fault::Invalid)?
        .claims;
    let now = now();
    let over = claims.exp.is_some_and(|exp| exp <= now) || claims.nbf.is_some_and(|nbf| nbf > now);
    if over && expiry == Expiry::Enforced {
        return Err(Fault::Expired);
    }
    Ok(claims)
}

impl Claims {
    /// How long what the token opens stays open.
    pub fn expires_in(&self, expiry: Expiry) -> Option<Duration> {
        let at = match (expiry, self.expire_at) {
            (Expiry::Ignored, _) | (Expiry::Enforced, Some(0)) => return None,
            (Expiry::Enforced, Some(at)) => at,
            (Expiry::Enforced, None) => self.exp?,
        };
        Some(Duration::from_secs(
            u64::try_from(at - now()).unwrap_or_default(),
        ))
    }

    pub fn payload(&self) -> &Payload {
        &self.payload
    }
}

impl Payload {
    pub fn info(&self) -> Option<Body> {
        value(self.info.as_ref(), self.b64info.as_deref())
    }

    pub fn data(&self) -> Option<Body> {
        value(self.data.as_ref(), self.b64data.as_deref())
    }
}

/// JSON, given as it is or in base 64. What is no JSON is left out.
fn value(raw: Option<&Value>, encoded: Option<&str>) -> Option<Body> {
    if let Some(encoded) = encoded.filter(|encoded| !encoded.is_empty()) {
        let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
        return Body::from_text(&text).ok();
    }
    Body::from_value(raw?).ok()
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}
