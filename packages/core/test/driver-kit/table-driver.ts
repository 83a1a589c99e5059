import {
  type CreateDriver,
  CliOpsError,
  createLockInfo,
  type Cursor,
  currentInstant,
  describeOwner,
  type EventDriver,
  type EventEnvelope,
  findCycle,
  GroupReader,
  type Holder,
  type Instant,
  LeasedGrant,
  type LeaseQueue,
  LeaseWait,
  type LockDriver,
  type LockInfo,
  type LockRequest,
  type LockWait,
  ownOwner,
  parseJson,
  PolledReader,
  randomId,
  type Retention,
  type Standing,
  type StartPosition,
  type StoredEvent,
} from '@cli-ops/shared-ipc/driver'

/** A row of a lock: held if it has a token, else waiting. A resource's rows are in order of arrival. */
interface LockRow {
  readonly request: LockRequest
  readonly holder: Omit<Holder, 'token'>
  token: bigint
  until: number
}

interface EventRow {
  readonly n: number
  readonly json: string
  readonly storedAt: number
}

/** Two tables and a counter: what a database without messages offers. */
class Tables {
  locks: LockRow[] = []
  events: EventRow[] = []
  readonly groups = new Map<string, number>()
  #tokens = 0n
  #end = 0

  get end(): number {
    return this.#end
  }

  nextToken(): bigint {
    return (this.#tokens += 1n)
  }

  nextEvent(): number {
    return (this.#end += 1)
  }
}

const namespaces = new Map<string, Tables>()

/** Runs a transaction, as a server on a network does: later, and one after the other. */
async function transact<T>(tables: Tables, work: (tables: Tables) => T): Promise<T> {
  await new Promise(setImmediate)
  return work(tables)
}

const isHeld = ({ token }: LockRow): boolean => token > 0n

/** All that a third party writes to put locks and events on tables. */
export const createTableDriver: CreateDriver = ({ url, namespace, leaseMs, timeoutMs }) => {
  const key = `${url.href} ${namespace}`
  const tables = namespaces.get(key) ?? new Tables()
  namespaces.set(key, tables)
  const locks = new TableLocks(tables, leaseMs, timeoutMs)
  return {
    name: 'table',
    capabilities: {
      leases: true,
      sharedLocks: true,
      synchronous: false,
      replay: true,
      durableGroups: true,
      parking: false,
      remote: true,
    },
    locks,
    events: tableEvents(tables, locks),
    close: () => locks.close(),
  }
}

class TableLocks implements LockDriver, LeaseQueue {
  readonly leaseMs: number
  readonly timeoutMs: number
  readonly lookEveryMs = 20
  readonly #tables: Tables
  readonly #grants = new Map<string, LeasedGrant>()
  readonly #waits = new Set<LeaseWait>()

  constructor(tables: Tables, leaseMs: number, timeoutMs: number) {
    this.#tables = tables
    this.leaseMs = leaseMs
    this.timeoutMs = timeoutMs
  }

  async tryAcquire(request: LockRequest) {
    const sentAt = currentInstant()
    const standing = await transact(this.#tables, () => this.#enter(request, false))
    return standing.state === 'granted' ? this.hold(request, standing.token, sentAt) : null
  }

  async acquire(request: LockRequest, wait: LockWait) {
    wait.signal.throwIfAborted()
    const waiting = new LeaseWait(this, request, wait)
    this.#waits.add(waiting)
    return waiting.granted().finally(() => this.#waits.delete(waiting))
  }

  ask(request: LockRequest): Promise<Standing> {
    return transact(this.#tables, () => this.#enter(request, true))
  }

  poll({ resource, id }: LockRequest): Promise<Standing> {
    return transact(this.#tables, () => {
      const own = this.#settled(resource).find((row) => row.request.id === id)
      if (own === undefined) return { state: 'gone' }
      own.until = Date.now() + this.leaseMs
      return this.#standing(own)
    })
  }

  hold({ id, resource }: LockRequest, token: bigint, sentAt: Instant, usableMs = this.leaseMs) {
    const grant = new LeasedGrant(
      { id, token, grantedAt: new Date(), usableMs: usableMs, sentAt },
      {
        leaseMs: this.leaseMs,
        renew: () =>
          transact(this.#tables, () => {
            const own = this.#settled(resource).find((row) => row.request.id === id)
            if (own === undefined) return 0
            own.until = Date.now() + this.leaseMs
            return this.leaseMs
          }),
        release: () => this.#remove(id),
        forget: () => this.#grants.delete(id),
      },
    )
    this.#grants.set(id, grant)
    return grant
  }

  leave({ id }: LockRequest): Promise<void> {
    return this.#remove(id)
  }

  inspect(resource: string): Promise<LockInfo | null> {
    return transact(this.#tables, () => this.#describe(resource))
  }

  list(): Promise<LockInfo[]> {
    return transact(this.#tables, ({ locks }) => {
      const resources = new Set(locks.map(({ request }) => request.resource))
      return [...resources].flatMap((resource) => this.#describe(resource) ?? [])
    })
  }

  async forceRelease(resource: string, id: string): Promise<boolean> {
    const rows = await transact(this.#tables, () => this.#settled(resource))
    if (!rows.some((row) => isHeld(row) && row.request.id === id)) return false
    await this.#remove(id)
    this.#grants.get(id)?.lose()
    return true
  }

  clean(): LockInfo[] {
    return []
  }

  async close(): Promise<void> {
    for (const wait of this.#waits) wait.end(new CliOpsError('CLOSED', 'the driver was closed'))
    await Promise.all([...this.#grants.values()].map((grant) => grant.release()))
  }

  #enter(request: LockRequest, waits: boolean): Standing {
    const { resource, mode, held, id, label, owner = ownOwner() } = request
    const rows = this.#settled(resource)
    const known = rows.find((row) => row.request.id === id)
    if (known !== undefined) return this.#standing(known)
    const since = new Date()
    const holder = { id, owner, since, ...(label !== undefined && { label }) }
    const row: LockRow = { request, holder, token: 0n, until: Date.now() + this.leaseMs }
    const isReentry =
      mode === 'shared' && rows.some((other) => isHeld(other) && held.includes(other.request.id))
    if (isReentry || (rows.every(isHeld) && isOpen(rows, request)))
      row.token = this.#tables.nextToken()
    else if (!waits) return { state: 'busy' }
    else this.#assertEnds(row, rows.find(isHeld))
    this.#tables.locks.push(row)
    return this.#standing(row)
  }

  #assertEnds({ request }: LockRow, holder: LockRow | undefined): void {
    const { locks } = this.#tables
    const cycle = findCycle<LockRequest, LockRow>(request, {
      idOf: (row) => row.request.id,
      modeOf: (of) => ('request' in of ? of.request.mode : of.mode),
      holdersFor: ({ resource }) =>
        locks.filter((row) => isHeld(row) && row.request.resource === resource),
      isBehindExclusive: (waiting) => {
        const queue = locks.filter(
          (row) => !isHeld(row) && row.request.resource === waiting.resource,
        )
        const position = queue.findIndex((row) => row.request === waiting)
        const ahead = position < 0 ? queue : queue.slice(0, position)
        return ahead.some((row) => row.request.mode === 'exclusive')
      },
      waitersHolding: ({ request: { id } }) =>
        locks
          .filter((row) => !isHeld(row) && row.request.held.includes(id))
          .map((row) => row.request),
      closes: (row) => request.held.includes(row.request.id),
    })
    if (cycle === undefined) return
    const resources = cycle.map(({ waiter }) => waiter.resource)
    const owner = describeOwner(holder?.holder.owner ?? ownOwner())
    throw new CliOpsError(
      'LOCK_DEADLOCK',
      `waiting for "${request.resource}" would never end: ${owner} holds ${resources.join(', ')}`,
      { details: { resource: request.resource, cycle: resources } },
    )
  }

  #standing(row: LockRow): Standing {
    if (isHeld(row)) return { state: 'granted', token: row.token }
    const rows = this.#rows(row.request.resource)
    const holder = rows.find(isHeld)
    return {
      state: 'waiting',
      ahead: rows.filter((other) => !isHeld(other)).indexOf(row),
      holderEndsInMs: Math.max(0, (holder?.until ?? 0) - Date.now()),
      info: this.#describe(row.request.resource),
    }
  }

  #rows(resource: string): LockRow[] {
    return this.#tables.locks.filter(({ request }) => request.resource === resource)
  }

  /** Returns a resource's rows, without expired ones, and with the waiters admitted that have room. */
  #settled(resource: string): LockRow[] {
    const now = Date.now()
    this.#tables.locks = this.#tables.locks.filter(({ until }) => until > now)
    const rows = this.#rows(resource)
    for (const row of rows.filter((each) => !isHeld(each))) {
      if (!isOpen(rows, row.request)) break
      row.token = this.#tables.nextToken()
    }
    return rows
  }

  #describe(resource: string): LockInfo | null {
    const rows = this.#settled(resource)
    return createLockInfo({
      resource,
      mode: (rows.find(isHeld) ?? rows[0])?.request.mode ?? 'exclusive',
      holders: rows.filter(isHeld).map(({ holder, token }) => ({ ...holder, token })),
      waiting: () =>
        rows
          .filter((row) => !isHeld(row))
          .map(({ holder: { id: _id, ...waiter }, request: { mode } }) => ({
            ...waiter,
            ...(mode === 'shared' && { mode }),
          })),
    })
  }

  async #remove(id: string): Promise<void> {
    await transact(this.#tables, (all) => {
      all.locks = all.locks.filter(({ request }) => request.id !== id)
    })
  }
}

function isOpen(rows: readonly LockRow[], { mode }: LockRequest): boolean {
  const holders = rows.filter(isHeld)
  if (holders.length === 0) return true
  return mode === 'shared' && holders.every(({ request }) => request.mode === 'shared')
}

function tableEvents(tables: Tables, locks: TableLocks): EventDriver {
  const groupLocks = new TableLocks(tables, locks.leaseMs, locks.timeoutMs)
  const read = (from: () => Promise<number>): PolledReader<number> =>
    new PolledReader<number>({
      lookEveryMs: 10,
      begin: from,
      toCursor,
      fetch: (position) => transact(tables, () => fetchBehind(tables, position)),
    })
  return {
    append: (records, { retention }) =>
      transact(tables, () => {
        const cursors = records.map(({ json }) => {
          const n = tables.nextEvent()
          tables.events.push({ n, json, storedAt: performance.now() })
          return toCursor(n)
        })
        expire(tables, retention)
        return cursors
      }),
    openReader: ({ from, group }) => {
      const begin = startOf(tables, from)
      if (group === undefined) return read(begin)
      const id = randomId()
      const request = { resource: `group:${group}`, mode: 'exclusive', id, held: [] } as const
      return new GroupReader(group, {
        join: async () => {
          const position = await begin()
          if (!tables.groups.has(group)) tables.groups.set(group, position)
        },
        takeOver: async (signal) => {
          const grant = await groupLocks.acquire(request, { signal })
          const reader = read(() => transact(tables, ({ groups }) => groups.get(group) ?? 0))
          await reader.ready
          return {
            reader,
            isHeld: () => grant.isHeld(),
            onLost: (listener) => grant.onLost(listener),
            commit: (cursor) =>
              transact(tables, ({ groups }) => void groups.set(group, Number(cursor))),
            release: () => void grant.release(),
          }
        },
        end: () => undefined,
      })
    },
    clean: (retention) => transact(tables, () => expire(tables, retention)),
  }
}

const toCursor = (position: number): Cursor => String(position) as Cursor

function startOf(tables: Tables, from: StartPosition): () => Promise<number> {
  const isCursor = typeof from === 'string' && /^\d{1,15}$/u.test(from)
  if (!isCursor && from !== 'latest' && from !== 'earliest')
    if (!(from instanceof Date) || Number.isNaN(from.getTime()))
      throw new TypeError(`from must be a cursor of this log or a valid date, got ${String(from)}`)
  return () =>
    transact(tables, ({ events, end }) => {
      if (isCursor) return Number(from)
      if (from === 'latest') return end
      const first =
        from instanceof Date
          ? events.find(
              ({ json }) => Date.parse((parseJson(json) as StoredEvent).time) >= from.getTime(),
            )
          : events[0]
      return first === undefined ? end : first.n - 1
    })
}

function fetchBehind({ events, end }: Tables, position: number) {
  const first = events[0]?.n ?? end + 1
  if (position < first - 1 || position > end) {
    const resumeAt = first - 1
    const gap = {
      expected: toCursor(position),
      resumeAt: toCursor(resumeAt),
      missed: Math.max(0, resumeAt - position),
    }
    return { slices: [{ gap, events: [], position: resumeAt }], isMore: true }
  }
  const rows = events.filter(({ n }) => n > position).slice(0, 256)
  const found = rows.map(({ n, json }): EventEnvelope =>
    Object.assign(parseJson(json) as StoredEvent, { cursor: toCursor(n) }),
  )
  const slice = { events: found, position: rows.at(-1)?.n ?? position }
  return { slices: [slice], isMore: rows.length === 256 }
}

/** Removes old events that no group needs, and any event while the log is too large; never the newest one. */
function expire(tables: Tables, { retentionMs, maxBytes }: Retention): number {
  const oldest = performance.now() - retentionMs
  const needed = Math.min(...tables.groups.values())
  let bytes = tables.events.reduce((sum, { json }) => sum + json.length, 0)
  const before = tables.events.length
  while (tables.events.length > 1) {
    const [row] = tables.events
    if (row === undefined) break
    const isOld = row.storedAt < oldest && row.n <= needed
    if (!isOld && bytes <= maxBytes) break
    bytes -= row.json.length
    tables.events = tables.events.slice(1)
  }
  return before - tables.events.length
}
