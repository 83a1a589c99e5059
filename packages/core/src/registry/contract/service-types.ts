/** One running instance of a CLI. Fields given at `register` stand beside these. */
export interface ServiceInfo {
  readonly name: string
  /** Unique id of the instance. */
  readonly instance: string
  readonly pid: number
  readonly version?: string
  readonly startedAt: Date
  /** `hung`: alive, and suspended or without an answer. */
  readonly state: 'live' | 'hung'
  /** Of a hung one: the kernel says that it is stopped, or it has left two pings unanswered, for 600 ms in all. */
  readonly reason?: 'stopped' | 'unanswered'
  /** Socket path, pipe or URL, where the instance answers requests. */
  readonly endpoint?: string
  readonly [metadata: string]: unknown
}

/** Which instances to look for. */
export interface ServiceFilter {
  /** Only instances of this CLI. */
  readonly name?: string | undefined
  /** Also this process. @default false */
  readonly includeSelf?: boolean | undefined
}

/** An instance that came or went. */
export interface ServiceChange {
  readonly type: 'up' | 'down'
  readonly service: ServiceInfo
}
