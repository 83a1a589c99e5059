/** Returns the argument by which people, and processes within a command, recognise its companion in the process table. */
export function keeperTitle(name: string, pid: number): string {
  return `of ${name}${endOfTitle(pid)}`
}

/** @param commandLine as `/proc` gives it, with a NUL after each argument */
export function isKeeperOf(pid: number, commandLine: string): boolean {
  return commandLine.endsWith(`${endOfTitle(pid)}\0`)
}

function endOfTitle(pid: number): string {
  return ` (pid ${pid})`
}
