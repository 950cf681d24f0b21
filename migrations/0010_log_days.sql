-- The server may serve under a role that appends to the log and can take nothing of it back. Days of
-- the log are made and thrown away by these functions, which run as their owner and refuse to touch
-- what somebody may still recover from.

-- Makes a day's own part of the log, apart and then attached: that holds up other changes of the
-- log's shape, not commands. False where it is there. It fails where the default part already holds
-- rows of that day.
create function make_log_day(day date) returns boolean
    language plpgsql security definer
as $$
declare
    part constant text := 'publication_' || to_char(day, 'YYYYMMDD');
begin
    if to_regclass(part) is not null then
        return false;
    end if;
    if abs(day - (clock_timestamp() at time zone 'utc')::date) > 31 then
        raise exception 'no part of the log is made for %', day using errcode = 'invalid_parameter_value';
    end if;
    execute format('create table %I (like publication including defaults including storage)', part);
    execute format('alter table publication attach partition %I for values from (%L) to (%L)',
        part, day || ' 00:00+00', (day + 1) || ' 00:00+00');
    return true;
exception when duplicate_table then
    -- Another instance was making it.
    return false;
end
$$;

-- Drops parts of days before `kept_from`, never those of today and the two days before. Dropping
-- waits for the log's readers and holds up all others meanwhile: it gives up soon, and says which
-- part it left.
create function drop_log_days(kept_from date) returns table (part text, dropped boolean)
    language plpgsql security definer set lock_timeout = '200ms'
as $$
declare
    floor constant date := least(kept_from, (clock_timestamp() at time zone 'utc')::date - 2);
begin
    for part in
        select relname from pg_inherits join pg_class on pg_class.oid = inhrelid
        where inhparent = 'publication'::regclass and relname ~ '^publication_[0-9]{8}$'
            and relname < 'publication_' || to_char(floor, 'YYYYMMDD')
        order by relname limit 10
    loop
        begin
            execute format('drop table %I', part);
            dropped := true;
        exception when lock_not_available then
            dropped := false;
        end;
        return next;
    end loop;
end
$$;

-- Deletes what is older than 48 hours from the default part, at most so many rows.
create function trim_log(most bigint) returns bigint
    language sql security definer
as $$
    with deleted as (
        delete from publication_default where ctid = any(array(
            select ctid from publication_default
            where published_at < clock_timestamp() - interval '48 hours' limit most))
        returning 1
    )
    select count(*) from deleted
$$;

-- They look for names where this schema is and nowhere else, whoever calls them; and only those call
-- them who are let to.
do $$
declare
    routine regprocedure;
begin
    foreach routine in array array['make_log_day(date)', 'drop_log_days(date)', 'trim_log(bigint)']::regprocedure[]
    loop
        execute format('alter function %s set search_path = %I, pg_temp', routine, current_schema());
        execute format('revoke all on function %s from public', routine);
    end loop;
end
$$;
