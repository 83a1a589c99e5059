import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { attach } from './attachment.mjs'
import { environment } from './environment.mjs'
import { findPackage, versionOf } from './install.mjs'
import { interrupt } from './interrupt.mjs'
import { launch } from './launch.mjs'
import { start } from './run-once.mjs'
import { Sandbox } from './sandbox.mjs'
import { snapshot } from './snapshot.mjs'

/**
 * One CLI as it is installed here, ready to run.
 *
 * @typedef {{ attached?: boolean, onStart?: (running: import('./run-once.mjs').Running) => Promise<unknown> }} RunOptions
 */
export class Subject {
  /** @type {import('./cli.mjs').Cli} */
  cli
  sandbox = new Sandbox()
  version
  /** Framework and version, as in its tree. */
  framework
  nodeVersion
  #modules
  #program
  #node
  #port

  /**
   * @param {import('./cli.mjs').Cli} cli
   * @param {{ folder: string, node: string, port: number }} places `folder` has the node_modules, a server answers on `port`
   */
  constructor(cli, { folder, node, port }) {
    this.cli = cli
    this.#port = port
    this.#node = node
    this.nodeVersion = versionOf(node)
    this.#modules = join(folder, 'node_modules')
    const specifier = cli.packages[0] ?? ''
    const name = specifier.slice(0, specifier.lastIndexOf('@'))
    const found = findPackage(folder, name)
    if (found === undefined) throw new Error(`${name} is not installed in ${folder}`)
    const { bin, version } = found.manifest
    this.version = String(version)
    this.#program = join(found.folder, typeof bin === 'string' ? bin : bin[cli.bin])
    this.framework = `${cli.framework} ${cli.bundled ?? this.#frameworkVersion(found.folder)}`
  }

  /** @param {string} program */
  #frameworkVersion(program) {
    const { framework, frameworkIn } = this.cli
    const from = frameworkIn === undefined ? program : findPackage(program, frameworkIn)?.folder
    return findPackage(from ?? program, framework)?.manifest['version'] ?? '?'
  }

  /**
   * Writes the command's rule, as a person does who coordinates a CLI they installed.
   *
   * @param {object} lock
   */
  configure(lock) {
    const { bin, alias = bin, command } = this.cli
    const config = { clis: { [alias]: { commands: { [command]: { lock } } } } }
    writeFileSync(join(this.sandbox.opsHome, 'config.json'), JSON.stringify(config))
  }

  /**
   * Runs it once in a fresh work folder.
   *
   * @param {RunOptions} [options]
   * @returns {Promise<import('./normalise.mjs').Seen>}
   */
  async run({ attached = true, onStart } = {}) {
    const { args, until } = this.cli
    const { command, env } = this.#prepare(attached)
    const cwd = this.sandbox.work
    const running = start([...command, ...args], { cwd, env, until })
    await onStart?.(running)
    const result = await running.ended
    return { ...result, files: snapshot(cwd) }
  }

  /**
   * Runs its long work at a terminal, and presses Ctrl-C.
   *
   * @param {import('./cli.mjs').Interrupt} work
   * @param {boolean} attached
   */
  interrupt({ args, seen, files = {} }, attached) {
    const { command, env } = this.#prepare(attached)
    this.sandbox.write(files)
    return interrupt([...command, ...args], { cwd: this.sandbox.work, env, seen })
  }

  /** Returns the content of the work folder before the CLI runs. */
  untouched() {
    this.#prepare(false)
    return snapshot(this.sandbox.work)
  }

  /** Returns its current content. */
  filesNow() {
    return snapshot(this.sandbox.work)
  }

  /** @param {boolean} attached */
  #prepare(attached) {
    const { sandbox, cli } = this
    sandbox.renew()
    const plugin = join(sandbox.userHome, 'plugin')
    const plain = { ...environment(sandbox, this.#node), ...cli.env }
    const { work, bin } = sandbox
    sandbox.write(cli.files ?? {})
    cli.prepare?.({
      work,
      home: sandbox.userHome,
      bin,
      modules: this.#modules,
      port: this.#port,
      write: (files) => sandbox.write(files),
      run: (program, ...args) => {
        execFileSync(program, args, {
          cwd: work,
          env: plain,
          stdio: ['ignore', 'ignore', 'inherit'],
        })
      },
    })
    if (attached) mkdirSync(plugin)
    const env = attached ? { ...plain, ...attach(cli, plugin) } : plain
    const places = { modules: this.#modules, program: this.#program, shims: bin }
    return { command: launch(cli, places), env }
  }

  close() {
    this.sandbox.remove()
  }
}
