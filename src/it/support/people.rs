//! People for tests, made straight in the store, and tokens without a password's cost.

use dispatch_hub::{
    domain::{Role, ids::AccountId},
    sign_in::{SignIn, password::Hasher},
    store::{PoolSizes, Pools, account},
};

use super::server::settings_for;

pub(crate) const PASSWORD: &str = "correct horse battery";

/// Somebody with an account.
#[derive(Debug, Clone)]
pub(crate) struct TestPerson {
    pub(crate) id: AccountId,
    pub(crate) token: String,
}

pub(crate) fn pools(url: &str) -> Pools {
    let sizes = PoolSizes {
        commands: 2,
        reads: 2,
        health: 1,
    };
    Pools::open(url, sizes).expect("a URL of ours")
}

/// Somebody of the company who can sign in with [`PASSWORD`] as well.
pub(crate) async fn staff(url: &str, role: Role, email: &str) -> TestPerson {
    let hash = Hasher::new(1, 1).hash(PASSWORD.to_owned()).await;
    let hash = hash.expect("nobody else is hashing");
    let pools = pools(url);
    let id = account::create_staff(&pools, role, email, email, &hash)
        .await
        .expect("the store answers")
        .expect("the address is free");
    let token = token(url, id).await;
    TestPerson { id, token }
}

/// An access token for anybody.
pub(crate) async fn token(url: &str, id: AccountId) -> String {
    let settings = settings_for(url, &[]).sign_in;
    let sign_in = SignIn::open(pools(url), settings).await.expect("keys");
    let hour = std::time::Duration::from_hours(1);
    sign_in.access_token(id, hour).await.expect("a token")
}
