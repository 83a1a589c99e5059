import { lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { changeFile } from '../files/change-file.js'

export const OCLIF_PLUGIN = '@cli-ops/oclif-plugin'

/** The list of plugins in the data directory of an oclif CLI. */
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
 * Puts the plugin among those that a person has installed into an oclif CLI, as npm and `plugins install` leave it for a folder. Not as
 * `plugins link` does: oclif looks for the TypeScript of linked plugins, and warns where there is none.
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

/** Takes back what {@link linkPlugin} has done. */
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
