import { resolve } from 'node:path'

import { nameSetting, urlVariables } from '@cli-ops/shared-ipc/ops/wrap'

import { EXIT_USAGE } from './exit-codes.js'

/** Options before a command that select where it works. */
export type ConnectionFlags = Readonly<Partial<Record<'home' | 'namespace' | 'url', string>>>

/** Puts them into the environment, so that a started program works in the same place, also in another folder. */
export function useConnection(flags: ConnectionFlags): void {
  const { home } = flags
  for (const name of ['home', 'url'] as const) {
    if (flags[name] !== '') continue
    // An unset variable of a script must not select the default.
    process.stderr.write(`cli-ops: --${name} must not be empty\n`)
    process.exit(EXIT_USAGE)
  }
  // They would come before it.
  if (flags.url !== undefined)
    for (const variable of urlVariables()) Reflect.deleteProperty(process.env, variable)
  const used = { ...flags, home: home === undefined ? undefined : resolve(home) }
  for (const name of ['home', 'namespace', 'url'] as const) {
    const value = used[name]
    if (value === undefined) continue
    const variable = `CLI_OPS_${name.toUpperCase()}`
    process.env[variable] = value
    nameSetting(variable, `--${name}`)
  }
}
