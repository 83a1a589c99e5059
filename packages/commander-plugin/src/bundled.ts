/** What bundlers take for the entry: what is else loaded from files is in it. */
import '@cli-ops/shared-ipc/lifecycle/bundled'
import * as lifecycle from './lifecycle.js'
import { provideFiles } from './load-files.js'
import * as mountOps from './mount-ops.js'

provideFiles({ lifecycle, mountOps })

export * from './index.js'
