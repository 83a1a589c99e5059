/**
 * The runtime for a program that was bundled into one file. An ES module with all its parts, since the output of a
 * bundler has neither files to load nor, as a module, a `require` that would load Node's builtins.
 */
import * as cleanUp from './clean-up.js'
import * as locks from './locks.js'
import { provideParts } from './require-part.js'

provideParts({ locks, 'clean-up': cleanUp })

export { runWithLock, sayRefusal, startSession } from './runtime.js'
