//! Accounts and the ways to prove who one is. Changes by commands are saved elsewhere; here are
//! the ones that sign-in itself makes.

use sqlx::types::Json;
use uuid::Uuid;

use super::{Pools, StoreError};
use crate::domain::{
    context::Role,
    entity::Account,
    ids::{AccountId, CustomerId},
};

/// The provider whose subject is a lower-case e-mail address and whose secret an argon2id hash.
pub const PASSWORD: &str = "password";

/// What a provider's subject leads to.
#[derive(Debug, Clone)]
pub struct Identified {
    pub account: Account,
    pub secret: Option<String>,
}

pub async fn find_by_identity(
    pools: &Pools,
    provider: &str,
    subject: &str,
) -> Result<Option<Identified>, StoreError> {
    let row = sqlx::query!(
        r#"select identity.secret, json_build_object(
               'id', account.id, 'role', account.role, 'name', account.name,
               'disabled', account.disabled_at is not null, 'version', account.version,
               'email', (select subject from identity as address
                   where address.account_id = account.id and address.provider = 'password'
                   order by address.created_at limit 1)) as "account!: Json<Account>"
           from identity join account on account.id = identity.account_id
           where identity.provider = $1 and identity.subject = $2"#,
        provider,
        subject,
    )
    .fetch_optional(&pools.reads)
    .await?;
    Ok(row.map(|row| Identified {
        account: row.account.0,
        secret: row.secret,
    }))
}

pub async fn find(pools: &Pools, id: AccountId) -> Result<Option<Account>, StoreError> {
    let account = sqlx::query_scalar!(
        r#"select json_build_object(
               'id', account.id, 'role', account.role, 'name', account.name,
               'disabled', account.disabled_at is not null, 'version', account.version,
               'email', (select subject from identity as address
                   where address.account_id = account.id and address.provider = 'password'
                   order by address.created_at limit 1)) as "account!: Json<Account>"
           from account where id = $1"#,
        id.0,
    )
    .fetch_optional(&pools.reads)
    .await?;
    Ok(account.map(|account| account.0))
}

/// Whether anybody can sign in as an admin.
pub async fn has_admin(pools: &Pools) -> Result<bool, StoreError> {
    let has_admin = sqlx::query_scalar!(
        r#"select exists (
               select from account
                   join identity on identity.account_id = account.id
               where account.role = 'admin' and account.disabled_at is null
           ) as "has_admin!""#
    )
    .fetch_one(&pools.reads)
    .await?;
    Ok(has_admin)
}

/// Makes a customer that nothing is known of yet.
pub async fn create_guest(pools: &Pools) -> Result<CustomerId, StoreError> {
    let id = sqlx::query_scalar!(
        r#"with made as (
               insert into account (id, role, name) values ($1, 'customer', '') returning id
           )
           insert into customer (id) select id from made returning id"#,
        Uuid::now_v7(),
    )
    .fetch_one(&pools.reads)
    .await?;
    Ok(CustomerId(id))
}

/// Adds a way to sign in to an account, or replaces its secret. `false`: the subject is another's.
pub async fn link_identity(
    pools: &Pools,
    account: AccountId,
    provider: &str,
    subject: &str,
    secret: Option<&str>,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "insert into identity (provider, subject, account_id, secret) values ($1, $2, $3, $4)
         on conflict on constraint identity_pk do update set secret = excluded.secret
             where identity.account_id = excluded.account_id",
        provider,
        subject,
        account.0,
        secret,
    )
    .execute(&pools.reads)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes an account for somebody of the company from the command line, with a password.
/// `None`: the address is taken.
pub async fn create_staff(
    pools: &Pools,
    role: Role,
    name: &str,
    email: &str,
    password_hash: &str,
) -> Result<Option<AccountId>, StoreError> {
    let id = sqlx::query_scalar!(
        r#"with free as (
               select 1 where not exists (
                   select 1 from identity where provider = 'password' and subject = $4)
           ), made as (
               insert into account (id, role, name) select $1, $2, $3 from free returning id
           )
           insert into identity (provider, subject, account_id, secret)
           select 'password', $4, id, $5 from made returning account_id"#,
        Uuid::now_v7(),
        role.as_str(),
        name,
        email,
        password_hash,
    )
    .fetch_optional(&pools.reads)
    .await?;
    Ok(id.map(AccountId))
}

/// Whether anybody of this role exists who may sign in.
pub async fn any_of_role(pools: &Pools, role: Role) -> Result<bool, StoreError> {
    let exists = sqlx::query_scalar!(
        r#"select exists (
               select 1 from account where role = $1 and disabled_at is null) as "exists!""#,
        role.as_str(),
    )
    .fetch_one(&pools.reads)
    .await?;
    Ok(exists)
}
