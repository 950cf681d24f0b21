//! Signing in, staying signed in, signing out.

use std::sync::Arc;

use axum::extract::State;
use http::{HeaderValue, StatusCode, header};
use hub::ports::Control;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use ts_rs::TS;

use super::{
    Site,
    endpoint::{Endpoint, Operation, Verb, Who},
    extract::{Asking, From, Json, refusal, stored},
    problem::Problem,
};
use crate::{
    contracts::Contracts,
    domain::{Role, ids::AccountId},
    execute::Refusal,
    sign_in::{Refused, Session},
    store::{
        outage,
        security::{self, SecurityEvent},
    },
};

/// Closes connections for good: their owner is no longer signed in.
const SIGNED_OUT: u32 = 3503;

/// `{email, password}` or `{guest: true}`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    { "required": ["email", "password"], "not": { "properties": { "guest": { "const": true } }, "required": ["guest"] } },
    { "required": ["guest"], "properties": { "guest": { "const": true }, "email": false, "password": false } },
]))]
pub struct Begin {
    email: Option<String>,
    password: Option<String>,
    guest: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    refresh_token: String,
}

/// A sign-in, as the one who made it gets it.
#[derive(Serialize, TS, JsonSchema)]
pub struct SessionBody {
    pub access_token: String,
    /// Seconds.
    #[ts(type = "number")]
    pub expires_in: u64,
    pub refresh_token: String,
    pub user: UserBody,
}

#[derive(Serialize, TS, JsonSchema)]
pub struct UserBody {
    pub id: AccountId,
    pub role: Role,
    pub name: String,
}

pub fn endpoints(contracts: &mut Contracts) -> Vec<Endpoint> {
    let definitions = &mut contracts.definitions;
    let session = definitions.publish_written::<SessionBody>();
    let begins = definitions.read::<Begin>();
    let refreshes = definitions.read::<Refresh>();
    let told = |verb, id: &str, summary: &str| Operation::new(verb, "sessions", id, summary);
    vec![
        Endpoint::new(
            "/api/v1/sessions",
            begin,
            told(
                Verb::Post,
                "sessions.begin",
                "Signs in, as a person or as a guest.",
            )
            .takes(&begins, &json!({ "guest": true }))
            .answers(200, "Signed in.", &session)
            .refuses(&[Refusal::Unauthenticated]),
        ),
        Endpoint::new(
            "/api/v1/sessions",
            end,
            told(
                Verb::Delete,
                "sessions.end",
                "Signs out, and ends every connection that came of it.",
            )
            .by(Who::SignedIn)
            .answers_empty(204, "Signed out."),
        ),
        Endpoint::new(
            "/api/v1/sessions/refresh",
            refresh,
            told(
                Verb::Post,
                "sessions.refresh",
                "Exchanges a refresh token for new tokens.",
            )
            .described(
                "A refresh token is good once. One that comes again after a minute's grace \
                     counts as stolen, and ends the sign-in.",
            )
            .takes(&refreshes, &json!({ "refresh_token": "…" }))
            .answers(200, "Still signed in.", &session)
            .refuses(&[Refusal::Unauthenticated]),
        ),
    ]
}

type Answer = Result<
    (
        [(header::HeaderName, HeaderValue); 1],
        axum::Json<SessionBody>,
    ),
    Problem,
>;

pub async fn begin(State(site): State<Arc<Site>>, from: From, Json(begin): Json<Begin>) -> Answer {
    let neighbour = from.neighbour();
    site.sign_ins
        .take(&neighbour)
        .map_err(Problem::rate_limited)?;
    let signed_in = match (begin.email, begin.password, begin.guest) {
        (None, None, Some(true)) => site.sign_in.as_guest().await,
        (Some(email), Some(password), None | Some(false)) => {
            site.sign_in
                .with_password(&email, password, neighbour)
                .await
        }
        (None, _, None | Some(false)) => return Err(Problem::invalid("email", "missing field")),
        (Some(_), None, None | Some(false)) => {
            return Err(Problem::invalid("password", "missing field"));
        }
        (Some(_), _, Some(true)) | (None, Some(_), Some(true)) => {
            return Err(Problem::invalid(
                "guest",
                "a guest has neither address nor password",
            ));
        }
    };
    match signed_in {
        Ok(session) => Ok(answer(session)),
        Err(refused) => {
            note(&site, &from, "sign_in", &refused);
            Err(refusal(&refused))
        }
    }
}

pub async fn refresh(
    State(site): State<Arc<Site>>,
    from: From,
    Json(refresh): Json<Refresh>,
) -> Answer {
    site.sign_ins
        .take(&from.neighbour())
        .map_err(Problem::rate_limited)?;
    match site.sign_in.refresh(&refresh.refresh_token).await {
        Ok(session) => Ok(answer(session)),
        Err(refused) => {
            if let Refused::Reused { account, sign_in } = &refused {
                disconnect(&site, &account.to_string(), &sign_in.to_string()).await;
            }
            note(&site, &from, "sign_in.refresh", &refused);
            Err(refusal(&refused))
        }
    }
}

/// Ends the sign-in of the bearer token, with every connection that came from it.
pub async fn end(
    State(site): State<Arc<Site>>,
    Asking(caller): Asking,
) -> Result<StatusCode, Problem> {
    let Some(sign_in) = caller.identity.session.as_deref() else {
        return Err(Problem::unauthenticated());
    };
    let id = sign_in.parse().map_err(|_| Problem::unauthenticated())?;
    site.sign_in.end(id).await.map_err(|error| stored(&error))?;
    disconnect(&site, &caller.identity.user, sign_in).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn disconnect(site: &Site, user: &str, sign_in: &str) {
    let control = Control::Disconnect {
        user: user.into(),
        session: Some(sign_in.into()),
        code: SIGNED_OUT,
        reason: "signed out".into(),
    };
    site.hub.control(control).await;
}

fn answer(
    session: Session,
) -> (
    [(header::HeaderName, HeaderValue); 1],
    axum::Json<SessionBody>,
) {
    let body = SessionBody {
        access_token: session.access_token,
        expires_in: session.expires_in.as_secs(),
        refresh_token: session.refresh_token,
        user: UserBody {
            id: session.person.id,
            role: session.person.role,
            name: session.person.name,
        },
    };
    let no_store = HeaderValue::from_static("no-store");
    ([(header::CACHE_CONTROL, no_store)], axum::Json(body))
}

/// Failures that may mean somebody is trying go to the security log, never with what was tried.
fn note(site: &Arc<Site>, from: &From, kind: &'static str, refused: &Refused) {
    let (actor, code) = match refused {
        Refused::WrongCredentials { account } => (*account, "wrong_credentials"),
        Refused::Reused { account, .. } => (Some(*account), "reused"),
        Refused::TooSoon(_) => (None, "too_soon"),
        Refused::InvalidToken => (None, "invalid_token"),
        Refused::Expired | Refused::Ended | Refused::Store(_) => return,
    };
    metrics::counter!("sign_in_failures_total", "code" => code).increment(1);
    let (pools, remote) = (site.pools.clone(), from.0);
    site.tasks.spawn(async move {
        let event = SecurityEvent {
            actor,
            remote,
            kind,
            code,
            subject: "",
        };
        if let Err(error) = security::record(&pools, event).await {
            outage::tell("a failed sign-in could not be noted", &error);
        }
    });
}
