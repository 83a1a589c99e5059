/** One running instance of a CLI, plus the fields passed to `register`. */
export interface ServiceInfo {
  readonly name: string
  /** Unique id of the instance. */
  readonly instance: string
  readonly pid: number
  readonly version?: string
  readonly startedAt: Date
  /** `hung`: alive, but suspended or not answering. */
  readonly state: 'live' | 'hung'
  /** Why it counts as hung: the kernel reports it as stopped, or it left two pings unanswered, for 600 ms in total. */
  readonly reason?: 'stopped' | 'unanswered'
  /** Socket path, pipe or URL at which the instance answers requests. */
  readonly endpoint?: string
  readonly [metadata: string]: unknown
}

/** Which instances to look for. */
export interface ServiceFilter {
  /** Only instances of this CLI. */
  readonly name?: string | undefined
  /** Include this process. @default false */
  readonly includeSelf?: boolean | undefined
}

/** An instance that started or ended. */
export interface ServiceChange {
  readonly type: 'up' | 'down'
  readonly service: ServiceInfo
}
