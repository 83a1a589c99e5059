import { classId } from './class-id.js'

/** The tables of schema version 1. What a crash can lose because it is announced again is unlogged. */
export const TABLES = `
create table cli_ops.meta (
  single boolean primary key default true check (single),
  version int not null,
  system text not null,
  relation oid not null,
  timeline int not null,
  epoch bigint not null,
  since timestamptz not null
);
-- The seconds since 2024. An epoch begins with them, so tokens and positions are above those of a schema that was dropped or restored.
create function cli_ops.seconds() returns bigint language sql as $$
  select extract(epoch from clock_timestamp() - timestamptz '2024-01-01 00:00:00+00')::bigint
$$;
-- Drivers that are connected already have used a schema that was dropped since, perhaps in this second, and may hold its locks.
insert into cli_ops.meta (version, system, relation, timeline, epoch, since)
  select 0, c.system_identifier::text, 'cli_ops.meta'::regclass::oid,
    ('x' || substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int,
    cli_ops.seconds() + case when u.is_in_use then 1 else 0 end,
    case when u.is_in_use then clock_timestamp() else '2000-01-01 00:00:00+00' end
  from pg_catalog.pg_control_system() c, (select exists (
    select from pg_catalog.pg_locks
    where locktype = 'advisory' and mode = 'ShareLock' and granted and classid = ${classId('driver')}
      and database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())) as is_in_use) u;

create sequence cli_ops.token;
create sequence cli_ops.ticket;
create table cli_ops.claim (
  space text not null,
  kind text not null,
  resource text not null,
  id text not null,
  mode text not null,
  token bigint,
  ticket bigint not null,
  lease int not null,
  ends timestamptz not null,
  doubted timestamptz,
  since timestamptz not null,
  driver text not null,
  info text not null,
  held text[] not null,
  primary key (space, kind, id)
) with (fillfactor = 50);
create index claim_queue on cli_ops.claim (space, kind, resource, ticket);
create index claim_flows on cli_ops.claim using gin (held) where cardinality(held) > 0;

create function cli_ops.shown(c cli_ops.claim) returns json language sql immutable as $$
  select json_build_object('id', c.id, 'mode', c.mode, 'token', c.token::text,
    'since', floor(extract(epoch from c.since) * 1000), 'info', c.info)
$$;

create table cli_ops.log (
  space text primary key,
  epoch bigint not null,
  n bigint not null,
  bytes bigint not null,
  was_epoch bigint not null,
  was_n bigint not null,
  replicated boolean not null
) with (fillfactor = 50);
create table cli_ops.event (
  space text not null,
  epoch bigint not null,
  n bigint not null,
  origin_epoch bigint,
  origin_n bigint,
  at timestamptz not null,
  size int not null,
  json text not null,
  primary key (space, epoch, n)
);
create table cli_ops.consumer (
  space text not null,
  name text not null,
  epoch bigint not null,
  n bigint not null,
  primary key (space, name)
) with (fillfactor = 50);
create table cli_ops.attempt (
  space text not null,
  consumer text not null,
  cursor text not null,
  count int not null,
  at timestamptz not null,
  primary key (space, consumer, cursor)
);
create table cli_ops.parked (
  space text not null,
  consumer text not null,
  cursor text not null,
  epoch bigint not null,
  n bigint not null,
  id text not null,
  json text not null,
  retry boolean not null default false
);
create unique index parked_event on cli_ops.parked (space, consumer, cursor, md5(id));

create unlogged table cli_ops.instance (
  space text not null,
  key text not null,
  record text not null,
  ends timestamptz not null,
  primary key (space, key)
) with (fillfactor = 50);
`
