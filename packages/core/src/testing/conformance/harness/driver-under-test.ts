import type { CreateDriver } from '../../../drivers/driver.js'
import type { EngineFaults } from './engine-faults.js'

/** A driver and where to test it. */
export interface DriverUnderTest {
  /** Prefix of the names of the tests. */
  readonly name: string
  /** The export of the driver's package. */
  readonly createDriver: CreateDriver
  /**
   * URL of the engine, or a function if it is known only after a hook has started the engine. Each case works in its own namespace, so
   * one engine serves all of them.
   */
  readonly url: string | (() => string | Promise<string>)
  /**
   * Set this if two drivers with the same options share nothing, because everything lives in the object. The suite then uses one
   * driver in place of several processes.
   * @default false
   */
  readonly isolated?: boolean
  /** Cases to skip, by name, each with the reason, which is shown in the test's name. */
  readonly except?: Readonly<Record<string, string>>
  /** Faults that can be staged on the engine, for the promises about crashes, pauses and cuts. Cases run one after another. */
  readonly faults?: EngineFaults
  /**
   * How long a case waits for an expected event, in milliseconds. Give the test runner a longer timeout.
   * @default 5000
   */
  readonly timeoutMs?: number
}

/** How long a case waits by default, in milliseconds. */
export const DEFAULT_TIMEOUT_MS = 5_000
