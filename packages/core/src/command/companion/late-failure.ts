import { type ConnectionOptions, resolveConnection } from '../../engine/connection-options.js'
import { homeOf } from '../../drivers/local/home/home-of.js'
import { nodeFileSystem } from '../../drivers/local/home/file-system.js'
import { ownProcess } from '../../base/process/own-process.js'
import { describeDuration } from '../../base/terminal/units.js'
import { parseJson } from '../../base/validation/parse-json.js'

interface LateFailure {
  readonly name: string
  readonly atMs: number
  readonly reason: string
}

const FILE = 'engine-failure.json'

/** Records a failure that came after the host had ended, for the next command to report. If the home is unusable too, it is lost. */
export function noteLateFailure(options: ConnectionOptions, reason: string): void {
  const home = homeOf(resolveConnection(options))
  const failure: LateFailure = { name: ownProcess().name, atMs: Date.now(), reason }
  try {
    home.inDirectory(home.base, () => {
      const path = home.directory(FILE)
      home.fileSystem.unlink(path)
      home.fileSystem.createFile(path, JSON.stringify(failure))
    })
  } catch {
    // The command has ended well, and nothing is left that could be told.
  }
}

/** Returns and removes the failure that came after an earlier command had ended. */
export function takeLateFailure(
  options: ConnectionOptions,
): { readonly what: string; readonly reason: string } | undefined {
  const path = homeOf(resolveConnection(options)).directory(FILE)
  try {
    const text = nodeFileSystem.readFile(path)
    // Of several commands at once, one says it.
    if (text === undefined || !nodeFileSystem.unlink(path)) return undefined
    const { name, atMs, reason } = parseJson(text) as LateFailure
    const ago = describeDuration(Date.now() - atMs)
    return { what: `an earlier command (${name}, ${ago} ago) left no events`, reason }
  } catch {
    return undefined
  }
}
