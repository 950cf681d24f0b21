-- The whole first schema. Forward only; never edited once released.
-- Every row that people edit carries a version; impossible business states are impossible here too.

create extension if not exists btree_gist;
create extension if not exists pg_trgm;

-- People and sign-in ---------------------------------------------------------------------------

create table account (
    id uuid not null,
    role text not null,
    name text not null,
    disabled_at timestamptz,
    created_at timestamptz not null default now(),
    version bigint not null default 1,
    constraint account_pk primary key (id),
    constraint account_role_known check (role in ('customer', 'cleaner', 'dispatcher', 'manager', 'admin')),
    constraint account_name_length check (length(name) <= 200)
);

-- One way to prove who one is. For provider 'password' the subject is the lower-case e-mail
-- address and the secret an argon2id hash; other providers keep no secret here.
create table identity (
    provider text not null,
    subject text not null,
    account_id uuid not null,
    secret text,
    created_at timestamptz not null default now(),
    constraint identity_pk primary key (provider, subject),
    constraint identity_account_fk foreign key (account_id) references account (id)
);
create index identity_account_ix on identity (account_id);

-- A sign-in, kept alive by rotating refresh tokens (their SHA-256 only).
create table sign_in (
    id uuid not null,
    account_id uuid not null,
    refresh_hash bytea not null,
    previous_hash bytea,
    created_at timestamptz not null default now(),
    refreshed_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    constraint sign_in_pk primary key (id),
    constraint sign_in_account_fk foreign key (account_id) references account (id)
);
create unique index sign_in_refresh_hash_uq on sign_in (refresh_hash);
create index sign_in_previous_hash_ix on sign_in (previous_hash) where previous_hash is not null;
create index sign_in_account_ix on sign_in (account_id);

create table signing_key (
    kid text not null,
    algorithm text not null,
    secret bytea not null,
    created_at timestamptz not null default now(),
    retired_at timestamptz,
    constraint signing_key_pk primary key (kid),
    constraint signing_key_algorithm_known check (algorithm in ('HS256'))
);

-- Where and what -------------------------------------------------------------------------------

create table zone (
    slug text not null,
    name text not null,
    polygon jsonb not null,
    time_zone text not null,
    -- seven entries, Monday first: {"opens": minutes, "closes": minutes} of wall time, or null
    opening_hours jsonb not null,
    version bigint not null default 1,
    constraint zone_pk primary key (slug),
    constraint zone_slug_shape check (slug ~ '^[a-z0-9](-?[a-z0-9])*$' and length(slug) <= 40),
    constraint zone_opening_hours_week check (jsonb_array_length(opening_hours) = 7)
);

create table skill (
    slug text not null,
    name text not null,
    constraint skill_pk primary key (slug),
    constraint skill_slug_shape check (slug ~ '^[a-z0-9](-?[a-z0-9])*$' and length(slug) <= 40)
);

create table service (
    slug text not null,
    name text not null,
    duration_minutes integer not null,
    crew_size integer not null,
    travel_buffer_minutes integer not null,
    lead_time_minutes integer not null,
    booking_window_days integer not null,
    slot_step_minutes integer not null,
    price_minor bigint not null,
    currency text not null,
    active boolean not null default true,
    version bigint not null default 1,
    constraint service_pk primary key (slug),
    constraint service_slug_shape check (slug ~ '^[a-z0-9](-?[a-z0-9])*$' and length(slug) <= 40),
    constraint service_duration_range check (duration_minutes between 15 and 360),
    constraint service_crew_range check (crew_size between 1 and 4),
    constraint service_buffer_range check (travel_buffer_minutes between 0 and 60),
    constraint service_lead_range check (lead_time_minutes >= 0),
    constraint service_window_range check (booking_window_days between 1 and 90),
    constraint service_step_grid check (slot_step_minutes between 15 and 240 and slot_step_minutes % 15 = 0),
    constraint service_price_positive check (price_minor >= 0),
    constraint service_currency_shape check (currency ~ '^[A-Z]{3}$')
);

create table service_skill (
    service text not null,
    skill text not null,
    constraint service_skill_pk primary key (service, skill),
    constraint service_skill_service_fk foreign key (service) references service (slug),
    constraint service_skill_skill_fk foreign key (skill) references skill (slug)
);

-- Customers -------------------------------------------------------------------------------------

create table customer (
    id uuid not null,
    name text,
    phone text,
    email text,
    version bigint not null default 1,
    constraint customer_pk primary key (id),
    constraint customer_account_fk foreign key (id) references account (id)
);

create table property (
    id uuid not null,
    customer_id uuid not null,
    zone text not null,
    address text not null,
    district text not null,
    access_notes text not null default '',
    lon double precision not null,
    lat double precision not null,
    version bigint not null default 1,
    constraint property_pk primary key (id),
    constraint property_customer_fk foreign key (customer_id) references customer (id),
    constraint property_zone_fk foreign key (zone) references zone (slug)
);
create index property_customer_ix on property (customer_id);

-- Cleaners --------------------------------------------------------------------------------------

create table cleaner (
    id uuid not null,
    name text not null,
    phone text,
    duty text not null default 'off',
    active boolean not null default true,
    version bigint not null default 1,
    constraint cleaner_pk primary key (id),
    constraint cleaner_account_fk foreign key (id) references account (id),
    constraint cleaner_duty_known check (duty in ('off', 'on', 'break'))
);

create table cleaner_zone (
    cleaner_id uuid not null,
    zone text not null,
    constraint cleaner_zone_pk primary key (cleaner_id, zone),
    constraint cleaner_zone_cleaner_fk foreign key (cleaner_id) references cleaner (id),
    constraint cleaner_zone_zone_fk foreign key (zone) references zone (slug)
);
create index cleaner_zone_zone_ix on cleaner_zone (zone);

create table cleaner_skill (
    cleaner_id uuid not null,
    skill text not null,
    constraint cleaner_skill_pk primary key (cleaner_id, skill),
    constraint cleaner_skill_cleaner_fk foreign key (cleaner_id) references cleaner (id),
    constraint cleaner_skill_skill_fk foreign key (skill) references skill (slug)
);

create table shift (
    id uuid not null,
    cleaner_id uuid not null,
    zone text not null,
    local_date date not null,
    during tstzrange not null,
    version bigint not null default 1,
    constraint shift_pk primary key (id),
    constraint shift_cleaner_fk foreign key (cleaner_id) references cleaner (id),
    constraint shift_zone_fk foreign key (zone) references zone (slug),
    constraint shift_during_bounded check (not isempty(during) and lower_inc(during) and not upper_inc(during)),
    constraint shift_no_overlap exclude using gist (cleaner_id with =, during with &&)
);
create index shift_zone_during_ix on shift using gist (zone, during);

create table time_off (
    id uuid not null,
    cleaner_id uuid not null,
    during tstzrange not null,
    reason text not null default '',
    version bigint not null default 1,
    constraint time_off_pk primary key (id),
    constraint time_off_cleaner_fk foreign key (cleaner_id) references cleaner (id),
    constraint time_off_during_bounded check (not isempty(during) and lower_inc(during) and not upper_inc(during))
);
create index time_off_cleaner_ix on time_off using gist (cleaner_id, during);

-- The promise and the work ----------------------------------------------------------------------

create table hold (
    id uuid not null,
    customer_id uuid not null,
    zone text not null,
    service text not null,
    starts_at timestamptz not null,
    placed_at timestamptz not null,
    expires_at timestamptz not null,
    extended boolean not null default false,
    status text not null,
    version bigint not null default 1,
    constraint hold_pk primary key (id),
    constraint hold_customer_fk foreign key (customer_id) references customer (id),
    constraint hold_zone_fk foreign key (zone) references zone (slug),
    constraint hold_service_fk foreign key (service) references service (slug),
    constraint hold_status_known check (status in ('active', 'consumed', 'released', 'expired')),
    constraint hold_life_bounded check (expires_at <= placed_at + interval '15 minutes')
);
create index hold_customer_active_ix on hold (customer_id) where status = 'active';
create index hold_zone_active_ix on hold (zone, starts_at) where status = 'active';

create sequence job_number_seq start with 1001;

create table booking (
    id uuid not null,
    hold_id uuid,
    customer_id uuid not null,
    property_id uuid not null,
    zone text not null,
    service text not null,
    starts_at timestamptz not null,
    local_date date not null,
    price_minor bigint not null,
    currency text not null,
    -- hours before the start until which the customer may cancel without staff
    cancel_until_hours integer not null,
    status text not null,
    booked_at timestamptz not null,
    version bigint not null default 1,
    constraint booking_pk primary key (id),
    constraint booking_hold_uq unique (hold_id),
    constraint booking_hold_fk foreign key (hold_id) references hold (id),
    constraint booking_customer_fk foreign key (customer_id) references customer (id),
    constraint booking_property_fk foreign key (property_id) references property (id),
    constraint booking_zone_fk foreign key (zone) references zone (slug),
    constraint booking_service_fk foreign key (service) references service (slug),
    constraint booking_status_known check (status in ('confirmed', 'in_service', 'completed', 'closed', 'cancelled', 'not_served'))
);
create index booking_customer_ix on booking (customer_id, starts_at);

create table job (
    id uuid not null,
    number bigint not null,
    booking_id uuid not null,
    zone text not null,
    service text not null,
    starts_at timestamptz not null,
    local_date date not null,
    duration_minutes integer not null,
    travel_buffer_minutes integer not null,
    crew_size integer not null,
    status text not null,
    -- some seat has neither a cleaner nor reserved time
    at_risk boolean not null default false,
    -- status -> instant it was last entered
    times jsonb not null default '{}',
    version bigint not null default 1,
    constraint job_pk primary key (id),
    constraint job_number_uq unique (number),
    constraint job_booking_fk foreign key (booking_id) references booking (id),
    constraint job_zone_fk foreign key (zone) references zone (slug),
    constraint job_service_fk foreign key (service) references service (slug),
    constraint job_status_known check (status in ('unassigned', 'assigned', 'acknowledged', 'en_route', 'arrived',
        'in_progress', 'paused', 'completed', 'cancelled', 'no_access')),
    constraint job_crew_range check (crew_size between 1 and 4)
);
-- one booking has exactly one live job
create unique index job_booking_live_uq on job (booking_id) where status not in ('cancelled', 'no_access');
create index job_booking_ix on job (booking_id);
create index job_zone_date_ix on job (zone, local_date);
create index job_zone_start_ix on job (zone, starts_at);
create index job_zone_at_risk_ix on job (zone, starts_at) where at_risk;
create index job_under_way_ix on job (id) where status in ('en_route', 'arrived', 'in_progress', 'paused');

create table job_seat (
    job_id uuid not null,
    seat smallint not null,
    cleaner_id uuid,
    filled_at timestamptz,
    constraint job_seat_pk primary key (job_id, seat),
    constraint job_seat_job_fk foreign key (job_id) references job (id),
    constraint job_seat_cleaner_fk foreign key (cleaner_id) references cleaner (id),
    constraint job_seat_range check (seat between 0 and 3),
    constraint job_seat_filled_together check ((cleaner_id is null) = (filled_at is null))
);
create unique index job_seat_cleaner_once_uq on job_seat (job_id, cleaner_id) where cleaner_id is not null;
create index job_seat_cleaner_ix on job_seat (cleaner_id) where cleaner_id is not null;

-- Invariant 1: a cleaner is never busy twice at once, whatever the cause.
create table occupancy (
    id uuid not null,
    cleaner_id uuid not null,
    busy tstzrange not null,
    cause text not null,
    hold_id uuid,
    job_id uuid,
    time_off_id uuid,
    seat smallint,
    constraint occupancy_pk primary key (id),
    constraint occupancy_cleaner_fk foreign key (cleaner_id) references cleaner (id),
    constraint occupancy_hold_fk foreign key (hold_id) references hold (id),
    constraint occupancy_job_seat_fk foreign key (job_id, seat) references job_seat (job_id, seat),
    constraint occupancy_time_off_fk foreign key (time_off_id) references time_off (id),
    constraint occupancy_busy_bounded check (not isempty(busy) and lower_inc(busy) and not upper_inc(busy)),
    constraint occupancy_cause_matches check (case cause
        when 'hold' then hold_id is not null and seat is not null and job_id is null and time_off_id is null
        when 'reserved' then job_id is not null and seat is not null and hold_id is null and time_off_id is null
        when 'assigned' then job_id is not null and seat is not null and hold_id is null and time_off_id is null
        when 'time_off' then time_off_id is not null and seat is null and hold_id is null and job_id is null
        else false end),
    constraint occupancy_no_overlap exclude using gist (cleaner_id with =, busy with &&)
);
create unique index occupancy_hold_seat_uq on occupancy (hold_id, seat) where hold_id is not null;
create unique index occupancy_job_seat_uq on occupancy (job_id, seat) where job_id is not null;
create index occupancy_time_off_ix on occupancy (time_off_id) where time_off_id is not null;

-- Commands, facts and the log -------------------------------------------------------------------

-- Receipts (P5). The outcome is null only inside the transaction that is deciding.
create table command (
    actor_id uuid not null,
    command_id uuid not null,
    kind text not null,
    body_hash bytea not null,
    outcome json,
    received_at timestamptz not null default now(),
    constraint command_pk primary key (actor_id, command_id)
);
create index command_received_ix on command (received_at);

-- Every command that reached a decision. Insert only.
create table audit (
    id bigint generated always as identity,
    at timestamptz not null default clock_timestamp(),
    actor_id uuid not null,
    actor_role text not null,
    on_behalf_of uuid,
    via text not null,
    command_id uuid not null,
    kind text not null,
    parameters jsonb not null,
    outcome text not null,
    code text,
    constraint audit_pk primary key (id),
    constraint audit_outcome_known check (outcome in ('accepted', 'rejected'))
);
create index audit_actor_ix on audit (actor_id, at);

-- Refusals for want of a right, failed sign-ins. Insert only.
create table security_event (
    id bigint generated always as identity,
    at timestamptz not null default clock_timestamp(),
    actor_id uuid,
    remote inet,
    kind text not null,
    code text not null,
    subject text not null default '',
    constraint security_event_pk primary key (id)
);

create table domain_event (
    id bigint generated always as identity,
    at timestamptz not null,
    aggregate text not null,
    aggregate_id text not null,
    aggregate_version bigint not null,
    kind text not null,
    schema_version integer not null,
    actor_id uuid not null,
    on_behalf_of uuid,
    command_id uuid not null,
    trace_id text,
    xact xid8 not null default pg_current_xact_id(),
    body jsonb not null,
    constraint domain_event_pk primary key (id)
);
create index domain_event_aggregate_ix on domain_event (aggregate, aggregate_id, id);
create index domain_event_xact_ix on domain_event (xact, id);

create table timer (
    id uuid not null,
    kind text not null,
    subject_id uuid not null,
    due_at timestamptz not null,
    attempt integer not null default 0,
    leased_until timestamptz,
    finished_at timestamptz,
    last_error text,
    constraint timer_pk primary key (id),
    constraint timer_kind_subject_uq unique (kind, subject_id)
);
create index timer_due_ix on timer (due_at) where finished_at is null;

-- The whole log's name, and the database it was given in.
create table log_epoch (
    singleton boolean not null default true,
    epoch text not null,
    system_identifier bigint not null,
    timeline_id integer not null,
    since timestamptz not null default now(),
    constraint log_epoch_pk primary key (singleton),
    constraint log_epoch_single check (singleton)
);

-- Rows are never deleted. Half of each page is left free so that heads move in place.
create table channel (
    name text not null,
    head bigint not null,
    constraint channel_pk primary key (name),
    constraint channel_head_positive check (head > 0)
) with (fillfactor = 50);

-- Uniqueness of (channel, channel_offset) follows from the head row and is checked by the tests.
create table publication (
    channel text not null,
    channel_offset bigint not null,
    published_at timestamptz not null default clock_timestamp(),
    xact xid8 not null default pg_current_xact_id(),
    body json not null
) partition by range (published_at);
create index publication_channel_offset_ix on publication (channel, channel_offset);
create index publication_xact_ix on publication (xact);
create table publication_default partition of publication default;
