-- How many exchanges of its refresh token a sign-in has seen. A token says its own number: one that is
-- newer than the row is not stolen, the database has been put back to before it was made.
alter table sign_in add column generation bigint not null default 0;
