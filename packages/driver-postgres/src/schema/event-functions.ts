/**
 * Events. Positions are dense within a namespace and rise in commit order: an append holds the row of its log until its
 * transaction ends. A promotion begins a new epoch; numbers continue, and the first event of an epoch says which end of
 * the log it follows, if nothing can have been lost.
 */
export const EVENT_FUNCTIONS = `
-- Removes old events that no group needs, and any event while the log is too large; never the newest one.
create function cli_ops.expire(a_space text, max_bytes bigint, cutoff timestamptz, max_count int)
returns bigint language plpgsql as $$
declare
  kept cli_ops.log;
  needed record;
  removed bigint;
  freed bigint;
begin
  select l.* into kept from cli_ops.log l where l.space = a_space for update;
  if not found then return 0; end if;
  select c.epoch, c.n into needed from cli_ops.consumer c where c.space = a_space order by c.epoch, c.n limit 1;
  with oldest as (
    select e.epoch, e.n, e.size, e.at, sum(e.size) over (order by e.epoch, e.n) - e.size as freed_before,
      bool_and(e.at < cutoff and (needed.epoch is null or (e.epoch, e.n) <= (needed.epoch, needed.n)))
        over (order by e.epoch, e.n) as is_over
    from (select * from cli_ops.event e where e.space = a_space and (e.epoch, e.n) < (kept.epoch, kept.n)
      order by e.epoch, e.n limit max_count) e
  ), gone as (
    delete from cli_ops.event e using oldest o
    where e.space = a_space and e.epoch = o.epoch and e.n = o.n
      and (o.is_over or kept.bytes - o.freed_before > max_bytes)
    returning e.size
  )
  select count(*), coalesce(sum(size), 0) into removed, freed from gone;
  if removed > 0 then update cli_ops.log l set bytes = l.bytes - freed where l.space = a_space; end if;
  return removed;
end $$;

create function cli_ops.append(a_space text, known_epoch bigint, known_n bigint, max_bytes bigint, cutoff timestamptz,
  durable boolean, channel text, jsons text[], times timestamptz[])
returns text language plpgsql as $$
declare
  kept cli_ops.log;
  present bigint := cli_ops.epoch();
  first bigint;
  follows_epoch bigint;
  follows_n bigint;
  total bigint;
  hint text;
begin
  if durable then
    if current_setting('fsync') = 'off' then
      raise exception using errcode = 'CO001',
        message = 'durable events need a server with fsync = on, and this one has fsync = off';
    end if;
    if current_setting('synchronous_commit') in ('off', 'local') then perform set_config('synchronous_commit', 'on', true); end if;
  end if;
  insert into cli_ops.log as l (space, epoch, n, bytes, was_epoch, was_n, replicated)
    values (a_space, present, 0, 0, 0, 0, false)
    on conflict (space) do update set n = l.n returning l.* into kept;
  if kept.n = 0 then
    -- A position in a log that has gone precedes this whole log.
    follows_epoch := 0; follows_n := 0;
  elsif kept.epoch <> present then
    if kept.replicated then follows_epoch := kept.epoch; follows_n := kept.n; end if;
    kept.was_epoch := kept.epoch; kept.was_n := kept.n; kept.epoch := present;
    if known_epoch = kept.was_epoch and known_n > kept.n then kept.n := known_n; kept.was_n := known_n; end if;
  elsif known_epoch = kept.was_epoch and known_n > kept.was_n then
    kept.n := kept.n + known_n - kept.was_n; kept.was_n := known_n;
  end if;
  first := kept.n + 1;
  select sum(octet_length(j)) into total from unnest(jsons) j;
  insert into cli_ops.event (space, epoch, n, origin_epoch, origin_n, at, size, json)
    select a_space, kept.epoch, kept.n + i.ordinality, case when i.ordinality = 1 then follows_epoch end,
      case when i.ordinality = 1 then follows_n end, i.at, octet_length(i.json), i.json
    from unnest(jsons, times) with ordinality as i (json, at, ordinality);
  kept.n := kept.n + cardinality(jsons);
  update cli_ops.log l set epoch = kept.epoch, n = kept.n, bytes = l.bytes + total, was_epoch = kept.was_epoch, was_n = kept.was_n,
      replicated = current_setting('synchronous_standby_names') <> '' and current_setting('synchronous_commit') in ('on', 'remote_apply')
    where l.space = a_space;
  if kept.bytes + total > max_bytes or kept.n / 64 <> (first - 1) / 64 then
    perform cli_ops.expire(a_space, max_bytes, cutoff, 500 + cardinality(jsons));
  end if;
  hint := kept.epoch || ' ' || first || ' ' || kept.n;
  if total < 7000 then hint := hint || E'\\n' || array_to_string(jsons, E'\\n'); end if;
  if octet_length(hint) > 7900 then hint := kept.epoch || ' ' || first || ' ' || kept.n; end if;
  perform pg_catalog.pg_notify(channel, hint);
  return kept.epoch || ' ' || first;
end $$;
`
