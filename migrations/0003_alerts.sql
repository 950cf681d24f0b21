-- What the control room must not miss, and the timers and searches that go with it.

-- A crew that did not come. The list is that of the whole state machine, so that the states still
-- to come need no change here.
alter table job drop constraint job_status_known;
alter table job add constraint job_status_known check (status in ('unassigned', 'offering', 'assigned',
    'acknowledged', 'en_route', 'arrived', 'in_progress', 'paused', 'completed', 'verified', 'cancelled',
    'no_access', 'cleaner_no_show', 'failed')) not valid;
alter table job validate constraint job_status_known;

-- One row per job and what it is about; it is locked by its job's row.
create table alert (
    id uuid not null,
    job_id uuid not null,
    about text not null,
    level text not null,
    status text not null,
    raised_at timestamptz not null,
    snoozed_until timestamptz,
    -- who acknowledged, snoozed or resolved it; null: nobody yet, or its cause has gone
    handled_by uuid,
    version bigint not null default 1,
    constraint alert_pk primary key (id),
    constraint alert_job_about_uq unique (job_id, about),
    constraint alert_job_fk foreign key (job_id) references job (id),
    constraint alert_about_known check (about in ('unassigned', 'late', 'no_check_in', 'no_show', 'at_risk')),
    constraint alert_level_known check (level in ('warning', 'urgent')),
    constraint alert_status_known check (status in ('open', 'acknowledged', 'snoozed', 'resolved')),
    constraint alert_snoozed_until_when check ((status = 'snoozed') = (snoozed_until is not null))
);

-- Counts how often a timer has been set, so that setting it to the same instant again is another
-- command.
alter table timer add column setting integer not null default 0;

-- Jobs from before this version are looked at once; that sets their timers.
insert into timer (id, kind, subject_id, due_at)
select gen_random_uuid(), 'job.watch', id, now() from job
where status in ('unassigned', 'assigned', 'acknowledged', 'en_route') and starts_at > now() - interval '1 day'
on conflict on constraint timer_kind_subject_uq do nothing;

-- The audit trail, newest first: all of it, by who acted, by what was asked, and by what it named.
create index audit_at_ix on audit (at, id);
drop index audit_actor_ix;
create index audit_actor_ix on audit (actor_id, at, id);
create index audit_kind_ix on audit (kind, at, id);
create index audit_command_ix on audit (command_id);
create index audit_parameters_ix on audit using gin (parameters jsonb_path_ops);
