import type { StdioOptions } from 'node:child_process'
import type { Writable } from 'node:stream'

/** dash supports only single-digit descriptors. */
const LAST_DIGIT = 9

/** The descriptors of a future child. */
export interface Layout {
  readonly stdio: StdioOptions
  /** Where the child finds the given descriptors, in that order. */
  readonly places: readonly number[]
  /** Open in the child only because Node leaves no gaps: the shell that starts the program closes them. */
  readonly unused: readonly number[]
}

/**
 * Passes the inherited descriptors to a child unchanged, and assigns free numbers between them to the additional ones.
 */
export function layOut(
  inherited: readonly number[],
  given: readonly (Writable | number | 'pipe')[],
): Layout {
  const free = [3, 4, 5, 6, 7, 8, LAST_DIGIT].filter((fd) => !inherited.includes(fd))
  const above = Math.max(LAST_DIGIT, ...inherited) + 1
  const places = given.map((_, index) => free[index] ?? (index === 0 ? LAST_DIGIT : above + index))
  const length = Math.max(2, ...places, ...inherited) + 1
  const stdio = Array.from({ length }, (_, fd) => {
    const index = places.indexOf(fd)
    if (index >= 0) return given[index]
    return fd <= 2 || inherited.includes(fd) ? fd : 'ignore'
  })
  const unused = stdio.flatMap((use, fd) => (use === 'ignore' && fd <= LAST_DIGIT ? [fd] : []))
  return { stdio, places, unused }
}
