/** What `require()` was asked for, by which file, and what it gave. */
export interface Load {
  readonly request: string
  /** `undefined` where an ES module imports a CommonJS one. */
  readonly from: string | undefined
  readonly exported: unknown
}

interface ModuleLoader {
  _load: (this: unknown, ...args: unknown[]) => unknown
}

/** Calls `listener` with everything that CommonJS loads from now on, before whoever asked for it gets it. */
export function watchLoads(listener: (load: Load) => void): void {
  const loader = process.getBuiltinModule('node:module') as unknown as ModuleLoader
  const load = loader._load
  loader._load = function (...args) {
    const exported = Reflect.apply(load, this, args)
    const [request, parent] = args
    if (typeof request === 'string') {
      const { filename } = (parent ?? {}) as { readonly filename?: unknown }
      listener({ request, exported, from: typeof filename === 'string' ? filename : undefined })
    }
    return exported
  }
}
