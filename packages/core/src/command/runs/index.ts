/** What commands need of which rules say that they join or replace one another. It is loaded where such a lock is not free, or is an engine's. */
export { lockRun, type RunOptions, type RunContext, tellRunEnded } from './lock-run.js'
export { whoReplaces } from './who-replaces.js'
