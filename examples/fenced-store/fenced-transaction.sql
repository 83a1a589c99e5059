-- A fence for any number of tables: one row for each lock, with the highest token that has written.
create table if not exists fence (
  resource text primary key,
  token bigint not null
);

-- $1 resource, $2 token. First in the transaction. No row comes back where the token is stale.
insert into fence (resource, token) values ($1, $2)
on conflict (resource) do update set token = excluded.token
where fence.token <= excluded.token
returning token;
