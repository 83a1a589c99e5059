import { loadParts } from './lazy.js'

/** Returns, for a busy lock, whether the host continues immediately whatever it is returned, so that the wait has to block. */
export function hostBlocks(): boolean {
  return loadParts().hostManner() === 'goes on'
}
