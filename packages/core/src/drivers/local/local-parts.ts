/** The parts of the local driver that load if its first steps do not suffice: see `UsualDriver`. */
import type { LockDriver } from '../../locks/contract/lock-driver.js'
import { DEFAULT_RETENTION } from '../../events/contract/default-retention.js'
import { createLogAppender, type LogAppender } from './events/log-appender.js'
import { NewestSegment } from './events/newest-segment.js'
import type { OpenSegment } from './events/open-segment.js'
import { Home, type HomeFacts } from './home/home.js'
import type { Claim } from './locks/claim.js'
import { createLocalLocks } from './locks/local-locks.js'
import { LockContext } from './locks/lock-context.js'
import { realSurroundings } from './locks/real-surroundings.js'
import { watchForLoss } from './locks/watch-for-loss.js'
import { createLocalRegistry } from './registry/local-registry.js'
import { RecordStore } from './registry/record-store.js'

/** Returns the complete locks. */
export function locksOf(home: HomeFacts): LockDriver {
  return createLocalLocks(Home.of(home))
}

/** Returns the records of this process, in a home that might have to be created first. */
export function recordsOf(home: HomeFacts): RecordStore {
  return new RecordStore(Home.of(home))
}

/** Returns the writing half of the event log, which creates, rotates and navigates the log; continues with the open segment. */
export function appenderOf(facts: HomeFacts, segment: OpenSegment | undefined): LogAppender {
  const home = Home.of(facts)
  const newest = new NewestSegment(home.fileSystem, home.paths.events)
  if (segment !== undefined) newest.goOnWith(segment)
  return createLogAppender(home, undefined, undefined, newest)
}

/** Calls `listener` once a lock is no longer held; returns a function that stops. */
export function watchLock(
  usual: HomeFacts,
  claim: Claim,
  isHeld: () => boolean,
  listener: () => void,
): () => void {
  const home = Home.of(usual)
  return watchForLoss(new LockContext(home, realSurroundings(home)), claim, isHeld, listener)
}

/**
 * Removes what dead processes left in the home (locks, tickets, registry records, sockets) and expired events, until
 * the deadline on `monotonicMs()`, unless another process has done so within the interval.
 */
export function cleanUp(usual: HomeFacts, intervalMs: number, deadline: number): void {
  const home = Home.of(usual)
  if (!home.claimCleanup(intervalMs)) return
  void createLocalLocks(home).clean({ deadline })
  void createLocalRegistry(home).clean({ deadline })
  if (home.fileSystem.status(home.paths.events) === undefined) return
  const log = createLogAppender(home)
  log.rotateIfOld(DEFAULT_RETENTION)
  log.expire(DEFAULT_RETENTION, false, { deadline })
  log.close()
}
