import { processPart } from '../base/process/process-state.js'
import type { RateLimit } from '../events/rate-limit.js'
import type { EventBusOptions } from '../events/event-options.js'
import type { ConnectionOptions } from '../engine/connection-options.js'

/** The CLI that runs in this process with a plugin. */
export interface RunningCli {
  readonly name: string
  readonly version: string | undefined
  readonly connection: ConnectionOptions
  readonly rateLimit?: false | RateLimit | undefined
  readonly schemas?: EventBusOptions['schemas']
  /** The user has set the limit in the home's `config.json`. */
  readonly isRateLimitOfHome?: boolean
}

/** Sets the running CLI. */
export function setRunningCli(cli: RunningCli): void {
  running().cli = cli
}

/** Returns the running CLI, if a plugin has set it. */
export function runningCli(): RunningCli | undefined {
  return running().cli
}

function running(): { cli?: RunningCli } {
  return processPart('running-cli', () => ({}))
}
