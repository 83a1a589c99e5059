import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { PROBE_FOLDER, type ProbeReport } from '@cli-ops/shared-ipc/ops'

import { NotAttachable } from './not-attachable.js'

const TIMEOUT_MS = 30_000

/** A program to run, with its arguments. */
export interface ProbedCall {
  readonly file: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/**
 * Runs a program that has the preloads, and gives what they saw in each of its processes. It should be asked for its help:
 * nothing of the kit does anything in it, and what it prints goes nowhere.
 *
 * @throws NotAttachable where it does not end
 */
export async function runProbe({ file, args, env }: ProbedCall): Promise<readonly ProbeReport[]> {
  const folder = await mkdtemp(join(tmpdir(), 'cli-ops-probe-'))
  try {
    const child = spawn(file, args, {
      stdio: 'ignore',
      // What Windows calls a command file is run by its shell.
      shell: file.endsWith('.cmd'),
      env: { ...process.env, CLI_OPS_DISABLED: '1', [PROBE_FOLDER]: folder, ...env },
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS)
    const [, signal] = (await once(child, 'close')) as [number | null, string | null]
    clearTimeout(timer)
    if (signal === 'SIGKILL') {
      throw new NotAttachable(
        `"${[file, ...args].join(' ')}" did not end within ${TIMEOUT_MS / 1000} s`,
        'see what it waits for',
      )
    }
    const reports = (await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8'))
    return (await Promise.all(reports)).map((text) => JSON.parse(text) as ProbeReport)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
