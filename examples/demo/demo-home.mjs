import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

/**
 * @typedef {object} DemoHome
 * @property {string} ops Home of the kit: locks, events, registry
 * @property {string} sockets Where the sockets are
 * @property {string} data Tasks of cli-alpha
 * @property {string} settings Settings file of cli-alpha
 * @property {string} work Where the CLIs are started, and the steps put files of their own
 * @property {() => void} remove
 */

/**
 * Makes temporary directories for everything, and points this process and all that it starts at them, so that the demo
 * never meets the CLIs of the person who runs it.
 *
 * @returns {DemoHome}
 */
export function makeDemoHome() {
  const root = mkdtempSync(join(tmpdir(), 'cli-ops-demo-'))
  /** @param {string} name */
  const make = (name) => {
    const path = join(root, name)
    mkdirSync(path, { mode: 0o700 })
    return path
  }
  const ops = make('ops')
  const runtime = make('run')
  const data = make('data')
  const config = make('config')
  const work = make('work')

  for (const name of Object.keys(process.env)) {
    if (name.startsWith('CLI_OPS_') || name.startsWith('CLI_ALPHA_')) delete process.env[name]
  }
  process.env['CLI_OPS_HOME'] = ops
  process.env['XDG_RUNTIME_DIR'] = runtime
  process.env['CLI_ALPHA_DATA'] = data
  process.env['CLI_ALPHA_CONFIG'] = config

  return {
    ops,
    sockets: join(runtime, 'cli-ops'),
    data,
    settings: join(config, 'config.json'),
    work,
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}
