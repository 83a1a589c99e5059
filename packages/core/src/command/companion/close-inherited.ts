import { closeSync, readdirSync, readFileSync } from 'node:fs'

/** The flag of `/proc/self/fdinfo` for a descriptor that Node or libuv has opened here (proc_pid_fdinfo(5)). */
const CLOSE_ON_EXEC = 0o2000000

/**
 * Closes the descriptors that the host was started with and that came along: Node keeps only the first sixteen of them to itself.
 * Who waits for the end of such a pipe would wait for the companion. Only where `/proc` tells them apart.
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
