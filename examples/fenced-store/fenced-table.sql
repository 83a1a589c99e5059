-- The same fence as a table of PostgreSQL: the statement that writes is the one that checks.
create table if not exists report (
  id text primary key,
  token bigint not null,
  value jsonb not null
);

-- $1 id, $2 token, $3 value. No row comes back where the token is stale, and nothing was written.
insert into report (id, token, value) values ($1, $2, $3)
on conflict (id) do update set token = excluded.token, value = excluded.value
where report.token <= excluded.token
returning token;
