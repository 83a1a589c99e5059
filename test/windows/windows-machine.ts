import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { WINDOWS_NODE } from './windows-node.mjs'

const IS_WINDOWS = process.platform === 'win32'

const TAKES_TYPESCRIPT = Reflect.get(process.features, 'typescript') === 'strip'

/** Debian keeps it out of PATH. */
const WINE = [
  '/usr/lib/wine/wine64',
  '/usr/bin/wine64',
  '/usr/bin/wine',
  '/usr/local/bin/wine',
].find(existsSync)
const WINE_SERVER = [
  '/usr/lib/wine/wineserver',
  '/usr/bin/wineserver',
  '/usr/local/bin/wineserver',
].find(existsSync)

/** Why nothing for Windows can be run here; undefined if it can. */
export const noWindows: string | undefined = reasonAgainst()

function reasonAgainst(): string | undefined {
  if (IS_WINDOWS)
    return TAKES_TYPESCRIPT ? undefined : 'needs a Node that takes TypeScript (22.18 or newer)'
  if (WINE === undefined || WINE_SERVER === undefined) return 'Wine is not installed (wine64)'
  if (existsSync(WINDOWS_NODE)) return undefined
  return 'Node for Windows was not fetched: npm run test:windows does it'
}

/** How a program on Windows ended, and its output. */
export interface WindowsResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A private Windows under Wine, or the one that this process runs on. */
export class WindowsMachine {
  readonly #folder = mkdtempSync(join(tmpdir(), 'cli-ops-windows-'))
  #runs = 0

  /** Prepares the machine: Wine builds its registry and folders. */
  async start(): Promise<void> {
    if (IS_WINDOWS) return
    const { exitCode, stderr } = await this.#run(WINE!, ['wineboot', '-i'])
    if (exitCode !== 0) throw new Error(`wineboot ends with ${exitCode}: ${stderr}`)
  }

  /** Runs Node on a file of this checkout, to its end. */
  async runNode(args: readonly string[]): Promise<WindowsResult> {
    return IS_WINDOWS
      ? this.#run(process.execPath, args)
      : this.#run(WINE!, [WINDOWS_NODE, ...args])
  }

  /** Returns the path of this machine's file on that one. */
  static pathOf(file: string): string {
    return IS_WINDOWS ? file : `Z:${file.replaceAll('/', '\\')}`
  }

  /** Ends every program left on the machine, and removes it. */
  end(): void {
    if (!IS_WINDOWS) {
      // The second one returns when all have ended.
      for (const what of ['-k', '-w'])
        spawnSync(WINE_SERVER!, [what], { env: this.#environment(), stdio: 'ignore' })
    }
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }

  async #run(file: string, args: readonly string[]): Promise<WindowsResult> {
    this.#runs += 1
    // A program under Wine cannot write to a pipe of this side.
    const paths = ['stdout', 'stderr'].map((name) => join(this.#folder, `${this.#runs}.${name}`))
    const descriptors = paths.map((path) => openSync(path, 'w'))
    const child = spawn(file, args, {
      env: this.#environment(),
      cwd: this.#folder,
      stdio: ['ignore', ...descriptors],
    })
    for (const descriptor of descriptors) closeSync(descriptor)
    const [exitCode] = (await once(child, 'close')) as [number | null]
    const [stdout = '', stderr = ''] = paths.map((path) => readFileSync(path, 'utf8'))
    return { exitCode, stdout, stderr }
  }

  #environment(): NodeJS.ProcessEnv {
    const { PATH, CLI_OPS_WINDOWS, NODE_V8_COVERAGE: _, ...rest } = process.env
    if (IS_WINDOWS) return { ...rest, PATH, CLI_OPS_WINDOWS }
    return {
      PATH,
      CLI_OPS_WINDOWS,
      HOME: this.#folder,
      LANG: 'C.UTF-8',
      WINEPREFIX: join(this.#folder, 'prefix'),
      WINEDEBUG: '-all',
      // Without desktop menus and prompts to fetch .NET or a browser.
      WINEDLLOVERRIDES: 'winemenubuilder.exe,mscoree,mshtml=d',
      NODE_SKIP_PLATFORM_CHECK: '1',
    }
  }
}
