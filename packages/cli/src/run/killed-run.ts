import {
  configuredConnection,
  describeOwnProcess,
  loadRunNotes,
  type LockRunFacts,
} from '@cli-ops/shared-ipc/ops/wrap'

/** The hidden command that records the end of a killed run. */
export const KILLED_RUN = '__killed-run'

/** What is known of a run while its program runs, for the process that records its end if it is killed. */
export interface KilledRun extends Pick<
  LockRunFacts,
  'resource' | 'label' | 'pid' | 'slot' | 'waitedMs'
> {
  readonly id: string
  /** The run's own command: `run deploy.sh`. */
  readonly command: string
  /** When the lock was granted, in milliseconds since the epoch. */
  readonly grantedAt: number
}

/** Returns the command line that calls {@link noteKilledRun}. */
export function killedRunRecorder(run: KilledRun): readonly string[] {
  const node = [process.execPath, ...process.execArgv, process.argv[1] ?? '']
  return [...node, KILLED_RUN, JSON.stringify(run)]
}

/** Records in this machine's lock history that a run was killed. */
export async function noteKilledRun({ command, grantedAt, ...run }: KilledRun): Promise<void> {
  describeOwnProcess({ name: 'cli-ops', command })
  const { connection } = await configuredConnection('cli-ops')
  const { isRunNoted, noteRun } = await loadRunNotes()
  // Killed after it had recorded its own end.
  if (isRunNoted(connection, run.id)) return
  // The clock can have been set back.
  noteRun(connection, { ...run, type: 'lock:killed', heldMs: Math.max(0, Date.now() - grantedAt) })
}
