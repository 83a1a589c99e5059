import type { OpsContext } from './ops-context.js'

/** What came of one check. */
export interface Finding {
  readonly status: 'ok' | 'warning' | 'failure'
  readonly message: string
  /** What to do about it. */
  readonly remedy?: string
}

/** Looks at one thing, without changing it, or at several of a kind. What it throws is a failure with that message. */
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
