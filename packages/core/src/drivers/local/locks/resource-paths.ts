import { entryPath } from '../../../base/builtins.js'

/** The files of one resource. */
export interface ResourcePaths {
  /** The resource's name as a file name. */
  readonly encoded: string
  /** Directory with the state file and the sharers' files. It stays when the lock is free. */
  readonly lock: string
  /** Directory that exists while there are waiters, with one ticket file for each. */
  readonly queue: string
}

/** The suffix of a lock's directory. */
export const LOCK_SUFFIX = '.lock'

/** Returns the files of a resource, by its name as a file name, in a namespace's directory. */
export function resourcePaths(base: string, encoded: string): ResourcePaths {
  return {
    encoded,
    lock: entryPath(entryPath(base, 'locks'), encoded + LOCK_SUFFIX),
    queue: entryPath(entryPath(base, 'queues'), encoded),
  }
}
