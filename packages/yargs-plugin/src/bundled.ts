/** What bundlers take for the entry: the parts of the lifecycle that are else loaded from files are in it. */
import '@cli-ops/shared-ipc/lifecycle/bundled'

export * from './index.js'
