import type { DriverCapabilities, Primitive } from '../../../drivers/driver.js'
import type { CaseContext } from './case-context.js'
import type { EngineFaults } from './engine-faults.js'

/** What a case needs: a capability of the driver, drivers that see each other's work, or a fault that can be staged. */
export type Need = keyof DriverCapabilities | 'peers' | keyof EngineFaults

/** One promise of the driver contract. */
export interface ConformanceCase {
  /** The promise. Unique in the suite, since exceptions refer to it. */
  readonly name: string
  /** If one of these is missing, the case is skipped, since the driver does not claim to support it. */
  readonly needs?: readonly Need[]
  /** Rejects if the promise is broken. */
  readonly run: (context: CaseContext) => Promise<void>
}

/** The cases of one primitive, or of the driver as a whole. */
export interface CaseGroup {
  readonly about: Primitive | 'driver'
  readonly cases: readonly ConformanceCase[]
}
