import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { printable, PROBE_FOLDER, type ProbeReport } from '@cli-ops/shared-ipc/ops'

import { NotAttachable } from './not-attachable.js'

const TIMEOUT_MS = 30_000
/** The maximum length of a program's error text. */
const MAX_LENGTH = 200

/** A program to run, with its arguments. */
export interface ProbedCall {
  readonly file: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** The result of running a program. */
export interface Probe {
  /** What the preloads saw in each of its processes. */
  readonly reports: readonly ProbeReport[]
  /** How it failed, in one line; `undefined` if it exited with 0. */
  readonly failure: string | undefined
}

/**
 * Runs a program with the preloads. It should be given --help, so that the kit does nothing in it. Its output is discarded.
 *
 * @throws NotAttachable if it does not end
 */
export async function runProbe({ file, args, env }: ProbedCall): Promise<Probe> {
  const folder = await mkdtemp(join(tmpdir(), 'cli-ops-probe-'))
  try {
    const seen = join(folder, 'seen')
    await mkdir(seen)
    // A file: processes that the program leaves behind would keep a pipe open.
    const said = join(folder, 'stderr')
    const stderr = await open(said, 'w')
    const child = spawn(file, args, {
      stdio: ['ignore', 'ignore', stderr.fd],
      // On Windows, a command file needs a shell.
      shell: file.endsWith('.cmd'),
      env: { ...process.env, CLI_OPS_DISABLED: '1', [PROBE_FOLDER]: seen, ...env },
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS)
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
    clearTimeout(timer)
    await stderr.close()
    if (signal === 'SIGKILL') {
      throw new NotAttachable(
        `"${[file, ...args].join(' ')}" did not end within ${TIMEOUT_MS / 1000} s`,
        'see what it waits for',
      )
    }
    const reports = (await readdir(seen)).map((name) => readFile(join(seen, name), 'utf8'))
    return {
      reports: (await Promise.all(reports)).map((text) => JSON.parse(text) as ProbeReport),
      failure:
        code === 0
          ? undefined
          : describeFailure(code ?? signal ?? '', await readFile(said, 'utf8')),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Returns the stderr line that names the error, which Node writes after the source; else the last line. */
function describeFailure(end: number | string, stderr: string): string {
  const lines = stderr.split('\n').map((line) => printable(line.trim()))
  const line = lines.find((one) => /^\w*Error\b/u.test(one)) ?? lines.findLast((one) => one !== '')
  return `${end}${line === undefined ? ', with no output on stderr' : `: ${line.slice(0, MAX_LENGTH)}`}`
}
