/**
 * Returns a call of env(1), to prefix a command with, that restores variables which dash drops because it could not write their names
 * itself, such as bash's exported functions. Empty if there are none.
 */
export function restoredEnvironment(): string[] {
  const dropped = Object.entries(process.env).filter(([name]) => !/^[A-Za-z_]\w*$/u.test(name))
  return dropped.length === 0
    ? []
    : ['env', ...dropped.map(([name, value]) => `${name}=${value ?? ''}`)]
}
