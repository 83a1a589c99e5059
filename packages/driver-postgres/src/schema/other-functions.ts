import { classId } from './class-id.js'

/** The greeting on each connection, the registry, and request frames. */
export const OTHER_FUNCTIONS = `
-- A copy in another cluster, from a dump for example, can be behind what was granted and stored since.
create function cli_ops.greet(driver text) returns int language plpgsql as $$
begin
  perform pg_catalog.pg_advisory_lock_shared(${classId('driver')}, pg_catalog.hashtext(driver));
  update cli_ops.meta m set system = c.system_identifier::text, epoch = greatest(m.epoch + 1000, cli_ops.seconds()),
      since = clock_timestamp(), relation = 'cli_ops.meta'::regclass::oid,
      timeline = ('x' || substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int
    from pg_catalog.pg_control_system() c where m.system <> c.system_identifier::text;
  return (select m.version from cli_ops.meta m);
end $$;

create function cli_ops.prune(a_space text, channel text) returns setof text language plpgsql as $$
declare
  gone text;
begin
  perform set_config('synchronous_commit', 'off', true);
  for gone in delete from cli_ops.instance i where i.space = a_space and i.ends <= clock_timestamp() returning i.record loop
    perform pg_catalog.pg_notify(channel, 'down');
    return next gone;
  end loop;
end $$;

create function cli_ops.announce(a_space text, channel text, a_lease int, is_new boolean, keys text[], records text[])
returns void language plpgsql as $$
declare
  ending timestamptz := clock_timestamp() + a_lease * interval '0.001 s';
  missing boolean;
begin
  perform cli_ops.prune(a_space, channel);
  missing := (select count(*) from cli_ops.instance i where i.space = a_space and i.key = any (keys)) < cardinality(keys);
  -- A renewal restores only what the server lost: another thread may have announced more since.
  insert into cli_ops.instance as i (space, key, record, ends)
    select a_space, r.key, r.record, ending from unnest(keys, records) as r (key, record)
    on conflict (space, key) do update
      set ends = excluded.ends, record = case when is_new then excluded.record else i.record end;
  if is_new or missing then perform pg_catalog.pg_notify(channel, 'up'); end if;
end $$;

create function cli_ops.withdraw(a_space text, channel text, a_key text) returns void language plpgsql as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  delete from cli_ops.instance i where i.space = a_space and i.key = a_key;
  if found then perform pg_catalog.pg_notify(channel, 'down'); end if;
end $$;

-- False if no driver is listening there.
create function cli_ops.send(driver text, parts text[]) returns boolean language plpgsql as $$
declare
  part text;
begin
  if not exists (
    select from pg_catalog.pg_locks
    where locktype = 'advisory' and granted and classid = ${classId('inbox')}
      and objid = (pg_catalog.hashtext(driver)::bigint & 4294967295)::oid
      and database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))
  then return false; end if;
  perform set_config('synchronous_commit', 'off', true);
  foreach part in array parts loop
    perform cli_ops.tell(driver, part);
  end loop;
  return true;
end $$;
`
