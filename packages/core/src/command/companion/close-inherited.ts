import { closeSync, readdirSync, readFileSync } from 'node:fs'

/** The flag in `/proc/self/fdinfo` for a descriptor that Node or libuv opened here (proc_pid_fdinfo(5)). */
const CLOSE_ON_EXEC = 0o2000000

/**
 * Closes descriptors inherited from the host: Node closes only the first sixteen. A process that waits for the end of such a pipe
 * would otherwise wait for the companion. Works only if `/proc` identifies them.
 */
export function closeInherited(): void {
  for (const name of list('/proc/self/fdinfo')) {
    const flags = /^flags:\s*([0-7]+)$/mu.exec(read(`/proc/self/fdinfo/${name}`))?.[1]
    if (Number(name) <= 2 || flags === undefined) continue
    if ((Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0) closeSync(Number(name))
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
