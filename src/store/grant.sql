-- What the role that serves may do, and nothing else: run by `dispatch-hub migrate --grant-to ROLE`
-- as the owner of the schema, with the role's name in hub.grantee. What is only ever added to is not
-- its to change: the audit trail, the security log, the facts, the log of publications. Tables that
-- are not named here are the business's rows.
do $$
declare
    server constant name := current_setting('hub.grantee');
    home constant name := current_schema();
    thing record;
begin
    if not exists (select from pg_roles where rolname = server) then
        raise exception 'there is no role % in the database', quote_ident(server)
            using hint = 'create it first: create role … login', errcode = 'undefined_object';
    end if;
    if pg_has_role(server, (select relowner from pg_class where oid = 'audit'::regclass), 'member') then
        raise exception 'the role % owns the schema, so that no right can be kept from it', quote_ident(server)
            using hint = 'serve under another role than the one that migrates', errcode = 'invalid_grant_operation';
    end if;
    execute format('revoke all on all tables in schema %I from %I', home, server);
    execute format('revoke all on all sequences in schema %I from %I', home, server);
    execute format('revoke all on schema %I from %I', home, server);
    execute format('grant usage on schema %I to %I', home, server);
    execute format('grant usage on all sequences in schema %I to %I', home, server);
    for thing in
        select oid::regclass as name, case
            when relispartition then null
            when relname = '_sqlx_migrations' then 'select'
            when relname in ('audit', 'security_event', 'domain_event', 'publication') then 'select, insert'
            when relname in ('channel', 'log_epoch', 'signing_key', 'account') then 'select, insert, update'
            else 'select, insert, update, delete'
        end as rights
        from pg_class where relnamespace = home::regnamespace and relkind in ('r', 'p')
    loop
        if thing.rights is not null then
            execute format('grant %s on %s to %I', thing.rights, thing.name, server);
        end if;
    end loop;
    for thing in
        select oid::regprocedure as name from pg_proc where pronamespace = home::regnamespace and prosecdef
    loop
        execute format('grant execute on function %s to %I', thing.name, server);
    end loop;
end
$$;
