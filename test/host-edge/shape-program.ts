import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { createCoordinator } from '@cli-ops/shared-ipc'

import { type ProgramEnd, type RunningProgram, startProgram, withoutFrames } from './run-program.js'
import { type Framework, RESOURCE, type Shape, type ShapeRun } from './shape.js'

const WORKSPACE = fileURLToPath(new URL('../../', import.meta.url))
const WORK = fileURLToPath(new URL('work.cjs', import.meta.url))

/** A program file, and its arguments and environment. */
export interface CommandLine {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** A program of a shape, written once, and a separate folder and home for each run. */
export class ShapeProgram {
  readonly framework: Framework
  readonly shape: Shape
  readonly #folder: string
  readonly #files = new Map<boolean, Promise<string>>()
  #plain: Promise<ProgramEnd> | undefined
  #runs = 0

  constructor(framework: Framework, shape: Shape, folder: string) {
    this.framework = framework
    this.shape = shape
    this.#folder = mkdtempSync(join(folder, 'shape-'))
  }

  /** Returns how it ends without the plugin. */
  plain(): Promise<ProgramEnd> {
    return (this.#plain ??= this.newRun({ hasPlugin: false }).end())
  }

  newRun(run: ShapeRun): OneRun {
    this.#runs += 1
    const folder = join(this.#folder, String(this.#runs))
    mkdirSync(join(folder, 'home'), { recursive: true, mode: 0o700 })
    return new OneRun(this, run, folder)
  }

  /** Returns its file, with the plugin or without it. */
  file(hasPlugin: boolean): Promise<string> {
    const written = this.#files.get(hasPlugin)
    if (written !== undefined) return written
    const writing = this.#write(hasPlugin)
    this.#files.set(hasPlugin, writing)
    return writing
  }

  async #write(hasPlugin: boolean): Promise<string> {
    const folder = join(this.#folder, hasPlugin ? 'with' : 'without')
    mkdirSync(folder)
    symlinkSync(join(WORKSPACE, 'node_modules'), join(folder, 'node_modules'))
    symlinkSync(WORK, join(folder, 'work.cjs'))
    for (const [name, text] of Object.entries(this.shape.files ?? {})) {
      writeFileSync(join(folder, name), text)
    }
    return this.framework.write(folder, this.shape, hasPlugin)
  }
}

/** One run of it, with the lock free or held by another process. */
export class OneRun {
  readonly cwd: string
  readonly home: string
  readonly #program: ShapeProgram
  readonly #run: ShapeRun
  /** A file that exists while another process holds the lock: `work()` checks for it. */
  readonly #held: string

  constructor(program: ShapeProgram, run: ShapeRun, cwd: string) {
    this.#program = program
    this.#run = run
    this.cwd = cwd
    this.home = join(cwd, 'home')
    this.#held = join(cwd, 'held')
  }

  /** Returns its command line. */
  async commandLine(): Promise<CommandLine> {
    const { framework, shape } = this.#program
    const { hasPlugin, onBusy = 'wait' } = this.#run
    const file = await this.#program.file(hasPlugin)
    const env = {
      CLI_OPS_HOME: this.home,
      PLUGIN: hasPlugin ? 'on' : 'off',
      LOCK: JSON.stringify({ resource: RESOURCE, onBusy }),
      ...framework.configure(this.home, shape, onBusy),
    }
    return { file, args: shape.args ?? [], env }
  }

  async start(): Promise<RunningProgram> {
    const { file, args, env } = await this.commandLine()
    const { nodeOptions = [], wrapper = [] } = this.#run
    const { input } = this.#program.shape
    return startProgram(file, args, {
      cwd: this.cwd,
      env: { ...env, ...this.#run.env },
      nodeOptions,
      wrapper,
      ...(input === undefined ? {} : { input }),
    })
  }

  async end(): Promise<ProgramEnd> {
    const { ended } = await this.start()
    return this.#seen(await ended)
  }

  /** Removes what differs between two folders. */
  #seen(end: ProgramEnd): ProgramEnd {
    const { status, stdout, stderr } = withoutFrames(end)
    const folder = /(?:file:\/\/)?\S*\/shape-[^/\s]+\/with(?:out)?\//gu
    return { status, stdout, stderr: stderr.replaceAll(folder, '') }
  }

  /** Runs it to its end while another process has its lock. */
  async whileHeld(): Promise<ProgramEnd> {
    await using ops = createCoordinator({ name: 'holder', home: this.home })
    await using lock = await ops.locks.lock(RESOURCE)
    writeFileSync(this.#held, '')
    const end = await this.end()
    lock.assertHeld()
    return end
  }

  /** Runs it while another process has its lock, until it waits and has said so; then the lock is free. */
  async untilItWaits(): Promise<ProgramEnd> {
    await using ops = createCoordinator({ name: 'holder', home: this.home })
    await using lock = await ops.locks.lock(RESOURCE)
    writeFileSync(this.#held, '')
    const program = await this.start()
    await program.says(/^host: waiting for "res"/mu)
    const waiters = (await ops.locks.inspect(RESOURCE))?.waiters ?? []
    if (waiters[0]?.pid !== program.child.pid) throw new Error('it is not among the waiters')
    rmSync(this.#held)
    await lock.release()
    const end = this.#seen(await program.ended)
    return { ...end, stderr: end.stderr.replace(/^(?:host: waiting for "res".*\n)+/u, '') }
  }
}
