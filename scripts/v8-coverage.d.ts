declare module '@bcoe/v8-coverage' {
  import type { Profiler } from 'node:inspector'

  interface ProcessCoverage {
    readonly result: readonly Profiler.ScriptCoverage[]
  }

  /** Merges the counts of several processes for the same scripts. */
  export function mergeProcessCovs(coverages: readonly ProcessCoverage[]): {
    readonly result: Profiler.ScriptCoverage[]
  }
}
