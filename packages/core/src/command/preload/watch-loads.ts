/** One `require()` call: its request, the calling file, and the result. */
export interface Load {
  readonly request: string
  /** `undefined` if an ES module imports a CommonJS module. */
  readonly from: string | undefined
  readonly exported: unknown
}

interface ModuleLoader {
  _load: (this: unknown, ...args: unknown[]) => unknown
}

/** Calls `listener` with every later CommonJS load, before the caller gets the result. */
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
