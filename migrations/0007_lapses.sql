-- Rights that have ended, so that every instance ends the connections and subscriptions that stand on
-- them, whatever becomes of the wire between instances and of the process that ended the right.
--
-- A row is written by the transaction that ends the right and read by its transaction id, as the
-- log's heads are: what reading costs follows from what ends, not from who is connected. It says only
-- what to look at again, never what to do: whoever reads it late asks what is true by then.

create table lapse (
    id bigint generated always as identity,
    at timestamptz not null default clock_timestamp(),
    xact xid8 not null default pg_current_xact_id(),
    -- without a channel: all connections of the account; without an account: everybody on the channel
    account_id uuid,
    channel text,
    constraint lapse_pk primary key (id),
    constraint lapse_about_something check (account_id is not null or channel is not null)
);
create index lapse_xact_ix on lapse (xact);
create index lapse_at_ix on lapse (at);

-- By the database itself, so that no way of ending a sign-in or changing an account forgets it: not a
-- version that runs beside this one, and not an operator with psql.
create function note_lapse() returns trigger
    language plpgsql
as $$
begin
    insert into lapse (account_id)
    values (case tg_table_name when 'account' then (to_jsonb(old) ->> 'id')::uuid
        else (to_jsonb(old) ->> 'account_id')::uuid end);
    return null;
end
$$;

create trigger account_lapses after update of role, disabled_at on account for each row
    when (new.role <> old.role or (new.disabled_at is not null and old.disabled_at is null))
    execute function note_lapse();
create trigger sign_in_lapses after update of revoked_at on sign_in for each row
    when (new.revoked_at is not null and old.revoked_at is null)
    execute function note_lapse();
