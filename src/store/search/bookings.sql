-- $1 and $2 ranges of numbers, $3 id, $4 and $5 owners and their scores, $6 zone, $7 limit
with found as (
    select numbered.booking_id as id, numbered.starts_at, numbered.zone,
        (case when numbered.number = ($1::int8[])[1] then 1.0 else 0.75 end)::float4 as score
    from unnest($1::int8[], $2::int8[]) as range (first, last)
    cross join lateral (
        select job.booking_id, job.number, job.starts_at, job.zone from job
        where job.number between range.first and range.last
        order by job.number
        limit $7
    ) numbered
    union all
    select id, starts_at, zone, 1.0 from booking where id = $3
    union all
    select booking_id, starts_at, zone, 1.0 from job where id = $3
    union all
    select owned.id, owned.starts_at, owned.zone, (owner.score - 0.01)::float4
    from unnest($4::uuid[], $5::float4[]) as owner (id, score)
    cross join lateral (
        (select booking.id, booking.starts_at, booking.zone from booking
            where booking.customer_id = owner.id
            order by booking.starts_at desc limit $7)
        union all
        (select booking.id, booking.starts_at, booking.zone from booking
            where booking.property_id = owner.id
            order by booking.starts_at desc limit $7)
    ) owned
),
best as materialized (
    select id, max(score) as score, min(abs(extract(epoch from starts_at - now()))) as away
    from found
    where $6::text is null or zone = $6
    group by id
    order by score desc, away, id
    limit $7
)
select visit.id as "id!", visit.status as "status!", visit.zone as "zone!",
    visit.service as "service!", visit.starts_at as "starts_at!: jiff_sqlx::Timestamp",
    visit.customer_id as "customer_id!", customer.name as "customer_name?", property.address,
    job.id as job_id, job.number, job.status as job_status, best.score::float4 as "score!"
from best
-- One look each: of so few the planner would rather read them all.
cross join lateral (
    select booking.id, booking.status, booking.zone, booking.service, booking.starts_at,
        booking.customer_id, booking.property_id
    from booking where booking.id = best.id limit 1
) visit
join customer on customer.id = visit.customer_id
join property on property.id = visit.property_id
cross join lateral (
    select job.id, job.number, job.status from job where job.booking_id = visit.id
    order by job.number desc limit 1
) job
order by best.score desc, best.away, visit.id
