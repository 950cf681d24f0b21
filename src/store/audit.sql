-- The audit trail, newest first: entries below a place ($1, $2) and not before $3 that pass the filter
-- (actor $4, kind $5, outcome $6, row $7 $8 and the parameters that name it $9), at most $10. What
-- narrows most decides which index is used; of the four parts only one is run.
with about as materialized (
    select id from audit where $7::text is not null and parameters @> $9
    union
    select audit.id from domain_event
        join audit on audit.command_id = domain_event.command_id
            and audit.actor_id = domain_event.actor_id
    where $7::text is not null and aggregate = $7 and aggregate_id = $8
),
entry as (
    (select * from audit
    where $7::text is not null and id = any(array(select id from about))
        and (at, id) < ($1, $2) and at >= $3
        and ($4::uuid is null or actor_id = $4) and ($5::text is null or kind = $5)
        and ($6::text is null or outcome = $6)
    order by at desc, id desc limit $10)
    union all
    (select * from audit
    where $7::text is null and $4::uuid is not null and actor_id = $4
        and (at, id) < ($1, $2) and at >= $3
        and ($5::text is null or kind = $5) and ($6::text is null or outcome = $6)
    order by at desc, id desc limit $10)
    union all
    (select * from audit
    where $7::text is null and $4::uuid is null and $5::text is not null and kind = $5
        and (at, id) < ($1, $2) and at >= $3 and ($6::text is null or outcome = $6)
    order by at desc, id desc limit $10)
    union all
    (select * from audit
    where $7::text is null and $4::uuid is null and $5::text is null
        and (at, id) < ($1, $2) and at >= $3 and ($6::text is null or outcome = $6)
    order by at desc, id desc limit $10)
)
select entry.id as "id!", entry.at as "at!: jiff_sqlx::Timestamp", actor_id as "actor!",
    account.name as "actor_name?", actor_role as "actor_role!", on_behalf_of, via as "via!",
    command_id as "command_id!", kind as "kind!", parameters as "parameters!", outcome as "outcome!",
    code
from entry left join account on account.id = actor_id
order by entry.at desc, entry.id desc
