-- One world at one snapshot: what is asked for by name ($1), completed to what decisions and views
-- need. Read it from top to bottom: what is named; where and when that is (focus); who works there
-- (roster); whose time is taken, and what for (behind); then all rows as JSON arrays.
--
-- What stands between `-- when a b` and `-- end` is part of the statement only where one of these is
-- wanted, see parts.rs: what remains has to be a statement.
with asked as materialized (
    select * from jsonb_to_record($1) as r (
        accounts uuid[], email text, customers uuid[], bookings_since timestamptz,
        properties uuid[], holds uuid[], bookings uuid[], jobs uuid[], alerts uuid[],
        cleaners uuid[],
        -- rosters: [{zone (null: all), start, end}]; at_property: the same range for the properties' zones
        rosters jsonb, at_property_start timestamptz, at_property_end timestamptz,
        -- the named cleaners' own rows
        own_start timestamptz, own_end timestamptz,
        -- rosters around the named holds and jobs; in the named cleaners' home zones around their work
        -- in the own range and around what is promised there without a row; around their rows to come
        around boolean,
        -- the same around the named jobs once they are moved to a start (null: to any of that day), in
        -- all zones that their zone's cleaners call home; over slots {start, end}, too; with everybody
        -- of their zone
        moved boolean, everybody boolean, moved_start timestamptz, moved_slots jsonb,
        own_work boolean, staff boolean,
        -- without what is behind the roster's occupancy: for views; without the jobs behind it:
        -- where nobody is re-homed
        plain boolean, settled boolean,
        seated boolean,
        -- zones and the service that may change what free starts are counted by; cleaners who are to
        -- be changed, with their work
        terms_of text[], service text, rewritten uuid[],
        board text, control_zone text, control_date date,
        makes_job boolean
    )
),
-- when holds
named_hold as materialized (
    select hold.id, hold.zone, tstzrange(
        hold.starts_at - make_interval(mins => service.travel_buffer_minutes + 15),
        hold.starts_at + make_interval(mins => service.duration_minutes + 15)) as busy
    from hold join service on service.slug = hold.service
    where hold.id = any((select holds from asked)::uuid[])
),
-- end
-- when jobs
named_job as materialized (
    select id, zone, starts_at, travel_buffer_minutes, duration_minutes, tstzrange(
        starts_at - make_interval(mins => travel_buffer_minutes + 15),
        starts_at + make_interval(mins => duration_minutes + 15)) as busy
    from job
    where id = any((select jobs from asked)::uuid[])
        or id = any(array(select job_id from alert where id = any((select alerts from asked)::uuid[])))
        or booking_id = any((select bookings from asked)::uuid[])
),
-- end
-- when homes
home_zone as materialized (
    select distinct zone from cleaner_zone where cleaner_id = any((select cleaners from asked)::uuid[])
-- when moved
    union
    select other.zone from asked, named_job
        join cleaner_zone home on home.zone = named_job.zone
        join cleaner_zone other on other.cleaner_id = home.cleaner_id
    where asked.moved
-- end
),
-- end
-- when focus
focus as materialized (
    select null::text as zone, null::tstzrange as during where false
-- when rosters
    union
    select zone.slug as zone, tstzrange(f.start, f."end") as during
    from asked, jsonb_to_recordset(asked.rosters) as f (zone text, start timestamptz, "end" timestamptz)
        join zone on f.zone is null or zone.slug = f.zone
-- end
-- when at_property
    union
    select property.zone, tstzrange(asked.at_property_start, asked.at_property_end)
    from asked join property on property.id = any(asked.properties)
    where asked.at_property_start is not null
-- end
-- when around
    union
    select place.zone, named.busy
    from (
        select null::text as zone, null::tstzrange as busy where false
-- when holds
        union all select zone, busy from named_hold
-- end
-- when jobs
        union all select zone, busy from named_job
-- end
    ) named, lateral (
        select named.zone
-- when homes
        union select zone from home_zone
-- end
    ) place
-- end
-- when moved
    union
    select place.zone, tstzrange(
        coalesce(asked.moved_start, starts_at - interval '26 hours')
            - make_interval(mins => travel_buffer_minutes + 15),
        coalesce(asked.moved_start, starts_at + interval '26 hours')
            + make_interval(mins => duration_minutes + 15))
    from asked, named_job, lateral (select named_job.zone union select zone from home_zone) place
    where asked.moved
-- end
-- when moved_slots
    union
    select named_job.zone, tstzrange((asked.moved_slots->>'start')::timestamptz,
        (asked.moved_slots->>'end')::timestamptz + interval '8 hours')
    from asked, named_job
    where asked.moved_slots is not null
-- end
-- when own_work
    union
    select home_zone.zone, occupancy.busy from asked, home_zone, occupancy
    where asked.own_work and occupancy.cleaner_id = any(asked.cleaners) and occupancy.cause <> 'time_off'
        and occupancy.busy && tstzrange(asked.own_start, asked.own_end)
    union
    select job.zone, tstzrange(
        job.starts_at - make_interval(mins => job.travel_buffer_minutes + 15),
        job.starts_at + make_interval(mins => job.duration_minutes + 15))
    from asked, home_zone join job on job.zone = home_zone.zone and job.at_risk
    where asked.own_work and job.starts_at > asked.own_start and job.starts_at < asked.own_end
        and job.status not in ('completed', 'cancelled', 'no_access')
    union
    select hold.zone, tstzrange(
        hold.starts_at - make_interval(mins => service.travel_buffer_minutes + 15),
        hold.starts_at + make_interval(mins => service.duration_minutes + 15))
    from asked, home_zone join hold on hold.zone = home_zone.zone and hold.status = 'active'
        join service on service.slug = hold.service
    where asked.own_work and hold.starts_at > asked.own_start and hold.starts_at < asked.own_end
        and (select count(*) from occupancy where hold_id = hold.id) < service.crew_size
-- end
-- when staff
    union
    select home_zone.zone, occupancy.busy from asked, home_zone, occupancy
    where asked.staff and occupancy.cleaner_id = any(asked.cleaners) and upper(occupancy.busy) > now()
-- end
),
-- end
-- when span
span as materialized (
    select range_agg(during) as during from (
        select tstzrange(own_start, own_end) as during from asked where own_start is not null
-- when focus
        union all
        select tstzrange(lower(during) - interval '1 day', upper(during) + interval '1 day') from focus
-- end
    ) ranges
),
-- end
-- when promises
-- promises here may be moved: a path of moves reaches no further in a working day
reach as materialized (
    select range_agg(tstzrange(lower(during) - interval '12 hours', upper(during) + interval '12 hours'))
        as during
    from focus
),
-- end
-- when focus
roster as materialized (
    select distinct shift.cleaner_id from focus
        join shift on shift.zone = focus.zone and shift.during && focus.during
),
-- end
-- when holds jobs
tied as materialized (
    select * from occupancy where false
-- when holds
        or hold_id = any(array(select id from named_hold))
-- end
-- when jobs
        or job_id = any(array(select id from named_job))
-- end
),
-- end
-- when jobs
crew as materialized (
    select distinct cleaner_id from job_seat
    where job_id = any(array(select id from named_job)) and cleaner_id is not null
),
-- end
known as materialized (
    select unnest(cleaners) as cleaner_id from asked
-- when focus
    union select cleaner_id from roster
-- end
-- when holds jobs
    union select cleaner_id from tied
-- end
-- when jobs
    union select cleaner_id from crew
-- end
-- when everybody
    union select cleaner_zone.cleaner_id from named_job
        join cleaner_zone on cleaner_zone.zone = named_job.zone
-- end
),
near as materialized (
    select * from occupancy where false
-- when span
    union
    select * from occupancy
    where cleaner_id = any(array(select cleaner_id from known)) and busy && (select during from span)
-- end
-- when holds jobs
    union
    select * from tied
-- end
),
wanted_hold as materialized (
    select hold_id as id from near, asked
    where hold_id is not null and (not asked.plain or cleaner_id = any(asked.rewritten))
-- when holds
    union
    select id from named_hold
-- end
-- when customers
    union
    select hold.id from asked join hold on hold.customer_id = any(asked.customers)
    where hold.status = 'active'
-- end
-- when terms
    union
    select hold.id from asked join hold
        on hold.service = asked.service or hold.zone = any(asked.terms_of)
    where hold.status = 'active'
-- end
-- when promised
    union
    -- promises with less room than they were given
    select hold.id from focus join hold
        on hold.zone = focus.zone and hold.starts_at <@ focus.during and hold.status = 'active'
        join service on service.slug = hold.service
    where (select count(*) from occupancy where hold_id = hold.id) < service.crew_size
-- end
),
wanted_job as materialized (
    -- assigned work of others is never moved, so it need not be known
    select job_id as id from near, asked
    where job_id is not null and (
        cleaner_id = any(asked.rewritten)
        or not asked.plain and cleaner_id = any(asked.cleaners)
-- when promises
        or cause = 'reserved' and busy && (select during from reach)
-- end
    )
-- when jobs
    union
    select id from named_job
-- end
-- when promises
    union
    select job.id from focus join job on job.zone = focus.zone and job.starts_at <@ focus.during
    where job.at_risk
        and job.status not in ('completed', 'verified', 'cancelled', 'no_access', 'cleaner_no_show')
-- end
-- when cleaners jobs everybody
    union
    select job.id from asked, job join job_seat on job_seat.job_id = job.id
    where job.status in ('en_route', 'arrived', 'in_progress', 'paused')
        and (job_seat.cleaner_id = any(asked.cleaners)
-- when jobs
            or job_seat.cleaner_id in (select cleaner_id from crew)
-- end
            or (asked.everybody and job_seat.cleaner_id in (select cleaner_id from known)))
-- end
-- when customers
    union
    select job.id from asked
        join booking on booking.customer_id = any(asked.customers) and booking.starts_at > asked.bookings_since
        join job on job.booking_id = booking.id
-- end
-- when seated
    union
    select job.id from asked
        join job_seat on job_seat.cleaner_id = any(asked.cleaners)
        join job on job.id = job_seat.job_id
    where job.starts_at < asked.own_end
        and job.starts_at + make_interval(mins => job.duration_minutes) > asked.own_start
-- end
-- when terms
    union
    -- whether there is one is all that matters
    select one.id from asked, unnest(asked.terms_of) as place, lateral (
        select job.id from job where job.zone = place and job.starts_at > now() - interval '1 day'
            and job.status not in ('completed', 'verified', 'cancelled', 'no_access', 'cleaner_no_show')
        limit 1) one
-- end
-- when rewritten
    union
    select job.id from asked
        join job_seat on job_seat.cleaner_id = any(asked.rewritten)
        join job on job.id = job_seat.job_id
    where job.starts_at < asked.own_end
        and job.starts_at + make_interval(mins => job.duration_minutes) > asked.own_start
-- end
-- when board
    union
    select job.id from asked join job on job.zone = asked.board and job.starts_at > now() - interval '1 day'
    where job.status in ('unassigned', 'assigned', 'acknowledged')
-- end
-- when control
    union
    select job.id from asked join job on job.zone = asked.control_zone and job.local_date = asked.control_date
-- end
),
behind as materialized (
    select * from near
-- when behind
    union
    select * from occupancy
    where hold_id = any(array(select id from wanted_hold)) or job_id = any(array(select id from wanted_job))
-- end
),
-- whose time may change together with that of the known
joined as materialized (
    select cleaner_id from behind union select cleaner_id from known
),
taken as materialized (
    select * from behind
-- when behind_span
    union
    select * from occupancy
    where cleaner_id = any(array(select cleaner_id from joined except select cleaner_id from known))
        and busy && (select during from span)
-- end
),
wanted_booking as materialized (
    select booking_id as id from job where id = any(array(select id from wanted_job))
    union
    select unnest(bookings) from asked
-- when customers
    union
    select booking.id from asked
        join booking on booking.customer_id = any(asked.customers) and booking.starts_at > asked.bookings_since
-- end
),
chosen_booking as materialized (
    select * from booking where id = any(array(select id from wanted_booking))
),
chosen_hold as materialized (
    select * from hold where id = any(array(select id from wanted_hold))
),
chosen_job as materialized (
    select job.*, array(
        select case when cleaner_id is not null
            then json_build_object('cleaner', cleaner_id, 'filled_at', filled_at) end
        from job_seat where job_id = job.id order by seat) as seats
    from job where id = any(array(select id from wanted_job))
)
select
    (select coalesce(json_agg(row), '[]') from (
        select account.id, role, name, disabled_at is not null as disabled, version, (
            select subject from identity
            where account_id = account.id and provider = 'password' order by created_at limit 1
        ) as email
        from account
        where id = any(array(
            select unnest(accounts) from asked
            union select unnest(customers) from asked
            union select unnest(cleaners) from asked
-- when email
            union select account_id from asked join identity
                on identity.provider = 'password' and identity.subject = asked.email
-- end
        ))
    ) row) as "accounts!",
    (select coalesce(json_agg(row), '[]') from (
        select slug, name, polygon, time_zone, opening_hours, version from zone
    ) row) as "zones!",
    (select coalesce(json_object_agg(slug, name), '{}') from skill) as "skills!",
    (select coalesce(json_agg(row), '[]') from (
        select slug, name, duration_minutes, crew_size, travel_buffer_minutes, lead_time_minutes,
            booking_window_days, slot_step_minutes, price_minor, currency, active, version,
            array(select skill from service_skill where service = slug) as skills
        from service
    ) row) as "services!",
    (select coalesce(json_agg(row), '[]') from (
        select id, name, phone, email, version from customer
        where id = any(array(
            select unnest(customers) from asked
            union select customer_id from chosen_booking
            union select customer_id from chosen_hold
-- when properties
            union select customer_id from asked join property on property.id = any(asked.properties)
-- end
        ))
    ) row) as "customers!",
    (select coalesce(json_agg(row), '[]') from (
        select id, customer_id as customer, zone, address, district, access_notes, lon, lat, version
        from property
        where id = any(array(
                select unnest(properties) from asked union select property_id from chosen_booking))
-- when customers
            or customer_id = any((select customers from asked)::uuid[])
-- end
    ) row) as "properties!",
    (select coalesce(json_agg(row), '[]') from (
        select id, name, phone, duty, active, version,
            array(select zone from cleaner_zone where cleaner_id = cleaner.id) as zones,
            array(select skill from cleaner_skill where cleaner_id = cleaner.id) as skills
        from cleaner
        where id = any(array(
            select cleaner_id from joined
            union select cleaner_id from job_seat
            where job_id = any(array(select id from wanted_job)) and cleaner_id is not null))
    ) row) as "cleaners!",
    (select coalesce(json_agg(row), '[]') from (
        select id, cleaner_id as cleaner, zone, local_date, template_id as template, version,
            json_build_object('start', lower(during), 'end', upper(during)) as during
        from shift
        where false
-- when span
            or (cleaner_id = any(array(select cleaner_id from joined)) and during && (select during from span))
-- end
-- when terms
            or id = any(array(
                select one.id from asked, unnest(asked.terms_of) as place, lateral (
                    select shift.id from shift
                    where shift.zone = place and shift.during && tstzrange(now(), null) limit 1) one))
-- end
    ) row) as "shifts!",
-- when cleaners
    (select coalesce(json_agg(row), '[]') from (
        select id, cleaner_id as cleaner, zone, week, valid_from, valid_until, exceptions,
            planned_until, version
        from shift_template
        -- what ended a while ago is shown to nobody
        where cleaner_id = any(array(select unnest(cleaners) from asked))
            and (valid_until is null or valid_until > (now() - interval '30 days')::date)
    ) row) as "templates!",
-- end
    (select coalesce(json_agg(row), '[]') from (
        select id, cleaner_id as cleaner, reason, version,
            json_build_object('start', lower(during), 'end', upper(during)) as during
        from time_off
        where id = any(array(select time_off_id from taken where time_off_id is not null))
-- when span
            or (cleaner_id = any(array(select cleaner_id from joined)) and during && (select during from span))
-- end
    ) row) as "time_off!",
    (select coalesce(json_agg(row), '[]') from (
        select id, customer_id as customer, zone, service, starts_at, placed_at, expires_at, extended,
            status, version
        from chosen_hold
    ) row) as "holds!",
    (select coalesce(json_agg(row), '[]') from (
        select id, hold_id as hold, customer_id as customer, property_id as property, zone, service,
            starts_at, local_date, price_minor, currency, cancel_until_hours, status, booked_at, version
        from chosen_booking
    ) row) as "bookings!",
    (select coalesce(json_agg(row), '[]') from (
        select id, number, booking_id as booking, zone, service, starts_at, local_date, duration_minutes,
            travel_buffer_minutes, status, at_risk, times, version, seats
        from chosen_job
    ) row) as "jobs!",
    (select coalesce(json_agg(row), '[]') from (
        select id, job_id as job, about, level, status, raised_at, snoozed_until, handled_by, version
        from alert where job_id = any(array(select id from wanted_job))
    ) row) as "alerts!",
    (select coalesce(json_agg(row), '[]') from (
        select id, cleaner_id as cleaner, cause, hold_id as hold, job_id as job, seat,
            time_off_id as time_off,
            json_build_object('start', lower(busy), 'end', upper(busy)) as busy
        from taken
    ) row) as "occupancy!",
-- when terms
    (select coalesce(json_agg(json_build_array(place.zone, place.day)), '[]') from (
        -- work by night reaches into the next day
        select distinct shift.zone, day
        from asked, shift, lateral (values (local_date), (local_date + 1)) as dates (day)
        where shift.during && tstzrange(now() - interval '2 days', null)
            and (asked.service is not null or shift.zone = any(asked.terms_of))
    ) place) as "slot_dates?",
-- end
-- when makes_job
    (select nextval('job_number_seq') from asked where makes_job) as "next_job_number?",
-- end
-- when channel
    log_name() as "epoch!",
    coalesce((select head from channel where name = $2), 0) as "head!",
-- end
    clock_timestamp() as "now!: jiff_sqlx::Timestamp"
