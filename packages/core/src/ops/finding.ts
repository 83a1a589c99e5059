import type { OpsContext } from './ops-context.js'

/** The result of one check. */
export interface Finding {
  readonly status: 'ok' | 'warning' | 'failure'
  readonly message: string
  /** What to do about it. */
  readonly remedy?: string
}

/**
 * Checks one thing, or several of a kind, without changing anything. A thrown error counts as a failure with its
 * message.
 */
export type Check = (context: OpsContext) => Findings | Promise<Findings>

export type Findings = Finding | readonly Finding[]

export function ok(message: string): Finding {
  return { status: 'ok', message }
}

export function warning(message: string, remedy: string): Finding {
  return { status: 'warning', message, remedy }
}

export function failure(message: string, remedy: string): Finding {
  return { status: 'failure', message, remedy }
}
