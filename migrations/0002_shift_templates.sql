-- Weekly templates of shifts, by the clock on the wall of their zone.
create table shift_template (
    id uuid not null,
    cleaner_id uuid not null,
    zone text not null,
    -- seven lists, Monday first: [{"starts": minutes, "ends": minutes}] of wall time
    week jsonb not null,
    valid_from date not null,
    -- the last date; null is until further notice
    valid_until date,
    -- date -> {"kind": "hours", "hours": […]} or {"kind": "by_hand"}
    exceptions jsonb not null default '{}',
    -- the last date whose shifts have been made
    planned_until date,
    version bigint not null default 1,
    constraint shift_template_pk primary key (id),
    constraint shift_template_cleaner_fk foreign key (cleaner_id) references cleaner (id),
    constraint shift_template_zone_fk foreign key (zone) references zone (slug),
    constraint shift_template_week_days check (jsonb_array_length(week) = 7),
    constraint shift_template_validity check (valid_until is null or valid_until >= valid_from - 1)
);
create index shift_template_cleaner_ix on shift_template (cleaner_id);

-- The template that a shift was made from and still follows.
alter table shift add column template_id uuid,
    add constraint shift_template_fk foreign key (template_id) references shift_template (id);
create index shift_template_ix on shift (template_id) where template_id is not null;
