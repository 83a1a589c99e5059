import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { freePort } from '../engines/free-port.js'
import { codeBlocks } from './markdown.js'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'

const GUIDE = join(root, 'docs/guides/hub.md')

/** A machine of the guide: a user with a private home. */
class Machine {
  readonly home: string
  readonly #env: NodeJS.ProcessEnv
  readonly #background = new Set<ChildProcess>()
  /** The variables that a person's shell keeps from one block to the next. */
  #exports = ''

  constructor(folder: string, name: string, bin: string) {
    this.home = join(folder, name)
    mkdirSync(this.home, { mode: 0o700 })
    const foreign = /^(?:CLI_OPS_|XDG_|VITEST|NODE_ENV|CI$)/u
    const inherited = Object.entries(process.env).filter(([variable]) => !foreign.test(variable))
    this.#env = {
      ...Object.fromEntries(inherited),
      HOME: this.home,
      XDG_RUNTIME_DIR: this.home,
      PATH: `${bin}:${process.env['PATH']}`,
    }
  }

  /** Runs a block to its end; rejects if one of its commands fails. */
  run(code: string): string {
    const output = execFileSync('bash', ['-euo', 'pipefail', '-c', this.#exports + code], {
      cwd: this.home,
      env: this.#env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#exports += code
      .split('\n')
      .filter((line) => line.startsWith('export '))
      .map((line) => `${line}\n`)
      .join('')
    return output
  }

  /** Starts a block, and resolves to its first output. */
  async start(code: string): Promise<string> {
    const child = spawn('bash', ['-c', `${this.#exports}exec ${code}`], {
      cwd: this.home,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    this.#background.add(child)
    const [first] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as [
      Buffer | number,
    ]
    return String(first)
  }

  end(): void {
    for (const child of this.#background) child.kill('SIGKILL')
  }
}

let folder: string
let build: Machine
let laptop: Machine

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-ops-guide-'))
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  symlinkSync(join(root, 'packages/cli/dist/main.js'), join(bin, 'cli-ops'))
  build = new Machine(folder, 'build-7', bin)
  laptop = new Machine(folder, 'laptop', bin)
  // The machines are folders here, and the network is the loopback interface.
  writeFileSync(join(bin, 'scp'), `#!/bin/bash\nexec cp "\${@/#build-7:/${build.home}/}"\n`, {
    mode: 0o755,
  })
})

afterAll(() => {
  build.end()
  laptop.end()
  removeFolder(folder)
})

test('the guide to the hub works word for word', { timeout: 120_000 }, async () => {
  const port = await freePort()
  const said: string[] = []
  for (const { code, remarks, place } of codeBlocks(GUIDE, ['sh'])) {
    const [where, how] = remarks
    if (where === 'install') continue
    expect(['build-7', 'laptop'], place).toContain(where)
    const machine = where === 'build-7' ? build : laptop
    const here = code
      .replaceAll(/(?<=DNS:|wss:\/\/)build-7/gu, 'localhost')
      .replaceAll(':4711', `:${port}`)
      .replace('cli-ops serve --host 0.0.0.0', `cli-ops serve --host 127.0.0.1 --port ${port}`)
    said.push(how === 'background' ? await machine.start(here) : machine.run(here))
  }
  const all = said.join('---\n')
  expect(all).toContain(`wss://127.0.0.1:${port}`)
  expect(all).toMatch(/ok {4}engine: wss: answered|warn {2}engine: wss: took/u)
  expect(all).toMatch(/deploy .*cli-ops run/u)
  expect(all).toContain('my turn')
  expect(all).toContain('laptop-7')
  // A revoked key is no longer valid.
  expect(() => laptop.run('cli-ops locks')).toThrow(/revoked|refused|access key/u)
})
