import { classId } from './class-id.js'

/** The lower bits of a token, which count within an epoch. Seconds fit above them until 2092. */
const EPOCH_SHIFT = 32
/** The most waiters that a waiter is shown: a turn must not cost more as the queue grows. */
const SHOWN_WAITERS = 32

/**
 * Locks. A row of `claim` is a holder (it has a token) or a waiter. All calls about one resource take turns through a
 * transaction-level advisory lock, so tickets rise in order of arrival and a call that makes room admits the next
 * waiter.
 *
 * The server's clock can be set. A lease that expires while its owner's connection is open is first doubted: the owner
 * is notified and responds within milliseconds, or with its next renewal. The lease ends only half a lease later.
 */
export const LOCK_FUNCTIONS = `
create function cli_ops.turn(space text, kind text, resource text) returns void language sql as $$
  select pg_catalog.pg_advisory_xact_lock(${classId('resource')}, pg_catalog.hashtext(space || chr(31) || kind || chr(31) || resource))
$$;

create function cli_ops.is_connected(driver text) returns boolean language sql as $$
  select exists (
    select from pg_catalog.pg_locks
    where locktype = 'advisory' and mode = 'ShareLock' and granted and classid = ${classId('driver')}
      and objid = (pg_catalog.hashtext(driver)::bigint & 4294967295)::oid
      and database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))
$$;

-- Returns whether a waiter's process is there. A hub's clients ask again through the next hub.
create function cli_ops.is_there(waiter cli_ops.claim) returns boolean language sql as $$
  select cli_ops.is_connected(waiter.driver) or (waiter.info::pg_catalog.json ->> 'relayed') is not null
$$;

-- The same at a cost that does not grow with the number of connections, so that it can be asked about each waiter. For
-- display only: while two sessions ask at the same instant, one of them counts a dead waiter. A single expression cannot
-- be interrupted between the lock and its release.
create function cli_ops.counts(waiter cli_ops.claim) returns boolean language sql as $$
  select case
    when (waiter.info::pg_catalog.json ->> 'relayed') is not null then true
    when pg_catalog.pg_try_advisory_lock(${classId('driver')}, pg_catalog.hashtext(waiter.driver))
      then not pg_catalog.pg_advisory_unlock(${classId('driver')}, pg_catalog.hashtext(waiter.driver))
    else true
  end
$$;

create function cli_ops.tell(driver text, message text) returns void language sql as $$
  select pg_catalog.pg_notify('cli_ops_to_' || driver, message)
$$;

-- The epoch rises with every promotion of a replica, which can lose writes, and with every restored copy: a dump creates the
-- table again, in the same cluster too.
create function cli_ops.epoch() returns bigint language plpgsql as $$
declare
  present int := ('x' || substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int;
  own oid := 'cli_ops.meta'::regclass;
  known record;
begin
  select m.epoch, m.timeline, m.relation into strict known from cli_ops.meta m;
  if known.timeline = present and known.relation = own then return known.epoch; end if;
  update cli_ops.meta m
    set epoch = case when m.relation = own then m.epoch + greatest(1, present - m.timeline)
        else greatest(m.epoch + 1000, cli_ops.seconds()) end,
      timeline = present, relation = own, since = clock_timestamp()
    where m.timeline <> present or m.relation <> own;
  return (select m.epoch from cli_ops.meta m);
end $$;

create function cli_ops.next_token() returns bigint language sql as $$
  select (cli_ops.epoch() << ${EPOCH_SHIFT}) + nextval('cli_ops.token')
$$;

-- A promotion can lose grants whose owners do not know yet: nothing is granted for one lease.
create function cli_ops.delayed_ms(lease int) returns double precision language plpgsql as $$
begin
  -- A separate statement, so that the next one sees its changes.
  perform cli_ops.epoch();
  return (select greatest(0, lease - extract(epoch from clock_timestamp() - m.since) * 1000) from cli_ops.meta m);
end $$;

create function cli_ops.is_open(a_space text, a_kind text, a_resource text, a_mode text) returns boolean language sql as $$
  select not exists (
    select from cli_ops.claim c
    where c.space = a_space and c.kind = a_kind and c.resource = a_resource and c.token is not null
      and (a_mode = 'x' or c.mode = 'x'))
$$;

-- Removes expired claims, admits the waiters that are connected in order while there is room, and returns the expired holders.
create function cli_ops.settle(a_space text, a_kind text, a_resource text)
returns setof cli_ops.claim language plpgsql as $$
declare
  instant timestamptz := clock_timestamp();
  each cli_ops.claim;
  granted bigint;
begin
  for each in
    update cli_ops.claim c set doubted = instant
    where c.space = a_space and c.kind = a_kind and c.resource = a_resource and c.token is not null
      and c.ends <= instant and c.doubted is null and cli_ops.is_connected(c.driver)
    returning c.*
  loop
    perform cli_ops.tell(each.driver, 'renew ' || each.id);
  end loop;
  for each in
    delete from cli_ops.claim c
    where c.space = a_space and c.kind = a_kind and c.resource = a_resource and c.ends <= instant
      and (c.token is null or c.doubted is null or c.doubted + c.lease * interval '0.0005 s' <= instant)
    returning c.*
  loop
    continue when each.token is null;
    perform cli_ops.tell(each.driver, 'lost ' || each.id);
    return next each;
  end loop;
  for each in
    select c.* from cli_ops.claim c
    where c.space = a_space and c.kind = a_kind and c.resource = a_resource and c.token is null order by c.ticket
  loop
    exit when not cli_ops.is_open(a_space, a_kind, a_resource, 's');
    -- It has died, or is connecting again: it keeps its position.
    continue when not cli_ops.is_there(each);
    exit when not cli_ops.is_open(a_space, a_kind, a_resource, each.mode) or cli_ops.delayed_ms(each.lease) > 0;
    granted := cli_ops.next_token();
    update cli_ops.claim c set token = granted, since = clock_timestamp()
      where c.space = a_space and c.kind = a_kind and c.id = each.id;
    perform cli_ops.tell(each.driver, 'granted ' || each.id || ' ' || granted);
  end loop;
end $$;

create function cli_ops.describe(a_space text, a_kind text, a_resource text, max_waiters int, a_id text)
returns json language sql as $$
  select pg_catalog.json_build_object(
    'resource', a_resource,
    'holders', (select coalesce(json_agg(cli_ops.shown(c) order by c.since), '[]') from cli_ops.claim c
      where c.space = a_space and c.kind = a_kind and c.resource = a_resource and c.token is not null
        and (c.ends > clock_timestamp() or cli_ops.is_connected(c.driver))),
    'waiters', (select coalesce(json_agg(cli_ops.shown(w) order by w.ticket), '[]') from (
      select c.* from cli_ops.claim c
      where c.space = a_space and c.kind = a_kind and c.resource = a_resource and c.token is null and c.ends > clock_timestamp()
      order by c.ticket limit max_waiters) w where w.id = a_id or cli_ops.counts(w)))
$$;

create function cli_ops.standing(a_space text, a_kind text, a_resource text, a_id text)
returns json language plpgsql as $$
declare
  own cli_ops.claim;
  rest double precision;
begin
  select c.* into own from cli_ops.claim c where c.space = a_space and c.kind = a_kind and c.id = a_id;
  if not found then return json_build_object('state', 'gone'); end if;
  if own.token is not null then return json_build_object('state', 'granted', 'token', own.token::text); end if;
  select min(extract(epoch from greatest(c.ends, c.doubted + c.lease * interval '0.0005 s') - clock_timestamp())) * 1000
    into rest from cli_ops.claim c
    where c.space = a_space and c.kind = a_kind and c.resource = a_resource and c.token is not null;
  return json_build_object(
    'state', 'waiting',
    'ahead', (select count(*) from (
      select c.* from cli_ops.claim c
      where c.space = a_space and c.kind = a_kind and c.resource = a_resource and c.token is null and c.ticket < own.ticket
      order by c.ticket limit ${SHOWN_WAITERS}) before where cli_ops.counts(before)),
    'endsInMs', greatest(0, coalesce(rest, cli_ops.delayed_ms(own.lease))),
    'info', cli_ops.describe(a_space, a_kind, a_resource, ${SHOWN_WAITERS}, a_id));
end $$;

create function cli_ops.ask(a_space text, a_kind text, a_resource text, a_id text, a_mode text, a_lease int,
  a_driver text, a_info text, a_held text[], waits boolean)
returns json language plpgsql as $$
declare
  instant timestamptz;
  granted bigint;
  passes boolean;
begin
  -- Flows that hold something enter queues one after the other, so the last one of a cycle sees all of it.
  if waits and cardinality(a_held) > 0 then
    perform pg_catalog.pg_advisory_xact_lock(${classId('flows')}, pg_catalog.hashtext(a_space || chr(31) || a_kind));
  end if;
  perform cli_ops.turn(a_space, a_kind, a_resource);
  perform cli_ops.settle(a_space, a_kind, a_resource);
  instant := clock_timestamp();
  -- Sent again because the first reply was lost.
  update cli_ops.claim c set ends = instant + a_lease * interval '0.001 s', doubted = null
    where c.space = a_space and c.kind = a_kind and c.id = a_id;
  if found then return cli_ops.standing(a_space, a_kind, a_resource, a_id); end if;
  passes := a_mode = 's' and exists (
    select from cli_ops.claim c where c.space = a_space and c.kind = a_kind and c.resource = a_resource
      and c.mode = 's' and c.token is not null and c.id = any (a_held));
  if cli_ops.is_open(a_space, a_kind, a_resource, a_mode) and cli_ops.delayed_ms(a_lease) = 0 and (passes or not exists (
    select from cli_ops.claim c where c.space = a_space and c.kind = a_kind and c.resource = a_resource and c.token is null
      and cli_ops.is_there(c)))
  then
    granted := cli_ops.next_token();
  elsif not waits then
    return json_build_object('state', 'busy');
  end if;
  insert into cli_ops.claim (space, kind, resource, id, mode, token, ticket, lease, ends, since, driver, info, held)
    values (a_space, a_kind, a_resource, a_id, a_mode, granted, nextval('cli_ops.ticket'), a_lease,
      instant + a_lease * interval '0.001 s', instant, a_driver, a_info, a_held);
  return cli_ops.standing(a_space, a_kind, a_resource, a_id);
end $$;

create function cli_ops.renew(a_space text, a_kind text, a_id text, a_lease int) returns void language sql as $$
  update cli_ops.claim c set ends = clock_timestamp() + a_lease * interval '0.001 s', doubted = null
    where c.space = a_space and c.kind = a_kind and c.id = a_id
$$;

-- Takes its turn before it changes its row: the one whose turn it is may be about to grant it the lock.
create function cli_ops.poll(a_space text, a_kind text, a_resource text, a_id text, a_lease int)
returns json language plpgsql as $$
begin
  if exists (select from cli_ops.claim c
      where c.space = a_space and c.kind = a_kind and c.resource = a_resource and c.ends <= clock_timestamp())
    or not exists (select from cli_ops.claim c
      where c.space = a_space and c.kind = a_kind and c.resource = a_resource and c.token is not null)
  then
    perform cli_ops.turn(a_space, a_kind, a_resource);
    perform cli_ops.renew(a_space, a_kind, a_id, a_lease);
    perform cli_ops.settle(a_space, a_kind, a_resource);
  else
    perform cli_ops.renew(a_space, a_kind, a_id, a_lease);
  end if;
  return cli_ops.standing(a_space, a_kind, a_resource, a_id);
end $$;

-- Restores a grant that a promotion lost, while no other owner can have it.
create function cli_ops.extend(a_space text, a_kind text, a_resource text, a_id text, a_mode text, a_lease int,
  a_driver text, a_info text, a_token bigint)
returns boolean language plpgsql as $$
begin
  update cli_ops.claim c set ends = clock_timestamp() + a_lease * interval '0.001 s', doubted = null
    where c.space = a_space and c.kind = a_kind and c.id = a_id and c.token is not null;
  if found then return true; end if;
  if a_token >> ${EPOCH_SHIFT} >= cli_ops.epoch() or cli_ops.delayed_ms(a_lease) = 0 then return false; end if;
  perform cli_ops.turn(a_space, a_kind, a_resource);
  if not cli_ops.is_open(a_space, a_kind, a_resource, a_mode) then return false; end if;
  insert into cli_ops.claim (space, kind, resource, id, mode, token, ticket, lease, ends, since, driver, info, held)
    values (a_space, a_kind, a_resource, a_id, a_mode, a_token, nextval('cli_ops.ticket'), a_lease,
      clock_timestamp() + a_lease * interval '0.001 s', clock_timestamp(), a_driver, a_info, '{}');
  return true;
end $$;

create function cli_ops.release(a_space text, a_kind text, a_resource text, a_id text)
returns void language plpgsql as $$
begin
  perform cli_ops.turn(a_space, a_kind, a_resource);
  delete from cli_ops.claim c where c.space = a_space and c.kind = a_kind and c.id = a_id;
  if found then perform cli_ops.settle(a_space, a_kind, a_resource); end if;
end $$;

create function cli_ops.force_release(a_space text, a_kind text, a_resource text, a_id text)
returns boolean language plpgsql as $$
declare
  taken cli_ops.claim;
begin
  perform cli_ops.turn(a_space, a_kind, a_resource);
  perform cli_ops.settle(a_space, a_kind, a_resource);
  delete from cli_ops.claim c
    where c.space = a_space and c.kind = a_kind and c.resource = a_resource and c.id = a_id and c.token is not null
    returning c.* into taken;
  if not found then return false; end if;
  perform cli_ops.tell(taken.driver, 'lost ' || a_id);
  perform cli_ops.settle(a_space, a_kind, a_resource);
  return true;
end $$;

create function cli_ops.list(a_space text, a_kind text) returns setof json language sql as $$
  select cli_ops.describe(a_space, a_kind, r.resource, null, null) from (
    select distinct c.resource from cli_ops.claim c where c.space = a_space and c.kind = a_kind) r
$$;

create function cli_ops.clean(a_space text, a_kind text) returns setof json language plpgsql as $$
declare
  name text;
  gone cli_ops.claim;
begin
  for name in
    select distinct c.resource from cli_ops.claim c
    where c.space = a_space and c.kind = a_kind and c.ends <= clock_timestamp() order by 1
  loop
    perform cli_ops.turn(a_space, a_kind, name);
    for gone in select * from cli_ops.settle(a_space, a_kind, name) loop
      return next json_build_object('resource', name, 'holders', json_build_array(cli_ops.shown(gone)), 'waiters', '[]'::json);
    end loop;
  end loop;
end $$;
`
