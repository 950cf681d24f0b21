-- A job's states as the glossary has them: what is done may be verified. States that no command
-- reaches yet are known already, so that a newer version may begin to use them beside an older one.

alter table job
    drop constraint job_status_known,
    add constraint job_status_known check (status in ('unassigned', 'offering', 'assigned',
        'acknowledged', 'en_route', 'arrived', 'in_progress', 'paused', 'completed', 'verified',
        'cancelled', 'no_access', 'cleaner_no_show', 'failed'));
