import type { Holder } from './lock-types.js'

/** Labels the mark of the latest waiter: with when it came, and with what it wants the lock for. */
export function markLabel(cameAt: number, label: string | undefined): string {
  return label === undefined ? String(cameAt) : `${cameAt} ${label}`
}

/** When the waiter with this mark came, in milliseconds since the epoch. */
export function cameAtOf({ label = '' }: { readonly label?: string | undefined }): number {
  return Number.parseInt(label, 10)
}

/** What the waiter with this mark wants the lock for. */
export function labelOfMark({ label = '' }: Holder): string | undefined {
  const at = label.indexOf(' ')
  return at === -1 ? undefined : label.slice(at + 1)
}
