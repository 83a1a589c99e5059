/** Code for rules whose commands join or replace one another. It is loaded if such a lock is busy, or is on an engine. */
export { lockRun, type RunOptions, type RunContext, tellRunEnded } from './lock-run.js'
export { isJoined } from './join-mark.js'
export { whoReplaces } from './who-replaces.js'
