-- Two cleaners on shift on one day, one job assigned to the first, one booked, one slot held.
insert into account (id, role, name) values
    ('00000000-0000-0000-0000-0000000000c1', 'cleaner', 'Anna'),
    ('00000000-0000-0000-0000-0000000000c2', 'cleaner', 'Bea'),
    ('00000000-0000-0000-0000-0000000000a1', 'customer', 'Carl');
insert into zone (slug, name, polygon, time_zone, opening_hours) values
    ('center', 'Center', '[]', 'Europe/Berlin', (select jsonb_agg('{"opens":480,"closes":1200}'::jsonb) from generate_series(1, 7)));
insert into service (slug, name, duration_minutes, crew_size, travel_buffer_minutes, lead_time_minutes,
    booking_window_days, slot_step_minutes, price_minor, currency)
values ('standard', 'Standard', 120, 1, 30, 0, 30, 30, 5000, 'EUR');
insert into customer (id, name) values ('00000000-0000-0000-0000-0000000000a1', 'Carl');
insert into property (id, customer_id, zone, address, district, lon, lat)
values ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000a1', 'center', 'Weg 1', 'Mitte', 13, 52);
insert into cleaner (id, name) values
    ('00000000-0000-0000-0000-0000000000c1', 'Anna'), ('00000000-0000-0000-0000-0000000000c2', 'Bea');
insert into cleaner_zone (cleaner_id, zone) select id, 'center' from cleaner;
insert into shift (id, cleaner_id, zone, local_date, during)
select gen_random_uuid(), id, 'center', '2027-03-01', '[2027-03-01 07:00Z,2027-03-01 17:00Z)' from cleaner;

insert into hold (id, customer_id, zone, service, starts_at, placed_at, expires_at, status) values
    ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000a1', 'center', 'standard',
        '2027-03-01 08:00Z', '2027-02-28 08:00Z', '2027-02-28 08:05Z', 'consumed'),
    ('00000000-0000-0000-0000-0000000000d2', '00000000-0000-0000-0000-0000000000a1', 'center', 'standard',
        '2027-03-01 08:00Z', '2027-02-28 08:00Z', '2027-02-28 08:05Z', 'consumed'),
    ('00000000-0000-0000-0000-0000000000d3', '00000000-0000-0000-0000-0000000000a1', 'center', 'standard',
        '2027-03-01 12:00Z', '2027-02-28 08:00Z', '2027-02-28 08:05Z', 'active');
insert into booking (id, hold_id, customer_id, property_id, zone, service, starts_at, local_date, price_minor,
    currency, cancel_until_hours, status, booked_at)
select id, hold, '00000000-0000-0000-0000-0000000000a1', '00000000-0000-0000-0000-0000000000b1', 'center',
    'standard', '2027-03-01 08:00Z', '2027-03-01', 5000, 'EUR', 24, 'confirmed', '2027-02-28 08:01Z'
from (values
    ('00000000-0000-0000-0000-0000000000e1'::uuid, '00000000-0000-0000-0000-0000000000d1'::uuid),
    ('00000000-0000-0000-0000-0000000000e2', '00000000-0000-0000-0000-0000000000d2')) as sold (id, hold);
insert into job (id, number, booking_id, zone, service, starts_at, local_date, duration_minutes,
    travel_buffer_minutes, crew_size, status)
values
    ('00000000-0000-0000-0000-0000000000f1', 1001, '00000000-0000-0000-0000-0000000000e1', 'center', 'standard',
        '2027-03-01 08:00Z', '2027-03-01', 120, 30, 1, 'assigned'),
    ('00000000-0000-0000-0000-0000000000f2', 1002, '00000000-0000-0000-0000-0000000000e2', 'center', 'standard',
        '2027-03-01 08:00Z', '2027-03-01', 120, 30, 1, 'unassigned');
insert into job_seat (job_id, seat, cleaner_id, filled_at) values
    ('00000000-0000-0000-0000-0000000000f1', 0, '00000000-0000-0000-0000-0000000000c1', now()),
    ('00000000-0000-0000-0000-0000000000f2', 0, null, null);
insert into occupancy (id, cleaner_id, busy, cause, hold_id, job_id, seat) values
    (gen_random_uuid(), '00000000-0000-0000-0000-0000000000c1', '[2027-03-01 07:30Z,2027-03-01 10:00Z)',
        'assigned', null, '00000000-0000-0000-0000-0000000000f1', 0),
    (gen_random_uuid(), '00000000-0000-0000-0000-0000000000c2', '[2027-03-01 07:30Z,2027-03-01 10:00Z)',
        'reserved', null, '00000000-0000-0000-0000-0000000000f2', 0),
    (gen_random_uuid(), '00000000-0000-0000-0000-0000000000c2', '[2027-03-01 11:30Z,2027-03-01 14:00Z)',
        'hold', '00000000-0000-0000-0000-0000000000d3', null, 0);
