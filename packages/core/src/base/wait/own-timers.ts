/**
 * Node's own timers, as they were when the kit was loaded, for everything that the kit does in real time: polls, renewals, limits.
 * The globals are the host's: jsdom's return numbers, which have no `unref`, a test's fake timers stand still, and a library may
 * replace them.
 */
export const {
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
  setImmediate,
  clearImmediate,
} = process.getBuiltinModule('node:timers')
