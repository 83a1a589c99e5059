import { pathToFileURL } from 'node:url'

import { packageBinOf } from '../host/cli-name.js'

/** Tells a child that it is the program itself, whatever its file is called. */
const RESPAWNED = 'CLI_OPS_RESPAWNED'

/** Node options that take their value from the next argument. */
const WITH_VALUE = new Set([
  '--import',
  '--require',
  '-r',
  '--loader',
  '--experimental-loader',
  '--conditions',
  '-C',
  '--env-file',
])

/** The options that `ChildProcess.prototype.spawn` receives. */
interface SpawnOptions {
  readonly file: string
  args?: readonly string[]
  envPairs?: readonly string[]
  readonly detached?: boolean
  readonly stdio?: unknown
}

interface ChildProcessClass {
  readonly prototype: { spawn: (this: unknown, options: SpawnOptions) => unknown }
}

/** Returns, once, whether {@link followRespawn} started this process. */
export function isRespawned(): boolean {
  const isSet = process.env[RESPAWNED] !== undefined
  if (isSet) delete process.env[RESPAWNED]
  return isSet
}

/**
 * Adds the preload to a child that is this program again: mocha restarts itself if it is given V8 options. It builds the
 * command from its own arguments, without those of the Node that it runs on. Calls `onFollow` first to decide.
 */
export function followRespawn(preload: string, folder: string, onFollow: () => boolean): void {
  const { ChildProcess } = process.getBuiltinModule('node:child_process') as unknown as {
    readonly ChildProcess: ChildProcessClass
  }
  const { prototype } = ChildProcess
  const { spawn } = prototype
  prototype.spawn = function (options) {
    const { file, args = [], envPairs = [] } = options
    if (standsForParent(options) && isThisProgram(file, args, folder) && onFollow()) {
      if (!hasPreload(preload, args, envPairs))
        options.args = [args[0] ?? file, '--require', preload, ...args.slice(1)]
      options.envPairs = [...envPairs, `${RESPAWNED}=1`]
    }
    return Reflect.apply(spawn, this, [options])
  }
}

/** A child that shares this process's stderr stands in for it; a background helper does not. */
function standsForParent({ detached, stdio }: SpawnOptions): boolean {
  if (detached === true) return false
  const stderr: unknown = Array.isArray(stdio) ? stdio[2] : stdio
  return stderr === 'inherit' || stderr === 2 || stderr === process.stderr
}

function isThisProgram(file: string, args: readonly string[], folder: string): boolean {
  if (file !== process.execPath && file !== 'node') return false
  const script = scriptOf(args.slice(1))
  return script !== undefined && packageBinOf(script)?.folder === folder
}

function scriptOf(args: readonly string[]): string | undefined {
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? ''
    if (!arg.startsWith('-')) return arg
    if (WITH_VALUE.has(arg)) index += 1
  }
  return undefined
}

function hasPreload(file: string, args: readonly string[], envPairs: readonly string[]): boolean {
  const { href } = pathToFileURL(file)
  const names = (text: string): boolean => text.includes(file) || text.includes(href)
  return (
    args.some(names) || envPairs.some((pair) => pair.startsWith('NODE_OPTIONS=') && names(pair))
  )
}
