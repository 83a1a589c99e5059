import type { EventEnvelope } from '@cli-ops/shared-ipc'

import { KeptList, type Revisions } from './kept-list.js'
import type { CommandView } from './live-types.js'

const MAX_KEPT = 300
/** The ends of a command and of its instance are reported separately, in any order. */
const LOST_AFTER_MS = 2000

/** The most recent commands, assembled from `command:started`, `command:completed` and `command:failed`. */
export class CommandHistory {
  readonly commands: KeptList<CommandView>
  /** Running commands, by instance and command. */
  readonly #running = new Map<string, { readonly key: number; goneAt: number | undefined }>()

  constructor(revisions: Revisions) {
    this.commands = new KeptList(revisions, MAX_KEPT)
  }

  /** Adds an event; ignores other types and malformed events. */
  add({ type, data, time }: EventEnvelope, now: number): void {
    if (!type.startsWith('command:') || typeof data !== 'object' || data === null) return
    const { cli, command, instance, exitCode, durationMs } = data as Record<string, unknown>
    if (typeof cli !== 'string' || typeof command !== 'string' || typeof instance !== 'string')
      return
    const told = Date.parse(time)
    const at = Number.isNaN(told) ? now : Math.min(told, now)
    const run = JSON.stringify([instance, command])
    if (type === 'command:started') {
      const key = this.commands.add({ cli, command, instance, from: at })
      this.#running.set(run, { key, goneAt: undefined })
      return
    }
    if (type !== 'command:completed' && type !== 'command:failed') return
    const end = {
      to: at,
      outcome: outcomeOf(type, exitCode),
      exitCode: typeof exitCode === 'number' ? exitCode : undefined,
      durationMs: typeof durationMs === 'number' ? durationMs : undefined,
    } as const
    const started = this.#running.get(run)
    this.#running.delete(run)
    if (started === undefined) this.commands.add({ cli, command, instance, ...end })
    else this.commands.update(started.key, end)
  }

  /** Marks commands whose process has gone without reporting how they ended. */
  loseAllBut(instances: ReadonlySet<string>, now: number): void {
    for (const [run, state] of this.#running) {
      const [instance] = JSON.parse(run) as [string]
      if (instances.has(instance)) state.goneAt = undefined
      else state.goneAt ??= now
      if (state.goneAt === undefined || now - state.goneAt < LOST_AFTER_MS) continue
      this.#running.delete(run)
      this.commands.update(state.key, { to: state.goneAt, outcome: 'lost' })
    }
  }
}

function outcomeOf(type: string, exitCode: unknown): CommandView['outcome'] {
  if (type === 'command:completed') return 'completed'
  return exitCode === null ? 'killed' : 'failed'
}
