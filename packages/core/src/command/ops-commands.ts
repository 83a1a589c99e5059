/** An argument of an `ops` command. */
export interface OpsArgument {
  readonly name: string
  readonly description: string
  /** True if it can be omitted; only the last one can. @default false */
  readonly optional?: true
}

/** An option of an `ops` command. With `value` it takes a value of that name; otherwise it is a switch. */
export interface OpsOption {
  readonly name: string
  /** One letter, for what is typed often. */
  readonly short?: string
  readonly value?: string
  readonly description: string
  readonly required?: boolean
}

/** A command that every framework mounts the same way. */
export interface OpsCommand {
  /** Path below the `ops` command: `status`, `locks release`. */
  readonly path: string
  readonly summary: string
  readonly arguments: readonly OpsArgument[]
  readonly options: readonly OpsOption[]
}

const JSON_OPTION: OpsOption = { name: 'json', description: 'print JSON for programs' }

const WATCH_OPTION: OpsOption = {
  name: 'watch',
  description: 'on a terminal, look again each second until Ctrl-C',
}

/** The commands as plain data: mounting them must cost nothing. */
export const OPS_COMMANDS: readonly OpsCommand[] = [
  {
    path: 'status',
    summary: 'show running instances, held locks and kept events',
    arguments: [],
    options: [WATCH_OPTION, JSON_OPTION],
  },
  {
    path: 'locks',
    summary: 'list the locks that are held or waited for',
    arguments: [{ name: 'resource', description: 'only this one', optional: true }],
    options: [WATCH_OPTION, JSON_OPTION],
  },
  {
    path: 'why',
    summary:
      'show who holds a lock, who waits for it and what to do; without a name, all locks with waiters',
    arguments: [{ name: 'resource', description: 'what the lock protects', optional: true }],
    options: [WATCH_OPTION, JSON_OPTION],
  },
  {
    path: 'history',
    summary:
      'show who held a lock, for how long and how that ended, and who is waited for most; without a name, for all locks',
    arguments: [{ name: 'resource', description: 'what the lock protects', optional: true }],
    options: [
      {
        name: 'since',
        value: 'time',
        description: 'only turns that ended since: "5m", "2h" or an ISO time; default "1d"',
      },
      JSON_OPTION,
    ],
  },
  {
    path: 'locks release',
    summary:
      'take a lock from the holder with this id, never from a later one; without the id, show the holders',
    arguments: [{ name: 'resource', description: 'what the lock protects' }],
    options: [
      {
        name: 'id',
        value: 'id',
        description: 'id of the holder, as "locks" shows it',
      },
      JSON_OPTION,
    ],
  },
  {
    path: 'events',
    summary: 'list the kept events, oldest first',
    arguments: [],
    options: [
      { name: 'type', value: 'pattern', description: 'only these, such as "task:*"' },
      { name: 'since', value: 'time', description: 'only since then: "5m", "2h" or an ISO time' },
      { name: 'after', value: 'cursor', description: 'only those after this position' },
      {
        name: 'group',
        value: 'name',
        description: 'only those this group has not seen yet; marks them as seen',
      },
      {
        name: 'follow',
        short: 'f',
        description: 'then continue with new ones until Ctrl-C; with --since 0s only new ones',
      },
      JSON_OPTION,
    ],
  },
  {
    path: 'events parked',
    summary: 'list the events that groups gave up on, with the reason',
    arguments: [],
    options: [
      { name: 'group', value: 'name', description: 'only those of this group' },
      JSON_OPTION,
    ],
  },
  {
    path: 'events retry',
    summary: 'let the consumer of a group retry its parked events',
    arguments: [{ name: 'group', description: 'name of the group' }],
    options: [{ name: 'id', value: 'id', description: 'only the event with this id' }, JSON_OPTION],
  },
  {
    path: 'events drop',
    summary: 'permanently remove a parked event of a group',
    arguments: [{ name: 'group', description: 'name of the group' }],
    options: [
      { name: 'id', value: 'id', description: 'id of the event', required: true },
      JSON_OPTION,
    ],
  },
  {
    path: 'ps',
    summary: 'list the running instances of all CLIs',
    arguments: [],
    options: [WATCH_OPTION, JSON_OPTION],
  },
  {
    path: 'clean',
    summary: 'remove stale locks, dead registry records and expired events',
    arguments: [],
    options: [JSON_OPTION],
  },
  {
    path: 'doctor',
    summary: 'check the home directory and what the kit needs from this machine',
    arguments: [],
    options: [JSON_OPTION],
  },
]
