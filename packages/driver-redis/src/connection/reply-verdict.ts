/** What the sender must do about an error reply. In none of these cases was the command executed. */
export type ReplyVerdict =
  /** The namespace's slot is on another node of the cluster. */
  | { readonly kind: 'moved'; readonly host: string; readonly port: number }
  /** This node no longer takes writes: another one does. */
  | { readonly kind: 'leave' }
  /** The same node will take the command soon: it is loading, its cluster is voting, or the slot is moving to another node. */
  | { readonly kind: 'wait' }

const MOVED = /^MOVED \d+ (.*):(\d+)$/u
const READ_ONLY = /^(?:READONLY|MASTERDOWN)\b/u
const FOR_NOW = /^(?:LOADING|CLUSTERDOWN|TRYAGAIN|ASK|BUSY|NOREPLICAS)\b/u

/** Judges an error reply; `undefined` if the command itself is wrong. */
export function judgeReply(error: unknown): ReplyVerdict | undefined {
  if (!(error instanceof Error)) return undefined
  const { message } = error
  const moved = MOVED.exec(message)
  if (moved !== null) return { kind: 'moved', host: moved[1] ?? '', port: Number(moved[2]) }
  if (READ_ONLY.test(message)) return { kind: 'leave' }
  // While a slot moves, a script that needs several of its keys would find only some of them.
  if (FOR_NOW.test(message)) return { kind: 'wait' }
  return undefined
}
