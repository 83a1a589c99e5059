import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

import { hostCommands, type OclifCli } from './oclif-cli.js'

interface OclifManifest {
  readonly commands?: Readonly<Record<string, { readonly aliases?: readonly string[] }>>
}

/**
 * Describes a CLI with oclif bundled into it, which cannot be queried: its commands from the manifest that oclif writes at packing,
 * and the data directory where oclif puts it.
 */
export function readBundledOclif(folder: string): OclifCli {
  const { name, oclif } = readJson(join(folder, 'package.json')) as {
    readonly name: string
    readonly oclif: {
      readonly bin?: string
      readonly dirname?: string
      readonly commands?: unknown
    }
  }
  const { bin = name, dirname = name } = oclif
  const file = join(folder, 'oclif.manifest.json')
  const { commands = {} } = existsSync(file) ? (readJson(file) as OclifManifest) : {}
  const list = Object.entries(commands).map(([path, { aliases = [] }]) => ({ path, aliases }))
  const { strategy } = (oclif.commands ?? {}) as { readonly strategy?: unknown }
  const dataDir = dataDirOf(bin, dirname)
  return { bin, dataDir, commands: hostCommands(list), isSingle: strategy === 'single' }
}

function dataDirOf(bin: string, dirname: string): string {
  const variable = `${bin.replaceAll('@', '').replaceAll(/[/-]/gu, '_')}_DATA_DIR`.toUpperCase()
  const { [variable]: own, XDG_DATA_HOME: xdg, LOCALAPPDATA: localAppData } = process.env
  if (own !== undefined && own !== '') return own
  const windows = process.platform === 'win32' ? localAppData : undefined
  return join(xdg || windows || join(homedir(), '.local', 'share'), dirname)
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}
