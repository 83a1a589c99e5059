import { loadParts } from './lazy.js'

/** Tells, where a lock is busy, whether the host goes on at once with whatever it is returned, so that the wait has to block. */
export function hostBlocks(): boolean {
  return loadParts().hostManner() === 'goes on'
}
