import type { Owner } from '@cli-ops/shared-ipc'
import type { WaitingFor } from '@cli-ops/shared-ipc/ops'

// The data of the live views as plain JSON, which the dashboard sends to the browser. Times are milliseconds since the
// epoch. Every text here comes from other processes and can be hostile.

/** A process that holds a lock or waits for it. */
export type OwnerView = Omit<Owner, 'startedAt'>

/** A process that uses a lock. */
export type LockUserView = OwnerView & {
  readonly since: number
  /** The purpose, in its own words. */
  readonly label?: string
}

/** A process in a queue. */
export type WaiterView = LockUserView & {
  /** Present if it wants to share the lock. */
  readonly mode?: 'shared'
}

/** A process that holds a lock. */
export type HolderView = LockUserView & {
  readonly id: string
  readonly token: string
  readonly slot?: string
}

/** A lock that is held or waited for. */
export interface LockView {
  readonly resource: string
  /** Empty while no process holds it. */
  readonly id: string
  /** Fencing token, decimal. */
  readonly token: string
  readonly mode: 'exclusive' | 'shared'
  readonly since: number
  /** The holder; if there is none, the next in the queue. */
  readonly owner: OwnerView
  /** All holders, in order of arrival. */
  readonly holders: readonly HolderView[]
  /** In queue order. */
  readonly waiters: readonly WaiterView[]
  /** Until when the engine, being new, grants nothing. */
  readonly closedUntil?: number
}

/** An item kept for a while. Viewers store items by `key`, and request those newer than a `revision`. */
export interface Kept {
  readonly key: number
  readonly revision: number
}

/** A period during which one owner held a lock. */
export interface HoldView extends Kept {
  readonly resource: string
  readonly id: string
  readonly mode: 'exclusive' | 'shared'
  readonly owner: OwnerView
  readonly label?: string
  readonly slot?: string
  readonly from: number
  /** Absent while it lasts. */
  readonly to?: number | undefined
}

/** The length of a queue from an instant onwards. */
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
  /** JSON, truncated if it is long. */
  readonly data: string
}

/** One run of a command, as reported by the lifecycle events. */
export interface CommandView extends Kept {
  readonly cli: string
  readonly command: string
  readonly instance: string
  /** Absent if only the end was seen. */
  readonly from?: number | undefined
  readonly to?: number | undefined
  /** How it ended; `killed` if other processes noticed that, `lost` if the end was not reported. */
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

/** What an instance reports about its requests. */
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

/**
 * A running process and what it is doing: an instance, or a process known only by its locks, whose `instance` is empty.
 */
export interface InstanceView extends InstanceFacts {
  /**
   * What it is doing, in a word: `running`, `holds production`, `waiting for production, 2nd`, `stopped`, `no answer`.
   */
  readonly word: string
  /** The command of a process that is not an instance. */
  readonly command?: string | undefined
  /** The lock that it waits for. */
  readonly waitingFor?: WaitingFor | undefined
}

/** The number of events. */
export interface EventRates {
  /** For each of the last 60 seconds, oldest first. */
  readonly perSecond: readonly number[]
  /** Since this program started watching, including the kept ones. */
  readonly seen: number
}

/** Space used by the home and free on the disk. */
export interface DiskView {
  readonly bytes: number
  readonly files: number
  readonly freeBytes: number
  /** True if not all files of the home were counted. */
  readonly isMore: boolean
}

/** A group that has parked events. */
export interface ParkedView {
  readonly group: string
  readonly count: number
}

/** A matter that needs a person's attention. */
export interface WarningView {
  readonly text: string
  /** The affected resource, if it is a lock. */
  readonly resource?: string | undefined
}

/** The parts that are read separately. */
export type PartName = 'locks' | 'instances' | 'events' | 'requests'

/** A part of the view that cannot be read. */
export interface ProblemView {
  readonly part: PartName
  readonly text: string
}

/** The place that the view shows. */
export interface PlaceView {
  /** A directory, or a URL without its password. */
  readonly where: string
  readonly namespace: string
}

/** Everything a view shows, or only what is newer than a revision. */
export interface Snapshot {
  readonly at: number
  readonly revision: number
  /** The kept items are newer than this revision; 0 if they are all there. */
  readonly since: number
  readonly place: PlaceView
  readonly instances: readonly InstanceView[]
  readonly locks: readonly LockView[]
  readonly servers: readonly ServerView[]
  readonly rates: EventRates
  readonly disk?: DiskView | undefined
  readonly parked: readonly ParkedView[]
  readonly warnings: readonly WarningView[]
  /** Parts that cannot be read and are therefore empty here; the warnings include the messages, too. */
  readonly problems: readonly ProblemView[]
  /** Parts that have not been read yet. */
  readonly pending: readonly PartName[]
  readonly holds: readonly HoldView[]
  readonly queues: readonly QueueView[]
  readonly events: readonly EventView[]
  readonly commands: readonly CommandView[]
  readonly requests: readonly RequestView[]
}
