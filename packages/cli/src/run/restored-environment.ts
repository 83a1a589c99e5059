/**
 * What puts variables back that dash drops, since it could not write their names itself, such as exported functions of bash: a call of
 * env(1), to be put in front of a command. Empty where there are none.
 */
export function restoredEnvironment(): string[] {
  const dropped = Object.entries(process.env).filter(([name]) => !/^[A-Za-z_]\w*$/u.test(name))
  return dropped.length === 0
    ? []
    : ['env', ...dropped.map(([name, value]) => `${name}=${value ?? ''}`)]
}
