/**
 * The parts of the lifecycle that only a few commands need, one file loaded on demand. It is CommonJS because only that loads
 * synchronously on every supported Node: an `import()` would make a synchronous command asynchronous.
 */
export { assertEmits, assertLockRule, assertOptions, assertRule } from './options/assert-options.js'
export { blockForLock, isHeldHere } from './block-for-lock.js'
export { assertEqualOptions } from './options/assert-equal-options.js'
export { twoRulesError, unknownCommandError } from './options/rule-errors.js'
export { isHeldAround } from './held-around.js'
export { contribute } from './contribute.js'
export { endRefused } from './end-refused.js'
export { withHomeConfig } from './options/home-config.js'
export { hostManner } from './host/host-manner.js'
export { assertMatchesNow } from '../events/event-schemas.js'
export { slotNames } from '../locks/slots/slot-set.js'
export { ownDeadlockError } from '../locks/lock-errors.js'
export { refusalOf } from './refusal-of.js'
export { waitForLock } from './wait-for-lock.js'
export { tellLoss } from './tell-loss.js'
export { tryLockNow } from './try-lock-now.js'
export { tryRunNow } from './try-run-now.js'
export * as localParts from '../drivers/local/local-parts.js'
export { companionFor } from './companion/companion-for.js'
export { blockForEngineLock } from './companion/engine-lock.js'
