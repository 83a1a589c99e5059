import { isCliOpsError } from '../base/errors/is-cli-ops-error.js'

/** Returns what the last event of a command says about an error. Name and code only: messages can contain secrets. */
export function describeError(
  error: unknown,
): { readonly name: string; readonly code?: string } | undefined {
  if (error === undefined) return undefined
  const named = { name: typeof error }
  try {
    if (!(error instanceof Error) && !isCliOpsError(error)) return named
    const { name, code } = error as { readonly name: unknown; readonly code?: unknown }
    if (typeof name !== 'string') return named
    return typeof code === 'string' ? { name, code } : { name }
  } catch {
    // A getter, or a proxy's trap, threw.
    return named
  }
}
