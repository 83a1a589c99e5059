import { isOn } from '../base/process/environment.js'
import { defaultHome, isUsableHome } from '../engine/default-home.js'
import type { Connection } from '../engine/connection-options.js'

/** Variables that ask for something unusual, or for another place. */
const UNUSUAL_VARIABLES = [
  'CLI_OPS_URL',
  'CLI_OPS_LOCKS_URL',
  'CLI_OPS_EVENTS_URL',
  'CLI_OPS_REGISTRY_URL',
  'CLI_OPS_NAMESPACE',
  'CLI_OPS_DEBUG',
  'TRACEPARENT',
]

/** Returns what `resolveConnection` does without options, if everything is on this machine; `undefined` in any other case. */
export function usualConnection(env = process.env): Connection | undefined {
  for (const variable of UNUSUAL_VARIABLES) if (env[variable]) return undefined
  const home = env['CLI_OPS_HOME'] || defaultHome(env)
  if (!isUsableHome(home) || isOn(env['CLI_OPS_DISABLED'])) return undefined
  return { home, namespace: '', disabled: false, urlOf: () => 'local:' }
}
