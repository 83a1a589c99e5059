import { readdirSync, readlinkSync } from 'node:fs'

/** Node marks what it finds open at its start as its own up to about here; what is above reaches a child by itself. */
const LAST = 20
/** The first thing that Node opens, in the first free place: what is below was there before. */
const FIRST_OWN = 'anon_inode:[eventpoll]'
/** Node keeps none of the user's files open. */
const USER_FILE = /^\/(?!dev\/|proc\/)/u

/**
 * Lists the open descriptors beyond stderr that this process was started with, such as the job server of make or `3>log` in
 * a script. Node gives them to no child unless they are named. Empty where the system does not tell (no `/proc`).
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

/** Undefined for the descriptor that read the list, which is closed by now. */
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
