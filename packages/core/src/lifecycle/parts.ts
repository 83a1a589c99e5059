/**
 * What only few commands need of the lifecycle, one file that they load on top. It is CommonJS, since only that can be loaded
 * synchronously on every supported Node: an `import()` would make a synchronous command asynchronous.
 */
export { assertEmits, assertLockRule, assertOptions } from './assert-options.js'
export { blockForLock } from './block-for-lock.js'
export { cleanUp } from './clean-up.js'
export { withHomeConfig } from './home-config.js'
export { createAppender, register } from './full-traces.js'
export { tryLockNow } from './try-lock-now.js'
export { RemoteTraces } from './remote-traces.js'
export { watchForLoss } from './watch-for-loss.js'
