import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { root } from '../../scripts/workspaces.mjs'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'

/** A host: a network namespace with an address. */
export interface Host {
  readonly name: string
  readonly address: string
}

/** A process on a host. */
export interface RunningProcess {
  readonly child: ChildProcess
  readonly seen: { readonly stdout: string; readonly stderr: string }
  readonly ended: Promise<number | null>
}

/** Returns whether this machine lets a test create network namespaces, and says so if not. */
export function canMakeHosts(): boolean {
  const probe = `cliops-${process.pid}-probe`
  const made = process.getuid?.() === 0 && spawnSync('ip', ['netns', 'add', probe]).status === 0
  if (made) spawnSync('ip', ['netns', 'delete', probe])
  else
    process.stderr.write('\n*** no root, or no `ip netns`: the run on two hosts is SKIPPED ***\n\n')
  return made
}

let made = 0

/** Two hosts that share nothing but a cable. */
export class TwoHosts {
  readonly build: Host
  readonly laptop: Host
  readonly directory = mkdtempSync(join(tmpdir(), 'cli-ops-hosts-'))
  /** For every process started from now on. */
  readonly env: Record<string, string> = {}
  readonly #running = new Set<ChildProcess>()

  constructor() {
    const id = `${process.pid}${'abc'[(made += 1) - 1] ?? ''}`
    this.build = { name: `cliops-${id}-1`, address: '10.231.77.1' }
    this.laptop = { name: `cliops-${id}-2`, address: '10.231.77.2' }
    for (const { name } of [this.build, this.laptop]) ip('netns', 'add', name)
    // Two ends of one cable.
    const ends = [`co${id}1`, `co${id}2`] as const
    ip('link', 'add', ends[0], 'type', 'veth', 'peer', 'name', ends[1])
    for (const [host, end] of [
      [this.build, ends[0]],
      [this.laptop, ends[1]],
    ] as const) {
      ip('link', 'set', end, 'netns', host.name)
      ip('-n', host.name, 'address', 'add', `${host.address}/24`, 'dev', end)
      ip('-n', host.name, 'link', 'set', end, 'up')
      ip('-n', host.name, 'link', 'set', 'lo', 'up')
    }
  }

  /** Returns a host's home, which the other one does not see. */
  homeOf(host: Host): string {
    const home = join(this.directory, host.name)
    mkdirSync(home, { recursive: true, mode: 0o700 })
    return home
  }

  /** Starts a program on a host. */
  spawn(host: Host, program: string, args: readonly string[]): RunningProcess {
    const home = this.homeOf(host)
    const child = spawn('ip', ['netns', 'exec', host.name, program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        NODE_ENV: 'production',
        HOME: home,
        XDG_DATA_HOME: home,
        XDG_RUNTIME_DIR: home,
        CLI_OPS_HOME: join(home, 'ops'),
        ...this.env,
      },
    })
    this.#running.add(child)
    const seen = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => (seen.stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (seen.stderr += text))
    const ended = new Promise<number | null>((resolve) => {
      child.once('close', (exitCode) => {
        this.#running.delete(child)
        resolve(exitCode)
      })
    })
    return { child, seen, ended }
  }

  /** Starts one of the example CLIs, or `cli-ops`, on a host. */
  start(host: Host, cli: string, args: readonly string[]): RunningProcess {
    const folder = cli === 'cli-ops' ? join('packages', 'cli') : join('examples', cli)
    return this.spawn(host, process.execPath, [join(root, folder, 'dist', 'main.js'), ...args])
  }

  async run(host: Host, cli: string, args: readonly string[]) {
    const { seen, ended } = this.start(host, cli, args)
    return { exitCode: await ended, ...seen }
  }

  /** Waits until a process has printed something. */
  async until({ seen }: RunningProcess, text: string): Promise<void> {
    const deadline = performance.now() + 60_000
    while (!`${seen.stdout}${seen.stderr}`.includes(text)) {
      if (performance.now() > deadline)
        throw new Error(`no "${text}" in ${seen.stdout}${seen.stderr}`)
      await delay(20)
    }
  }

  async close(): Promise<void> {
    for (const child of this.#running) child.kill('SIGKILL')
    await delay(50)
    for (const { name } of [this.build, this.laptop]) spawnSync('ip', ['netns', 'delete', name])
    removeFolder(this.directory)
  }
}

function ip(...args: string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
}
