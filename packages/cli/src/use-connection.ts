/** Options before a command that select where it works. */
export type ConnectionFlags = Readonly<Partial<Record<'home' | 'namespace' | 'url', string>>>

/** Puts them into the environment, so that a started program works in the same place. */
export function useConnection(flags: ConnectionFlags): void {
  for (const name of ['home', 'namespace', 'url'] as const) {
    const value = flags[name]
    if (value !== undefined) process.env[`CLI_OPS_${name.toUpperCase()}`] = value
  }
}
