/**
 * An engine of a case's own, with the fault that it is there for. Clients may go on using `url` through the fault: it may name several
 * hosts, or a proxy that leads to whoever serves. What the engine does by itself in such a case (an election) is part of the strike.
 */
export interface EngineStage {
  readonly url: string
  /** From now on what is stored is acknowledged, and gone after the strike. Of `loseWrites` alone. */
  lag?(): Promise<void>
  /** Brings the fault about. Resolves when the engine is in it, or past it. */
  strike(): Promise<void>
  /** Ends the engine, whatever state it is in. */
  close(): Promise<void>
}

/**
 * Faults of an engine that several machines rely on. Each gives an engine of its own, since what is left after it serves no other case.
 * What the engine does not know, as an embedded one no second node, is absent.
 */
export interface ClusterFaults {
  /** Another node takes over with all that was stored; the old one stays, its connections open, and takes no writes any more. */
  readonly demote?: () => Promise<EngineStage>
  /** Another node takes over, without what was stored since `lag()`. */
  readonly loseWrites?: () => Promise<EngineStage>
  /** What belongs to a namespace moves to another node of the cluster. */
  readonly move?: () => Promise<EngineStage>
  /** The engine crashes and comes back with nothing. */
  readonly forget?: () => Promise<EngineStage>
  /** All that is stored is removed at once (`FLUSHALL`, `TRUNCATE`). */
  readonly flush?: () => Promise<EngineStage>
  /** A part of what is stored is removed: what stands for the holders of locks. */
  readonly evict?: () => Promise<EngineStage>
  /** The engine's wall clock is set forward by a minute. */
  readonly clockForward?: () => Promise<EngineStage>
  /** The engine's wall clock is set back by a minute. */
  readonly clockBack?: () => Promise<EngineStage>
  /** The engine refuses the last command that storing an event takes, for want of a right. */
  readonly refuse?: () => Promise<EngineStage>
  /** The engine has no room for anything new. */
  readonly fill?: () => Promise<EngineStage>
  /** The engine keeps nothing over a crash, which the strike is. */
  readonly volatile?: () => Promise<EngineStage>
}
