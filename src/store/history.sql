-- The newest $2 facts about a job ($1), its booking and its alerts, each by its own index.
with source (aggregate, aggregate_id) as (
    select 'job', id::text from job where id = $1
    union all
    select 'booking', booking_id::text from job where id = $1
    union all
    select 'alert', id::text from alert where job_id = $1
)
select fact.at as "at!: jiff_sqlx::Timestamp", fact.actor_id as "actor!", fact.on_behalf_of,
    fact.body as "body!"
from source cross join lateral (
    select id, at, actor_id, on_behalf_of, body from domain_event
    where domain_event.aggregate = source.aggregate
        and domain_event.aggregate_id = source.aggregate_id
    order by id desc limit $2
) fact
order by fact.id desc limit $2
