import type { OpsRun } from '@cli-ops/shared-ipc/ops'

/** Runs a command's implementation with the output and exit codes of the commands that every plugin mounts. */
export async function withContext(
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
  run: OpsRun,
): Promise<void> {
  const { runWithContext } = await import('@cli-ops/shared-ipc/ops')
  process.exitCode = await runWithContext(
    { name: 'cli-ops', program: 'cli-ops', args, options },
    run,
  )
}
