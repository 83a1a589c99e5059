import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { workspaces } from '../../scripts/workspaces.mjs'

const FIXTURES = fileURLToPath(new URL('fixtures', import.meta.url))
const INSTALLED = fileURLToPath(new URL('../../.cache/benchmarks/startup', import.meta.url))
const ONLY = / *\/\/ only: (\S+)$/u

/**
 * @typedef {{ name: string, plugin: string, libraries: string[] }} Framework
 *   `name` is also its folder in fixtures/; `libraries` are what the fixture imports besides the plugin.
 */

/**
 * Installs the CLI of a framework the way npm would, the kit as copies of its packages, once for each
 * variant. The variants are one source: they differ in the lines that name them.
 *
 * @template {string} Variant
 * @param {Framework} framework
 * @param {readonly Variant[]} variants
 * @returns {Record<Variant, string>} the file to run for each
 * @throws Error where something is not built
 */
export function installFixture({ name, plugin, libraries }, variants) {
  const folder = join(INSTALLED, name)
  rmSync(folder, { recursive: true, force: true })
  const packages = workspaces()
  const pluginPackage = packages.find((candidate) => candidate.name === plugin)
  if (pluginPackage === undefined) throw new Error(`${plugin} is not in this workspace`)
  for (const kit of packages.filter(({ dir }) => dirname(dir).endsWith('packages'))) {
    if (!existsSync(join(kit.dir, 'dist'))) continue
    const target = join(folder, 'node_modules', kit.name)
    mkdirSync(target, { recursive: true })
    cpSync(join(kit.dir, 'package.json'), join(target, 'package.json'))
    cpSync(join(kit.dir, 'dist'), join(target, 'dist'), { recursive: true })
  }
  const { resolve } = createRequire(join(pluginPackage.dir, 'package.json'))
  for (const library of libraries) {
    const link = join(folder, 'node_modules', library)
    mkdirSync(dirname(link), { recursive: true })
    // A link and not a copy: the dependencies of a framework are found from where it really is.
    symlinkSync(packageFolder(resolve(library), library), link, 'junction')
  }
  const source = readFileSync(join(FIXTURES, name, 'cli.mjs'), 'utf8')
  return /** @type {Record<Variant, string>} */ (
    Object.fromEntries(
      variants.map((variant) => {
        const file = join(folder, `${variant}.mjs`)
        writeFileSync(file, linesOf(source, variant))
        return [variant, file]
      }),
    )
  )
}

/** @param {string} source @param {string} variant */
function linesOf(source, variant) {
  return source
    .split('\n')
    .filter((line) => (ONLY.exec(line)?.[1] ?? variant) === variant)
    .map((line) => line.replace(ONLY, ''))
    .join('\n')
}

/** @param {string} file @param {string} library */
function packageFolder(file, library) {
  const end = file.lastIndexOf(join('node_modules', library))
  if (end < 0) throw new Error(`${library} was found outside of node_modules: ${file}`)
  return join(file.slice(0, end), 'node_modules', library)
}
