//! Tokens: JWT, HS256 only, signed with a key named by `kid`.
//!
//! An access token says whose it is and of which sign-in; role and standing are read from the
//! database when it is used. A refresh token is one too, for an audience of its own, so that a
//! genuine but outdated one is told apart from a made-up one.

use std::{collections::HashMap, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
    errors::ErrorKind,
};
use rand::{Rng, RngCore};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Seconds since 1970.
pub use jsonwebtoken::get_current_timestamp;

use crate::{domain::ids::AccountId, store::signing_key::SigningKey};

/// The one algorithm of our keys.
const ALGORITHM: &str = "HS256";

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Access,
    Refresh,
}

impl Purpose {
    fn audience(self) -> &'static str {
        match self {
            Self::Access => "dispatch-hub",
            Self::Refresh => "dispatch-hub/refresh",
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    sub: Uuid,
    aud: String,
    exp: u64,
    iat: u64,
    sid: Uuid,
    /// Makes every token unique.
    jti: String,
    /// Of a refresh token: how many came before it.
    #[serde(default, rename = "gen", skip_serializing_if = "is_first")]
    generation: u32,
    /// Only subscription tokens have it, and those do not connect.
    #[serde(default, skip_serializing)]
    channel: Option<serde_json::Value>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks like this")]
fn is_first(generation: &u32) -> bool {
    *generation == 0
}

/// What a genuine token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recognised {
    pub account: AccountId,
    pub sign_in: Uuid,
    /// Of a refresh token: how many came before it.
    pub generation: u32,
    pub expires_in: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenRefused {
    Invalid,
    /// Signed with a key that we do not know (yet).
    UnknownKey,
    Expired,
}

/// The fixed map of keys. The newest one signs.
pub struct Keys {
    newest: (String, EncodingKey),
    known: HashMap<String, DecodingKey>,
    leeway: Duration,
}

impl Keys {
    /// `None` without a key that may sign. Newest first.
    pub fn new(keys: &[SigningKey], leeway: Duration) -> Option<Self> {
        let usable = |key: &&SigningKey| key.algorithm == ALGORITHM;
        let newest = keys
            .iter()
            .filter(usable)
            .find(|key| key.retired_at.is_none())?;
        Some(Self {
            newest: (newest.kid.clone(), EncodingKey::from_secret(&newest.secret)),
            known: keys
                .iter()
                .filter(usable)
                .map(|key| (key.kid.clone(), DecodingKey::from_secret(&key.secret)))
                .collect(),
            leeway,
        })
    }

    /// Signs a token that lives for `life`.
    pub fn issue(
        &self,
        purpose: Purpose,
        account: AccountId,
        sign_in: Uuid,
        life: Duration,
    ) -> String {
        let made_at = get_current_timestamp();
        self.sign(&Claims {
            sub: account.0,
            aud: purpose.audience().to_owned(),
            exp: made_at + life.as_secs(),
            iat: made_at,
            sid: sign_in,
            jti: random_text(),
            generation: 0,
            channel: None,
        })
    }

    /// The refresh token that follows on another. It is the same each time it is made for the same
    /// second, so an exchange whose answer was lost can be answered again.
    pub fn succeed(&self, of: Recognised, presented: &str, made_at: u64, life: Duration) -> String {
        self.sign(&Claims {
            sub: of.account.0,
            aud: Purpose::Refresh.audience().to_owned(),
            exp: made_at + life.as_secs(),
            iat: made_at,
            sid: of.sign_in,
            jti: URL_SAFE_NO_PAD.encode(&fingerprint(presented)[..16]),
            generation: of.generation.saturating_add(1),
            channel: None,
        })
    }

    fn sign(&self, claims: &Claims) -> String {
        let header = Header {
            kid: Some(self.newest.0.clone()),
            ..Header::new(Algorithm::HS256)
        };
        encode(&header, claims, &self.newest.1).expect("claims are plain data, the key is HMAC's")
    }

    /// Checks a token's signature, audience and time.
    pub fn recognise(&self, purpose: Purpose, token: &str) -> Result<Recognised, TokenRefused> {
        let header = decode_header(token).map_err(|_| TokenRefused::Invalid)?;
        let kid = header.kid.ok_or(TokenRefused::Invalid)?;
        let key = self.known.get(&kid).ok_or(TokenRefused::UnknownKey)?;
        // Every key has one algorithm, whatever the header says.
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = self.leeway.as_secs();
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["exp", "sub", "aud"]);
        validation.set_audience(&[purpose.audience()]);
        let claims = decode::<Claims>(token, key, &validation)
            .map_err(|error| {
                if matches!(error.kind(), ErrorKind::ExpiredSignature) {
                    TokenRefused::Expired
                } else {
                    TokenRefused::Invalid
                }
            })?
            .claims;
        if claims.channel.is_some() {
            return Err(TokenRefused::Invalid);
        }
        Ok(Recognised {
            account: AccountId(claims.sub),
            sign_in: claims.sid,
            generation: claims.generation,
            expires_in: Duration::from_secs(claims.exp.saturating_sub(get_current_timestamp())),
        })
    }
}

/// A life, or up to a fifth less of it, so that those who came together do not all return together.
pub fn spread(life: Duration) -> Duration {
    life.mul_f64(rand::rng().random_range(0.8..=1.0))
}

/// What is stored of a refresh token.
pub fn fingerprint(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Name and secret of a new key.
pub fn new_key() -> (String, [u8; 32]) {
    let mut secret = [0_u8; 32];
    rand::rng().fill_bytes(&mut secret);
    (random_text(), secret)
}

/// 128 random bits as text.
pub fn random_text() -> String {
    let mut bytes = [0_u8; 16];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const LIFE: Duration = Duration::from_mins(10);

    fn key() -> SigningKey {
        SigningKey {
            kid: "k1".to_owned(),
            algorithm: "HS256".to_owned(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            retired_at: None,
            secret: b"0123456789abcdef0123456789abcdef".to_vec(),
        }
    }

    fn keys() -> Keys {
        Keys::new(&[key()], Duration::from_secs(15)).expect("one key")
    }

    fn forged(header: &serde_json::Value, claims: &serde_json::Value) -> String {
        signed(header, claims, &key().secret)
    }

    fn signed(header: &serde_json::Value, claims: &serde_json::Value, secret: &[u8]) -> String {
        let text = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", text(header), text(claims));
        let signature = jsonwebtoken::crypto::sign(
            message.as_bytes(),
            &EncodingKey::from_secret(secret),
            Algorithm::HS256,
        )
        .expect("signed");
        format!("{message}.{signature}")
    }

    fn claims() -> serde_json::Value {
        json!({
            "sub": Uuid::from_u128(1), "sid": Uuid::from_u128(2), "aud": "dispatch-hub",
            "jti": "x", "iat": 1, "exp": get_current_timestamp() + 60,
        })
    }

    fn without(mut claims: serde_json::Value, name: &str) -> serde_json::Value {
        claims.as_object_mut().expect("an object").remove(name);
        claims
    }

    fn with(
        mut claims: serde_json::Value,
        name: &str,
        value: serde_json::Value,
    ) -> serde_json::Value {
        claims[name] = value;
        claims
    }

    #[test]
    fn an_issued_token_is_recognised_for_its_purpose_only() {
        let (account, sign_in) = (AccountId(Uuid::from_u128(1)), Uuid::from_u128(2));
        let token = keys().issue(Purpose::Access, account, sign_in, LIFE);
        let recognised = keys().recognise(Purpose::Access, &token).expect("genuine");
        assert_eq!((recognised.account, recognised.sign_in), (account, sign_in));
        assert!(recognised.expires_in <= LIFE && recognised.expires_in.as_secs() > 595);
        assert_eq!(
            keys().recognise(Purpose::Refresh, &token),
            Err(TokenRefused::Invalid)
        );
    }

    #[test]
    fn a_successor_is_made_again_as_it_was() {
        let of = Recognised {
            account: AccountId(Uuid::from_u128(1)),
            sign_in: Uuid::from_u128(2),
            generation: 7,
            expires_in: LIFE,
        };
        let now = get_current_timestamp();
        let successor = keys().succeed(of, "first", now, LIFE);
        assert_eq!(keys().succeed(of, "first", now, LIFE), successor);
        assert_ne!(keys().succeed(of, "second", now, LIFE), successor);
        assert_ne!(keys().succeed(of, "first", now + 1, LIFE), successor);
        let recognised = keys().recognise(Purpose::Refresh, &successor);
        let recognised = recognised.expect("genuine");
        assert_eq!((recognised.sign_in, recognised.generation), (of.sign_in, 8));
    }

    fn refused(token: &str) -> TokenRefused {
        let recognised = keys().recognise(Purpose::Access, token);
        recognised.expect_err("it is not genuine")
    }

    #[test]
    fn what_is_not_signed_by_us_with_our_algorithm_is_refused() {
        let genuine = forged(&json!({"alg": "HS256", "kid": "k1"}), &claims());
        assert!(keys().recognise(Purpose::Access, &genuine).is_ok());
        let unsigned = genuine.rsplit_once('.').expect("three parts").0.to_owned() + ".";
        for text in ["", "a.b.c", &unsigned, &format!("{genuine}x")] {
            assert_eq!(refused(text), TokenRefused::Invalid, "{text}");
        }
        for (header, expected) in [
            (json!({"alg": "none", "kid": "k1"}), TokenRefused::Invalid),
            (json!({"alg": "HS512", "kid": "k1"}), TokenRefused::Invalid),
            (json!({"alg": "RS256", "kid": "k1"}), TokenRefused::Invalid),
            (json!({"alg": "HS256"}), TokenRefused::Invalid),
            (json!({"alg": "NONE", "kid": "k1"}), TokenRefused::Invalid),
            (json!({"alg": "ES256", "kid": "k1"}), TokenRefused::Invalid),
            (json!({"kid": "k1"}), TokenRefused::Invalid),
            (
                json!({"alg": "HS256", "kid": ["k1"]}),
                TokenRefused::Invalid,
            ),
            (
                json!({"alg": "HS256", "kid": "../k1"}),
                TokenRefused::UnknownKey,
            ),
            (json!({"alg": "HS256", "kid": ""}), TokenRefused::UnknownKey),
            (
                json!({"alg": "HS256", "kid": "k2"}),
                TokenRefused::UnknownKey,
            ),
        ] {
            assert_eq!(refused(&forged(&header, &claims())), expected, "{header}");
        }
    }

    #[test]
    fn a_key_that_a_token_brings_along_is_none() {
        let own = b"a key of somebody else's own ....".to_vec();
        let jwk = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(&own), "alg": "HS256"});
        for header in [
            json!({"alg": "HS256", "kid": "k1", "jwk": jwk}),
            json!({"alg": "HS256", "kid": "k1", "jku": "https://evil.example/keys"}),
            json!({"alg": "HS256", "kid": "k1", "x5u": "https://evil.example/chain"}),
        ] {
            let token = signed(&header, &claims(), &own);
            assert_eq!(refused(&token), TokenRefused::Invalid, "{header}");
        }
    }

    #[test]
    fn a_key_of_another_algorithm_neither_signs_nor_verifies() {
        let other = SigningKey {
            algorithm: "RS256".to_owned(),
            ..key()
        };
        assert!(Keys::new(std::slice::from_ref(&other), Duration::ZERO).is_none());
        let named = SigningKey {
            kid: "k2".to_owned(),
            ..other
        };
        let keys = Keys::new(&[named, key()], Duration::ZERO).expect("one is of use");
        let confused = forged(&json!({"alg": "HS256", "kid": "k2"}), &claims());
        assert_eq!(
            keys.recognise(Purpose::Access, &confused),
            Err(TokenRefused::UnknownKey)
        );
    }

    #[test]
    fn clocks_may_differ_by_the_leeway_and_no_more() {
        let now = get_current_timestamp();
        let header = json!({"alg": "HS256", "kid": "k1"});
        let expired = |ago: u64| forged(&header, &with(claims(), "exp", json!(now - ago)));
        let recognise = |token: &str| keys().recognise(Purpose::Access, token);
        assert!(recognise(&expired(10)).is_ok());
        assert_eq!(recognise(&expired(16)), Err(TokenRefused::Expired));
    }

    #[test]
    fn claims_must_be_there_be_ours_and_be_in_time() {
        let now = get_current_timestamp();
        for (claims, expected) in [
            (without(claims(), "exp"), TokenRefused::Invalid),
            (without(claims(), "sub"), TokenRefused::Invalid),
            (without(claims(), "aud"), TokenRefused::Invalid),
            (without(claims(), "sid"), TokenRefused::Invalid),
            (with(claims(), "exp", json!("soon")), TokenRefused::Invalid),
            (with(claims(), "sub", json!("")), TokenRefused::Invalid),
            (with(claims(), "aud", json!("other")), TokenRefused::Invalid),
            (
                with(claims(), "channel", json!("board:x")),
                TokenRefused::Invalid,
            ),
            (
                with(claims(), "exp", json!(now - 16)),
                TokenRefused::Expired,
            ),
            (
                with(claims(), "nbf", json!(now + 60)),
                TokenRefused::Invalid,
            ),
        ] {
            let token = forged(&json!({"alg": "HS256", "kid": "k1"}), &claims);
            assert_eq!(refused(&token), expected, "{claims}");
        }
    }

    #[test]
    fn lives_are_spread_and_never_longer() {
        for _ in 0..100 {
            let life = spread(LIFE);
            assert!((480..=600).contains(&life.as_secs()), "{life:?}");
        }
    }
}
