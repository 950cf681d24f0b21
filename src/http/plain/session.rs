//! Who is at the other end: a guest known by a cookie, for these pages only, and the secret that their
//! forms are bound to.

use std::sync::Arc;

use axum::response::Response;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, header, request::Parts};
use hub::ports::{Caller, Identity, Via};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::words::Language;
use crate::{
    gateway,
    http::{Site, extract, guard::Remote, origin, problem::Problem},
    sign_in::Session,
};

/// Holds the tokens of the sign-in: what the screens keep in the browser's storage.
const SESSION: &str = "plain_session";
/// Holds the secret that forms are bound to.
const SECRET: &str = "plain_secret";
const SECRET_DAYS: u32 = 30;
/// Between the two tokens in the cookie; neither contains it.
const BETWEEN: char = '~';
/// Longer than our tokens are; nothing longer is looked at.
const COOKIE_BYTES: usize = 4096;

/// What forms are bound to: brought by the browser, or made for it just now.
enum Secret {
    Kept(String),
    Fresh(String),
}

impl Secret {
    fn text(&self) -> &str {
        match self {
            Self::Kept(text) | Self::Fresh(text) => text,
        }
    }
}

pub struct Visitor {
    pub language: Language,
    identity: Identity,
    remote: Option<std::net::IpAddr>,
    /// The tokens in force, where somebody is signed in.
    session: Option<String>,
    /// Whether the browser has to be told of the session, or that it is over.
    changed: bool,
    secret: Secret,
    own_page: bool,
    secure: bool,
}

impl Visitor {
    /// Recognises whoever asks. A sign-in that is over is none: they begin anew.
    pub async fn of(parts: &Parts, site: &Arc<Site>) -> Self {
        let headers = &parts.headers;
        let kept = cookie(headers, SECRET).filter(|secret| is_secret(secret));
        let mut visitor = Self {
            language: Language::preferred(headers),
            identity: gateway::anonymous(),
            remote: parts.extensions.get::<Remote>().map(|remote| remote.0),
            session: None,
            changed: false,
            secret: kept.map_or_else(|| Secret::Fresh(new_secret()), Secret::Kept),
            own_page: is_own_page(headers, &parts.uri),
            secure: is_secure(headers),
        };
        if let Some(kept) = cookie(headers, SESSION) {
            visitor.recognise(site, &kept).await;
        }
        visitor
    }

    async fn recognise(&mut self, site: &Site, kept: &str) {
        let Some((access, refresh)) = kept.split_once(BETWEEN) else {
            self.changed = true;
            return;
        };
        if let Ok(recognised) = site.sign_in.recognise(access).await {
            self.identity = gateway::identity_of(&recognised);
            self.session = Some(kept.to_owned());
            return;
        }
        match site.sign_in.refresh(refresh).await {
            Ok(session) => self.begin(site, session).await,
            Err(_) => self.changed = true,
        }
    }

    async fn begin(&mut self, site: &Site, session: Session) {
        let Session {
            access_token,
            refresh_token,
            ..
        } = session;
        if let Ok(recognised) = site.sign_in.recognise(&access_token).await {
            self.identity = gateway::identity_of(&recognised);
            self.session = Some(format!("{access_token}{BETWEEN}{refresh_token}"));
            self.changed = true;
        }
    }

    /// Makes a guest of somebody who has just decided on something.
    pub async fn sign_in_as_guest(&mut self, site: &Site) -> Result<(), Problem> {
        if self.account().is_some() {
            return Ok(());
        }
        let from = extract::From(self.remote);
        let taken = site.sign_ins.take(&from.neighbour());
        taken.map_err(Problem::rate_limited)?;
        let session = site.sign_in.as_guest().await;
        let session = session.map_err(|refused| extract::refusal(&refused))?;
        self.begin(site, session).await;
        self.account()
            .map(|_| ())
            .ok_or_else(Problem::unauthenticated)
    }

    /// The account's id, where somebody is signed in.
    pub fn account(&self) -> Option<&str> {
        let user: &str = &self.identity.user;
        (!user.is_empty()).then_some(user)
    }

    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    pub fn caller(&self) -> Caller {
        Caller {
            identity: self.identity.clone(),
            client: Uuid::new_v4().to_string().into(),
            remote: self.remote,
            via: Via::Http,
        }
    }

    /// What a form has to bring back: bound to the cookie's secret and to who is signed in.
    pub fn form_token(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(b"a form of the plain pages\0");
        hash.update(self.secret.text().as_bytes());
        hash.update(b"\0");
        hash.update(self.account().unwrap_or_default().as_bytes());
        URL_SAFE_NO_PAD.encode(hash.finalize())
    }

    /// Whether a form came from a page of ours that was made for this browser.
    pub fn may_send(&self, token: &str) -> bool {
        // Of the hashes, so that the time it takes tells nothing about the token.
        let (sent, own) = (Sha256::digest(token), Sha256::digest(self.form_token()));
        self.own_page && matches!(self.secret, Secret::Kept(_)) && sent == own
    }

    /// Tells the browser what to keep. Cookies are for these pages, no script reads them, and no other
    /// site's page makes the browser send them with a form.
    pub fn keep(&self, response: &mut Response) {
        let secure = if self.secure { "; Secure" } else { "" };
        let mut set = |name: &str, value: &str, life: u32| {
            let cookie = format!(
                "{name}={value}; Path={}; Max-Age={life}; HttpOnly; SameSite=Lax{secure}",
                super::ROOT
            );
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
        };
        let life = SECRET_DAYS * 24 * 3600;
        if let Secret::Fresh(secret) = &self.secret {
            set(SECRET, secret, life);
        }
        match &self.session {
            Some(session) if self.changed => set(SESSION, session, life),
            None if self.changed => set(SESSION, "", 0),
            Some(_) | None => (),
        }
        // With `no-referrer` browsers would send forms with the origin "null".
        response.headers_mut().insert(
            header::REFERRER_POLICY,
            HeaderValue::from_static("same-origin"),
        );
    }
}

fn new_secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>())
}

fn is_secret(text: &str) -> bool {
    URL_SAFE_NO_PAD
        .decode(text)
        .is_ok_and(|bytes| bytes.len() == 24)
}

/// Browsers say where a form comes from. One that says nothing, or hides it, is not taken at its word.
fn is_own_page(headers: &HeaderMap, uri: &http::Uri) -> bool {
    headers.contains_key(header::ORIGIN) && origin::is_allowed(headers, uri, &[])
}

/// Whether the browser came by https: its page's origin says so with every form, a proxy otherwise.
fn is_secure(headers: &HeaderMap) -> bool {
    let starts = |name: &str, with: &[u8]| {
        let value = headers.get(name);
        value.is_some_and(|value| value.as_bytes().starts_with(with))
    };
    starts("origin", b"https://") || starts("x-forwarded-proto", b"https")
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter();
    let mut pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(key, _)| *key == name)?;
    (!value.is_empty() && value.len() <= COOKIE_BYTES).then(|| value.to_owned())
}
