import { createRequire } from 'node:module'

import { isPromiseLike } from './promise-like.js'
import type * as RuntimeModule from './runtime.js'

type Runtime = typeof RuntimeModule

let runtime: Runtime | undefined

/**
 * Calls `use` with the runtime, which is loaded at the first call: at once from an installed package; in time, and then
 * with a promise, in a program that was bundled into one file.
 */
export function withRuntime<T>(use: (runtime: Runtime) => T): T | Promise<Awaited<T>> {
  const loaded = runtime ?? load()
  return isPromiseLike(loaded) ? (loaded.then(use) as Promise<Awaited<T>>) : use(loaded)
}

function load(): Runtime | Promise<Runtime> {
  try {
    const require = createRequire(import.meta.url)
    runtime = require('@cli-ops/shared-ipc/lifecycle/runtime') as Runtime
    return runtime
  } catch {
    // A literal, so that bundlers see what has to come along; its types are those of the source beside this one.
    const loading = import('@cli-ops/shared-ipc/lifecycle/bundled-runtime')
    return loading.then((loaded) => (runtime = loaded))
  }
}
