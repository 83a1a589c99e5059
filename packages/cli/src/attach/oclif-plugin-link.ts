import { lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { changeFile } from '../files/change-file.js'

export const OCLIF_PLUGIN = '@cli-ops/oclif-plugin'

/** The plugin list in the data directory of an oclif CLI. */
interface UserPlugins {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly oclif?: { readonly schema?: number; readonly plugins?: readonly UserPlugin[] }
}

interface UserPlugin {
  readonly name: string
  readonly type: string
  readonly url?: string
}

/**
 * Adds the plugin to those that a user has installed into an oclif CLI, in the form that npm and `plugins install` leave for a folder.
 * Not in the form of `plugins link`: oclif looks for the TypeScript of linked plugins, and warns if there is none.
 */
export async function linkPlugin(home: string, dataDir: string, folder: string): Promise<void> {
  const link = linkOf(dataDir)
  mkdirSync(dirname(link), { recursive: true })
  rmSync(link, { recursive: true, force: true })
  symlinkSync(folder, link, process.platform === 'win32' ? 'junction' : 'dir')
  const url = `file:${folder}`
  await changePlugins(home, dataDir, ({ dependencies, oclif, ...rest }) => ({
    private: true,
    ...rest,
    dependencies: { ...dependencies, [OCLIF_PLUGIN]: url },
    oclif: {
      schema: 1,
      ...oclif,
      plugins: [...othersOf(oclif), { name: OCLIF_PLUGIN, type: 'user', url }],
    },
  }))
}

/** Undoes {@link linkPlugin}. */
export async function unlinkPlugin(home: string, dataDir: string): Promise<void> {
  await changePlugins(home, dataDir, ({ dependencies = {}, oclif, ...rest }) => {
    const { [OCLIF_PLUGIN]: _plugin, ...others } = dependencies
    const left = Object.keys(others).length === 0 ? {} : { dependencies: others }
    return { ...rest, ...left, oclif: { ...oclif, plugins: othersOf(oclif) } }
  })
  const link = linkOf(dataDir)
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === true) rmSync(link)
}

async function changePlugins(
  home: string,
  dataDir: string,
  change: (plugins: UserPlugins) => object,
): Promise<void> {
  const path = join(dataDir, 'package.json')
  await changeFile({ home, path, lock: `cli-ops plugins in ${dataDir}` }, () => {
    const plugins = readPlugins(path)
    return `${JSON.stringify(change(plugins), null, 2)}\n`
  })
}

function readPlugins(path: string): UserPlugins {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
  try {
    return JSON.parse(text) as UserPlugins
  } catch (error) {
    throw new TypeError(`${path} must be JSON: ${(error as Error).message}`, { cause: error })
  }
}

function othersOf(oclif: UserPlugins['oclif']): readonly UserPlugin[] {
  return (oclif?.plugins ?? []).filter(({ name }) => name !== OCLIF_PLUGIN)
}

function linkOf(dataDir: string): string {
  return join(dataDir, 'node_modules', OCLIF_PLUGIN)
}
