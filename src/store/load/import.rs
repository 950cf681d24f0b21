//! What an import needs: whoever its lines name, with their shifts and what takes their time; of
//! those who are to be changed also their work. Who is changed is seen here first, because the work
//! of everybody would be a company's whole month.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sqlx::{PgConnection, types::Json};

use super::{
    StoreError,
    wanted::{DAY, Wanted, ahead, before},
};
use crate::domain::{entity::Cleaner, ids::AccountId, scope::ImportScope};

pub(super) async fn wanted(
    connection: &mut PgConnection,
    scope: ImportScope,
) -> Result<Wanted, StoreError> {
    let addresses: Vec<String> = scope.addresses.iter().cloned().collect();
    let rows = sqlx::query!(
        r#"select identity.subject, account_id, (
               select row_to_json(r) from (
                   select id, name, phone, duty, active, version,
                       array(select zone from cleaner_zone where cleaner_id = cleaner.id) as zones,
                       array(select skill from cleaner_skill where cleaner_id = cleaner.id) as skills
                   from cleaner where id = account_id) r
           ) as "cleaner: Json<Cleaner>"
           from identity where provider = 'password' and subject = any($1)"#,
        &addresses,
    )
    .fetch_all(connection)
    .await?;
    let now = Timestamp::now();
    let mut wanted = Wanted {
        plain: true,
        terms_of: scope.zones.iter().cloned().collect(),
        own_start: scope.during.map(|during| before(during.start, DAY)),
        own_end: scope.during.map(|during| super::after(during.end, DAY)),
        ..Wanted::default()
    };
    let mut rewritten = BTreeSet::new();
    for row in rows {
        wanted.accounts.push(AccountId(row.account_id));
        let Some(Json(cleaner)) = row.cleaner else {
            continue;
        };
        wanted.cleaners.push(cleaner.id);
        if scope.changes(&row.subject, &cleaner) {
            rewritten.insert(cleaner.id);
        }
    }
    if !rewritten.is_empty() {
        let (start, end) = (before(now, DAY * 2), ahead(now));
        wanted.own_start = Some(wanted.own_start.map_or(start, |own| own.min(start)));
        wanted.own_end = Some(wanted.own_end.map_or(end, |own| own.max(end)));
    }
    wanted.rewritten = rewritten.into_iter().collect();
    Ok(wanted)
}
