import type { CreateDriver } from '../../../drivers/driver.js'
import type { EngineFaults } from './engine-faults.js'

/** A driver and where to test it. */
export interface DriverUnderTest {
  /** Stands in front of the names of the tests. */
  readonly name: string
  /** What the driver's package exports. */
  readonly createDriver: CreateDriver
  /**
   * URL of the engine; a function where it is known only once a hook has started the engine. Each case works in a
   * namespace of its own, so one engine serves them all.
   */
  readonly url: string | (() => string | Promise<string>)
  /**
   * Two drivers made with the same options share nothing, because everything lives in the object: what stands for several
   * processes in a case is then one driver.
   * @default false
   */
  readonly isolated?: boolean
  /** Cases that are not run, by name, each with the reason, which is shown in the test's name. */
  readonly except?: Readonly<Record<string, string>>
  /** Faults to be staged on the engine, for the promises about crashes, pauses and cuts. Cases run one after another. */
  readonly faults?: EngineFaults
  /**
   * How long a case waits for what has to happen in the end, in milliseconds. Give the test runner more.
   * @default 5000
   */
  readonly timeoutMs?: number
}

/** How long a case waits where nothing was said, in milliseconds. */
export const DEFAULT_TIMEOUT_MS = 5_000
