//! People for tests, made straight in the store, and tokens without a password's cost.

use dispatch_hub::{
    domain::{Role, ids::AccountId},
    sign_in::{SignIn, password::Hasher},
    store::{PoolSizes, Pools, account},
};

use super::server::settings_for;

pub(crate) const PASSWORD: &str = "correct horse battery";

/// Of opening a connection, a quarter of a second each.
const TRIES: usize = 40;

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

/// With connections that stand: opening the first may take longer on a busy machine than the product waits.
async fn open_pools(url: &str) -> Pools {
    let pools = pools(url);
    for connections in [&pools.commands, &pools.reads] {
        for _ in 0..TRIES {
            if connections.acquire().await.is_ok() {
                break;
            }
        }
    }
    pools
}

/// Somebody of the company who can sign in with [`PASSWORD`] as well.
pub(crate) async fn staff(url: &str, role: Role, email: &str) -> TestPerson {
    let hash = Hasher::new(1, 1).hash(PASSWORD.to_owned()).await;
    let hash = hash.expect("nobody else is hashing");
    let pools = open_pools(url).await;
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
    let sign_in = SignIn::open(open_pools(url).await, settings)
        .await
        .expect("keys");
    let hour = std::time::Duration::from_hours(1);
    sign_in.access_token(id, hour).await.expect("a token")
}
