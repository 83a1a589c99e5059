import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const FIXTURE = fileURLToPath(new URL('fixtures/ops.mjs', import.meta.url))

/** What an `ops` command shows to the outside. */
export interface OpsEnd {
  readonly status: number | string
  readonly stdout: string
  readonly stderr: string
}

/** How to run an `ops` command. */
export interface OpsRunOptions {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Called with every piece of output. */
  readonly onOutput?: (child: ReturnType<typeof spawn>, stdout: string) => void
}

/** Runs an `ops` command as a separate process, to its end. */
export async function runOpsCommand(
  home: string,
  path: string,
  options: object = {},
  { args = [], env = {}, onOutput }: OpsRunOptions = {},
): Promise<OpsEnd> {
  const child = spawn(
    process.execPath,
    [FIXTURE, path, JSON.stringify(args), JSON.stringify(options)],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, CLI_OPS_HOME: home, ...env } },
  )
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    onOutput?.(child, stdout)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  return { status: code ?? signal ?? '', stdout, stderr }
}
