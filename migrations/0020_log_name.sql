-- The name of the log as readers and writers know it. It changes by itself, in every statement at once,
-- whenever the database is not the one it was: another cluster or another database in it (a restore
-- elsewhere), another timeline (a standby that was promoted, a restore to a point in time), or a row of
-- log_epoch that another transaction wrote (a dump read back here, or a renewal). What log_epoch says of
-- the system and its timeline is where the name was last given, for people.
create function log_name() returns text
    language sql stable parallel safe
as $$
    select left(encode(sha256(concat_ws('.',
            epoch,
            log_epoch.xmin::text,
            (select oid from pg_database where datname = current_database()),
            (select system_identifier from pg_control_system()),
            -- The timeline being written, at once after a promotion. Fails where nothing can be written.
            left(pg_walfile_name(pg_current_wal_flush_lsn()), 8)
        )::bytea), 'hex'), 16)
    from log_epoch
$$;
