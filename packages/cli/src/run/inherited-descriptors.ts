import { readdirSync, readlinkSync } from 'node:fs'

/**
 * Node marks descriptors that are open at its start as close-on-exec up to about here; higher ones reach a child
 * anyway.
 */
const LAST = 20
/** The first descriptor that Node opens, in the first free slot: lower ones existed before. */
const FIRST_OWN = 'anon_inode:[eventpoll]'
/** Node keeps no user files open. */
const USER_FILE = /^\/(?!dev\/|proc\/)/u

/**
 * Lists the open descriptors beyond stderr that this process was started with, such as make's job server or `3>log` in a
 * script. Node passes them to a child only if they are named. Empty if the system cannot list them (no `/proc`).
 */
export function inheritedDescriptors(): number[] {
  const open = openDescriptors()
  const firstOwn = open.find(({ target }) => target === FIRST_OWN)?.fd ?? 0
  return open
    .filter(({ fd, target }) => fd < firstOwn || USER_FILE.test(target))
    .map(({ fd }) => fd)
}

function openDescriptors(): { readonly fd: number; readonly target: string }[] {
  return namesIn('/proc/self/fd')
    .map(Number)
    .filter((fd) => fd > 2 && fd <= LAST)
    .sort((a, b) => a - b)
    .flatMap((fd) => describeDescriptor(fd) ?? [])
}

/** Returns undefined for the descriptor that read the list, which is closed by now. */
function describeDescriptor(fd: number): { fd: number; target: string } | undefined {
  try {
    return { fd, target: readlinkSync(`/proc/self/fd/${fd}`) }
  } catch {
    return undefined
  }
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
