import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

/**
 * @typedef {object} DemoHome
 * @property {string} ops Home of the kit: locks, events, registry
 * @property {string} sockets Where the sockets are
 * @property {string} data Tasks of cli-alpha
 * @property {string} items Items of cli-beta
 * @property {string} projects Projects of cli-gamma and their archives
 * @property {string} settings Settings file of cli-alpha
 * @property {string} work Where the CLIs start, and the steps put their files
 * @property {() => void} remove
 */

/**
 * Creates temporary directories for everything, and points this process and its children at them, so that the demo
 * never touches the data of the person who runs it.
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
  const items = make('items')
  const projects = make('projects')
  const config = make('config')
  const work = make('work')

  for (const name of Object.keys(process.env)) {
    if (/^CLI_(?:OPS|ALPHA|BETA|GAMMA)_/.test(name)) delete process.env[name]
  }
  process.env['CLI_OPS_HOME'] = ops
  process.env['XDG_RUNTIME_DIR'] = runtime
  process.env['CLI_ALPHA_DATA'] = data
  process.env['CLI_ALPHA_CONFIG'] = config
  process.env['CLI_BETA_DATA'] = items
  process.env['CLI_GAMMA_DATA'] = projects

  return {
    ops,
    sockets: join(runtime, 'cli-ops'),
    data,
    items,
    projects,
    settings: join(config, 'config.json'),
    work,
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}
