/** For a program that was bundled into one file: all of the lifecycle is in it. */
import * as parts from './parts.js'
import { provideParts } from './load-parts.js'

provideParts(parts)
