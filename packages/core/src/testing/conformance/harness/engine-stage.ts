/**
 * A case's own engine, with the fault to stage on it. Clients continue to use `url` through the fault: it can name several hosts, or a
 * proxy to the node that serves. The engine's own reaction (an election) is part of the strike.
 */
export interface EngineStage {
  readonly url: string
  /** From now on, writes are acknowledged but lost in the strike. Only for `loseWrites`. */
  lag?(): Promise<void>
  /** Causes the fault. Resolves when the engine is in the faulty state, or past it. */
  strike(): Promise<void>
  /** Stops the engine, whatever its state. */
  close(): Promise<void>
}

/**
 * Faults of an engine that several machines rely on. Each returns a separate engine, since no other case can use it afterwards. Leave
 * out faults that do not apply: an embedded engine has no second node.
 */
export interface ClusterFaults {
  /** Another node takes over with all stored data. The old one keeps its connections open but accepts no more writes. */
  readonly demote?: () => Promise<EngineStage>
  /** Another node takes over, without the writes since `lag()`. */
  readonly loseWrites?: () => Promise<EngineStage>
  /** A namespace moves to another node of the cluster. */
  readonly move?: () => Promise<EngineStage>
  /** The engine crashes and comes back empty. */
  readonly forget?: () => Promise<EngineStage>
  /** All stored data is removed at once (`FLUSHALL`, `TRUNCATE`). */
  readonly flush?: () => Promise<EngineStage>
  /** Part of the stored data is removed: the records of lock holders. */
  readonly evict?: () => Promise<EngineStage>
  /** The engine's wall clock is set forward by a minute. */
  readonly clockForward?: () => Promise<EngineStage>
  /** The engine's wall clock is set back by a minute. */
  readonly clockBack?: () => Promise<EngineStage>
  /** The engine refuses the last command for storing an event, for lack of permission. */
  readonly refuse?: () => Promise<EngineStage>
  /** The engine has no space for new data. */
  readonly fill?: () => Promise<EngineStage>
  /** The engine keeps nothing across a crash, which is the strike. */
  readonly volatile?: () => Promise<EngineStage>
}
