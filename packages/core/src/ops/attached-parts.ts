import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { packageBinOf } from '../command/host/cli-name.js'
import { type Check, failure } from './finding.js'

const OCLIF_PLUGIN = '@cli-ops/oclif-plugin'

/** The part of an attachment's record that shows whether it still works. */
export interface AttachedParts {
  /** The command that people type. */
  readonly command: string
  /** The file that node runs. */
  readonly script: string
  /** The program that stands before it; none for oclif, which has plugins. */
  readonly shim?: string | undefined
  /** Where an oclif CLI keeps the plugins that its user has installed. */
  readonly pluginsDir?: string | undefined
}

/** Reports each attached program with a missing part, since it runs without its rules or not at all. */
export const checkAttached: Check = ({ connection: { home } }) => {
  const folder = join(home, 'attached')
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return names.sort().flatMap((name) => {
    const one = JSON.parse(readFileSync(join(folder, name), 'utf8')) as AttachedParts
    const [first] = goneParts(one)
    const { command } = one
    return first === undefined
      ? []
      : failure(
          `${command}: ${first} has gone, so its rules do not hold`,
          `run "cli-ops attach ${command}" again, or "cli-ops detach ${command}"`,
        )
  })
}

/** The files by which a program is attached that are no longer there. */
export function goneParts({ script, shim, pluginsDir }: AttachedParts): readonly string[] {
  const files = [script, ...(shim === undefined ? [] : [shim, ...preloadsOf(shim)])]
  const gone = files.filter((file) => !existsSync(file))
  return pluginsDir === undefined || gone.length > 0 || hasPlugin(script, pluginsDir)
    ? gone
    : [linkIn(pluginsDir)]
}

/** The files that a shim has node load first. */
function preloadsOf(shim: string): string[] {
  if (!existsSync(shim)) return []
  const text = readFileSync(shim, 'utf8')
  return Array.from(text.matchAll(/["']--require=([^"'\n]+)["']/gu), ([, file = '']) => file)
}

/** Returns whether an oclif CLI has the plugin, among its own or its user's plugins. */
function hasPlugin(script: string, pluginsDir: string): boolean {
  const folder = packageBinOf(script)?.folder
  if (folder !== undefined && pluginsOf(folder).some((plugin) => matches(plugin))) return true
  return existsSync(linkIn(pluginsDir)) && pluginsOf(pluginsDir).some((plugin) => matches(plugin))
}

function linkIn(pluginsDir: string): string {
  return join(pluginsDir, 'node_modules', OCLIF_PLUGIN)
}

function pluginsOf(folder: string): readonly unknown[] {
  try {
    const { oclif } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      readonly oclif?: { readonly plugins?: unknown }
    }
    return Array.isArray(oclif?.plugins) ? oclif.plugins : []
  } catch {
    return []
  }
}

/** A plugin is a name or a pattern in a CLI's own package.json, and a record with a name or a folder in that of its user's plugins. */
function matches(plugin: unknown): boolean {
  if (typeof plugin === 'string')
    return plugin === OCLIF_PLUGIN || (plugin.includes('*') && plugin.startsWith('@cli-ops/'))
  return (plugin as { readonly name?: unknown } | null)?.name === OCLIF_PLUGIN
}
