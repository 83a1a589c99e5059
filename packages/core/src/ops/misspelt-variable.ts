import { closestName } from '../base/names/closest-name.js'
import { DRIVER_PACKAGES } from '../engine/driver-packages.js'

const PREFIX = 'CLI_OPS_'

/** The variables that a person sets, without those of one engine; `docs/reference/environment.md` explains them. */
const SETTINGS = [
  'HOME',
  'URL',
  'LOCKS_URL',
  'EVENTS_URL',
  'REGISTRY_URL',
  'RPC_URL',
  'LEASE_MS',
  'ENGINE_TIMEOUT_MS',
  'NAMESPACE',
  'DISABLED',
  'LOCK_TIMEOUT_MS',
  'RATE_LIMIT',
  'DEBUG',
  'TOKEN',
  'TOKEN_FILE',
] as const

/** Set by the kit for the processes that it starts. */
const FACTS = /^(?:LOCK_(?:RESOURCE|ID|TOKEN|SLOT)|OUTER_LOCKS|STARTED_BY|RESPAWNED|PROBE)$/u

/** Credentials and certificates. */
const isOfEngine = (own: string): boolean =>
  [...DRIVER_PACKAGES.values()].some(({ engine }) => own.startsWith(`${engine.toUpperCase()}_`))

/** A variable whose name resembles that of a setting, which it has no effect on. */
export interface MisspeltVariable {
  readonly name: string
  readonly meant: string
}

/** Returns the first variable that was probably meant to be a setting, such as `CLI_OPS_URI`; `undefined` if there is none. */
export function misspeltVariable(names: readonly string[]): MisspeltVariable | undefined {
  for (const name of names) {
    const own = name.slice(PREFIX.length)
    if (SETTINGS.some((setting) => setting === own) || FACTS.test(own) || isOfEngine(own)) continue
    const meant = closestName(own, SETTINGS)
    if (meant !== undefined) return { name, meant: PREFIX + meant }
  }
  return undefined
}
