//! Signing in: proving who one is, once, and staying recognised after.
//!
//! A provider turns a proof into an `identity(provider, subject)`; passwords and guests are the
//! two there are. From there on all is the same: a sign-in row, a short access token, a rotating
//! refresh token. It must not know what a role may do.

mod delay;
pub mod password;
mod token;

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use uuid::Uuid;

use crate::{
    config,
    domain::{Role, entity::Account, ids::AccountId},
    limits::Neighbour,
    store::{
        Pools, StoreError,
        account::{self, PASSWORD},
        sign_in::{self as rows, Exchange, Rotation},
        signing_key,
    },
};
use delay::Delays;
use password::{Busy, Hasher};
use token::{Keys, Purpose, TokenRefused};

/// Keys are read again for an unknown `kid`, at most this often.
const KEYS_RELOAD: Duration = Duration::from_secs(5);

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: AccountId,
    pub role: Role,
    pub name: String,
}

impl From<&Account> for Person {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id,
            role: account.role,
            name: account.name.clone(),
        }
    }
}

impl From<rows::SignIn> for Person {
    fn from(sign_in: rows::SignIn) -> Self {
        Self {
            id: sign_in.account,
            role: sign_in.role,
            name: sign_in.name,
        }
    }
}

/// A sign-in as its owner gets it. No `Debug`: tokens are not to be written out.
#[derive(Clone)]
pub struct Session {
    pub person: Person,
    pub access_token: String,
    pub expires_in: Duration,
    pub refresh_token: String,
}

/// The owner of a valid access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognised {
    pub person: Person,
    pub sign_in: Uuid,
    pub expires_in: Duration,
}

/// Why somebody is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Wrong address or password: nobody learns which.
    #[error("the proof does not hold")]
    WrongCredentials { account: Option<AccountId> },
    #[error("the token is not one of ours, or not for this")]
    InvalidToken,
    #[error("the token has expired")]
    Expired,
    /// The sign-in has ended: signed out, disabled, or too long ago.
    #[error("the sign-in has ended")]
    Ended,
    /// A refresh token came a second time; the whole sign-in has been ended for it.
    #[error("the refresh token had been used before")]
    Reused { account: AccountId, sign_in: Uuid },
    #[error("to be tried again in {0:?}")]
    TooSoon(Duration),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Busy> for Refused {
    fn from(Busy: Busy) -> Self {
        Self::TooSoon(Duration::from_secs(1))
    }
}

/// Signs people in and recognises them.
pub struct SignIn {
    pools: Pools,
    settings: config::SignIn,
    keys: RwLock<Arc<Keys>>,
    keys_read: tokio::sync::Mutex<Instant>,
    hasher: Hasher,
    delays: Delays,
}

impl SignIn {
    /// Reads the signing keys; an installation without any gets its first.
    pub async fn open(pools: Pools, settings: config::SignIn) -> Result<Self, StoreError> {
        let (kid, secret) = token::new_key();
        signing_key::create_first(&pools, &kid, &secret).await?;
        let keys = read_keys(&pools, &settings).await?;
        Ok(Self {
            keys: RwLock::new(Arc::new(keys)),
            keys_read: tokio::sync::Mutex::new(Instant::now()),
            hasher: Hasher::new(settings.hashing, settings.hashing_queue),
            delays: Delays::new(
                settings.failures_free,
                Duration::from_millis(settings.failure_delay_max_ms),
            ),
            pools,
            settings,
        })
    }

    /// The hasher, for passwords that are being set.
    pub fn hasher(&self) -> &Hasher {
        &self.hasher
    }

    /// Signs in with an e-mail address and a password.
    pub async fn with_password(
        &self,
        email: &str,
        password: String,
        from: Neighbour,
    ) -> Result<Session, Refused> {
        // A null character is in nobody's address, and the database takes none.
        let subject = email.trim().to_lowercase().replace('\0', "\u{fffd}");
        self.delays
            .attempt(from, &subject, Instant::now())
            .map_err(Refused::TooSoon)?;
        let identity = account::find_by_identity(&self.pools, PASSWORD, &subject).await?;
        let account = identity.as_ref().map(|identity| identity.account.id);
        let usable = identity.filter(|identity| !identity.account.disabled);
        let stored = usable.as_ref().and_then(|identity| identity.secret.clone());
        let too_long = password.len() > password::MAX_PASSWORD_BYTES;
        let verified = !too_long && self.hasher.verify(password, stored).await?;
        let Some(identity) = usable.filter(|_| verified) else {
            return Err(Refused::WrongCredentials { account });
        };
        self.delays.succeeded(from, &subject);
        self.begin(Person::from(&identity.account)).await
    }

    /// Makes a customer who has not said who they are, and signs them in.
    pub async fn as_guest(&self) -> Result<Session, Refused> {
        let customer = account::create_guest(&self.pools).await?;
        self.begin(Person {
            id: AccountId(customer.0),
            role: Role::Customer,
            name: String::new(),
        })
        .await
    }

    /// Signs in somebody whom another provider, or the operator, vouches for.
    pub async fn begin(&self, person: Person) -> Result<Session, Refused> {
        let sign_in = Uuid::now_v7();
        let session = self.tokens(person.id, sign_in).of(person);
        let hash = token::fingerprint(&session.refresh_token);
        let life = self.refresh_life();
        rows::create(&self.pools, sign_in, session.person.id, &hash, life).await?;
        Ok(session)
    }

    /// An access token alone, for as long as asked: scripts and operators.
    pub async fn access_token(
        &self,
        person: AccountId,
        life: Duration,
    ) -> Result<String, StoreError> {
        let sign_in = Uuid::now_v7();
        // Nobody knows a refresh token of this fingerprint.
        let unused = token::fingerprint(&token::random_text());
        rows::create(&self.pools, sign_in, person, &unused, life).await?;
        Ok(self.keys().issue(Purpose::Access, person, sign_in, life))
    }

    /// Takes a refresh token for a new pair. For a short while after it gives the same successor
    /// again: on a bad network the answer may have been lost, and two pages may ask at once. A token
    /// that is newer than what is stored is taken, too: the database has been put back to before it
    /// was made.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Session, Refused> {
        let known = self.verify(Purpose::Refresh, refresh_token).await?;
        let now = token::get_current_timestamp();
        let next = self.successor(known, refresh_token, now);
        let presented = token::fingerprint(refresh_token);
        let exchange = Exchange {
            sign_in: known.sign_in,
            generation: known.generation,
            presented: &presented,
            successor: &token::fingerprint(&next.refresh),
            at: i64::try_from(now).unwrap_or(i64::MAX),
            life: self.refresh_life(),
            grace: Duration::from_secs(self.settings.refresh_grace_seconds.into()),
        };
        match rows::rotate(&self.pools, exchange).await? {
            Rotation::Renewed(sign_in) => Ok(next.of(sign_in.into())),
            Rotation::Repeated {
                sign_in,
                exchanged_at,
            } => {
                let made_at = u64::try_from(exchanged_at).unwrap_or(0);
                let again = self.successor(known, refresh_token, made_at);
                let hash = token::fingerprint(&again.refresh);
                if rows::replace_successor(&self.pools, &presented, &hash).await? {
                    Ok(again.of(sign_in.into()))
                } else {
                    Err(Refused::Ended)
                }
            }
            Rotation::Reused { id, account } => Err(Refused::Reused {
                account,
                sign_in: id,
            }),
            // We issued it, so it was the sign-in's newest at some time: if that is still alive,
            // somebody has exchanged this one long before.
            Rotation::Unknown if rows::revoke(&self.pools, known.sign_in).await? => {
                Err(Refused::Reused {
                    account: known.account,
                    sign_in: known.sign_in,
                })
            }
            Rotation::Unknown => Err(Refused::Ended),
        }
    }

    /// The owner of an access token, as they stand now.
    pub async fn recognise(&self, access_token: &str) -> Result<Recognised, Refused> {
        let known = self.verify(Purpose::Access, access_token).await?;
        let sign_in = rows::find_live(&self.pools, known.sign_in)
            .await?
            .filter(|sign_in| sign_in.account == known.account)
            .ok_or(Refused::Ended)?;
        Ok(Recognised {
            person: sign_in.into(),
            sign_in: known.sign_in,
            expires_in: known.expires_in,
        })
    }

    /// Ends a sign-in; its refresh token is worth nothing from here on.
    pub async fn end(&self, sign_in: Uuid) -> Result<(), StoreError> {
        rows::revoke(&self.pools, sign_in).await?;
        Ok(())
    }

    /// Forgets old failures. To be called now and then.
    pub fn prune(&self) {
        self.delays.prune(Instant::now());
    }

    fn tokens(&self, account: AccountId, sign_in: Uuid) -> Tokens {
        let keys = self.keys();
        let access = Duration::from_secs(self.settings.access_ttl_seconds.into());
        let expires_in = token::spread(access);
        Tokens {
            access: keys.issue(Purpose::Access, account, sign_in, expires_in),
            refresh: keys.issue(Purpose::Refresh, account, sign_in, self.refresh_life()),
            expires_in,
        }
    }

    /// An access token, and the refresh token that follows on the presented one.
    fn successor(&self, of: token::Recognised, presented: &str, made_at: u64) -> Tokens {
        let life = self.refresh_life();
        Tokens {
            refresh: self.keys().succeed(of, presented, made_at, life),
            ..self.tokens(of.account, of.sign_in)
        }
    }

    fn refresh_life(&self) -> Duration {
        Duration::from_secs(u64::from(self.settings.refresh_ttl_days) * 24 * 3600)
    }

    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn verify(&self, purpose: Purpose, text: &str) -> Result<token::Recognised, Refused> {
        let refused = match self.keys().recognise(purpose, text) {
            Ok(known) => return Ok(known),
            Err(refused) => refused,
        };
        match refused {
            TokenRefused::Invalid => Err(Refused::InvalidToken),
            TokenRefused::Expired => Err(Refused::Expired),
            TokenRefused::UnknownKey => {
                self.reload_keys().await?;
                self.keys()
                    .recognise(purpose, text)
                    .map_err(|refused| match refused {
                        TokenRefused::Expired => Refused::Expired,
                        TokenRefused::Invalid | TokenRefused::UnknownKey => Refused::InvalidToken,
                    })
            }
        }
    }

    /// Another instance may have brought a new key.
    async fn reload_keys(&self) -> Result<(), StoreError> {
        let mut read = self.keys_read.lock().await;
        if read.elapsed() < KEYS_RELOAD {
            return Ok(());
        }
        let keys = read_keys(&self.pools, &self.settings).await?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        *read = Instant::now();
        Ok(())
    }
}

struct Tokens {
    access: String,
    refresh: String,
    expires_in: Duration,
}

impl Tokens {
    fn of(self, person: Person) -> Session {
        Session {
            person,
            access_token: self.access,
            refresh_token: self.refresh,
            expires_in: self.expires_in,
        }
    }
}

async fn read_keys(pools: &Pools, settings: &config::SignIn) -> Result<Keys, StoreError> {
    let rows = signing_key::list(pools).await?;
    let leeway = Duration::from_secs(settings.leeway_seconds.into());
    Keys::new(&rows, leeway).ok_or(StoreError::Unreadable {
        what: "signing_key",
        reason: "there is none in use".to_owned(),
    })
}
