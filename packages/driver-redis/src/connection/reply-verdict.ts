/** What an error reply asks of the one who sent the command. Nothing was done in any of these cases. */
export type ReplyVerdict =
  /** The slot of the namespace is on another node of the cluster. */
  | { readonly kind: 'moved'; readonly host: string; readonly port: number }
  /** This node takes no writes (any more): another one does. */
  | { readonly kind: 'leave' }
  /** Soon the same node takes the command: it loads, its cluster votes, the slot is on its way to another node. */
  | { readonly kind: 'wait' }

const MOVED = /^MOVED \d+ (.*):(\d+)$/u
const READ_ONLY = /^(?:READONLY|MASTERDOWN)\b/u
const FOR_NOW = /^(?:LOADING|CLUSTERDOWN|TRYAGAIN|ASK|BUSY|NOREPLICAS)\b/u

/** Judges an error reply; `undefined` where it is an error of the command itself. */
export function judgeReply(error: unknown): ReplyVerdict | undefined {
  if (!(error instanceof Error)) return undefined
  const { message } = error
  const moved = MOVED.exec(message)
  if (moved !== null) return { kind: 'moved', host: moved[1] ?? '', port: Number(moved[2]) }
  if (READ_ONLY.test(message)) return { kind: 'leave' }
  // While a slot is moved, a script that needs several of its keys would find some of them only.
  if (FOR_NOW.test(message)) return { kind: 'wait' }
  return undefined
}
