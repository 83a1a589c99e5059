import type { Owner } from '@cli-ops/shared-ipc'
import type { WaitingFor } from '@cli-ops/shared-ipc/ops'

// What the live views show, as plain JSON: the dashboard sends it to the browser. Times are milliseconds since the epoch.
// Every text here was chosen by somebody else and may be hostile.

/** A process that holds a lock or waits for it. */
export type OwnerView = Omit<Owner, 'startedAt'>

/** A process in a queue. */
export type WaiterView = OwnerView & {
  readonly since: number
  /** What for, in its own words. */
  readonly label?: string
}

/** A process that holds a lock. */
export type HolderView = WaiterView & {
  readonly id: string
  readonly token: string
  readonly slot?: string
}

/** A lock that is held or waited for. */
export interface LockView {
  readonly resource: string
  /** Empty where nobody holds it at this moment. */
  readonly id: string
  /** Fencing token, decimal. */
  readonly token: string
  readonly mode: 'exclusive' | 'shared'
  readonly since: number
  /** The holder; where nobody holds the lock, the next in turn. */
  readonly owner: OwnerView
  /** All who hold it, the first to come first. */
  readonly holders: readonly HolderView[]
  /** In their order. */
  readonly waiters: readonly WaiterView[]
}

/** Something that is kept for a while. A viewer keeps what it has by `key`, and asks for what is newer than a `revision`. */
export interface Kept {
  readonly key: number
  readonly revision: number
}

/** A time during which one owner held a lock. */
export interface HoldView extends Kept {
  readonly resource: string
  readonly id: string
  readonly mode: 'exclusive' | 'shared'
  readonly owner: OwnerView
  readonly label?: string
  readonly slot?: string
  readonly from: number
  /** Missing while it lasts. */
  readonly to?: number | undefined
}

/** The length of a queue from an instant on. */
export interface QueueView extends Kept {
  readonly resource: string
  readonly at: number
  readonly length: number
}

/** An event of the log. */
export interface EventView extends Kept {
  readonly at: number
  readonly type: string
  readonly source: string
  /** JSON, cut where it is long. */
  readonly data: string
}

/** One run of a command, as the lifecycle events tell it. */
export interface CommandView extends Kept {
  readonly cli: string
  readonly command: string
  readonly instance: string
  /** Missing where only the end was seen. */
  readonly from?: number | undefined
  readonly to?: number | undefined
  /** How it ended; `killed` where others noticed that its process was, `lost` where nobody has told. */
  readonly outcome?: 'completed' | 'failed' | 'killed' | 'lost' | undefined
  readonly exitCode?: number | undefined
  readonly durationMs?: number | undefined
}

/** A request that was answered. */
export interface RequestView extends Kept {
  readonly server: string
  readonly pid: number
  readonly method: string
  readonly at: number
  readonly durationMs: number
  readonly outcome: 'answered' | 'failed' | 'cancelled' | 'expired'
}

/** What an instance that answers requests tells of them. */
export interface ServerView {
  readonly name: string
  readonly instance: string
  readonly pid: number
  /** `mute`: it keeps no account of its requests; `silent`: it does not answer now. */
  readonly tells: 'requests' | 'mute' | 'silent'
  readonly ended: number
  readonly failed: number
  readonly perSecond: number
  readonly running: readonly { readonly method: string; readonly since: number }[]
}

/** A running process of a CLI. */
export interface InstanceFacts {
  readonly name: string
  readonly instance: string
  readonly pid: number
  readonly version?: string | undefined
  readonly since: number
  readonly state: 'live' | 'hung'
  readonly reason?: 'stopped' | 'unanswered' | undefined
  readonly answers: boolean
}

/** What runs, and what it does: an instance, or a process that is known by its locks alone, whose `instance` is empty. */
export interface InstanceView extends InstanceFacts {
  /** What it does, in a word: `running`, `holds production`, `waiting for production, 2nd`, `stopped`, `no answer`. */
  readonly word: string
  /** The command of a process that is no instance. */
  readonly command?: string | undefined
  /** The lock that it waits for. */
  readonly waitingFor?: WaitingFor | undefined
}

/** How many events came. */
export interface EventRates {
  /** For each of the last 60 seconds, oldest first. */
  readonly perSecond: readonly number[]
  /** Since this program began to look, the kept ones included. */
  readonly seen: number
}

/** Room that the home takes and the disk has. */
export interface DiskView {
  readonly bytes: number
  readonly files: number
  readonly freeBytes: number
  /** The home has more files than were counted. */
  readonly isMore: boolean
}

/** A group that has given up some of its events. */
export interface ParkedView {
  readonly group: string
  readonly count: number
}

/** Something a person should look at. */
export interface WarningView {
  readonly text: string
  /** The resource it is about, where it is a lock. */
  readonly resource?: string | undefined
}

/** What is looked at by itself. */
export type PartName = 'locks' | 'instances' | 'events' | 'requests'

/** A part of the view that cannot be read. */
export interface ProblemView {
  readonly part: PartName
  readonly text: string
}

/** Where the view looks. */
export interface PlaceView {
  /** A directory or a URL without its password. */
  readonly where: string
  readonly namespace: string
}

/** Everything a view shows, or what is newer than a revision. */
export interface Snapshot {
  readonly at: number
  readonly revision: number
  /** The revision that the kept things are newer than; 0 where they are all. */
  readonly since: number
  readonly place: PlaceView
  readonly instances: readonly InstanceView[]
  readonly locks: readonly LockView[]
  readonly servers: readonly ServerView[]
  readonly rates: EventRates
  readonly disk?: DiskView | undefined
  readonly parked: readonly ParkedView[]
  readonly warnings: readonly WarningView[]
  /** What cannot be read, and is empty here for that reason; the messages are among the warnings, too. */
  readonly problems: readonly ProblemView[]
  /** What has not been looked at yet. */
  readonly pending: readonly PartName[]
  readonly holds: readonly HoldView[]
  readonly queues: readonly QueueView[]
  readonly events: readonly EventView[]
  readonly commands: readonly CommandView[]
  readonly requests: readonly RequestView[]
}
