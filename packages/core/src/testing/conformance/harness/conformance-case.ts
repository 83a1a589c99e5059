import type { DriverCapabilities, Primitive } from '../../../drivers/driver.js'
import type { CaseContext } from './case-context.js'
import type { EngineFaults } from './engine-faults.js'

/** What a case asks: a capability of the driver, drivers that see each other's work, or a fault that can be staged. */
export type Need = keyof DriverCapabilities | 'peers' | keyof EngineFaults

/** One promise of the driver contract. */
export interface ConformanceCase {
  /** What is promised. Unique over the suite, since exceptions name it. */
  readonly name: string
  /** Without one of these the case is skipped, for the driver has said that it cannot do it. */
  readonly needs?: readonly Need[]
  /** Rejects where the promise is broken. */
  readonly run: (context: CaseContext) => Promise<void>
}

/** The cases of one primitive, or of the driver as a whole. */
export interface CaseGroup {
  readonly about: Primitive | 'driver'
  readonly cases: readonly ConformanceCase[]
}
