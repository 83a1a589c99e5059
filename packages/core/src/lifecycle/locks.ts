/** The part of the lifecycle that commands with a lock load on top. Whoever waits in time loads the whole core. */
export { blockForLock } from './block-for-lock.js'
export { tryLockNow } from './try-lock-now.js'
