import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
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
 * Installs a framework's CLI the way npm would, with copies of the kit's packages, once for each variant. The variants
 * are one source: they differ in the lines that name them.
 *
 * @template {string} Variant
 * @param {Framework} framework
 * @param {readonly Variant[]} variants
 * @param {string} [base] the folder to install into
 * @returns {Record<Variant, string>} the file to run for each
 * @throws Error if something is not built
 */
export function installFixture({ name, plugin, libraries }, variants, base = INSTALLED) {
  const folder = join(base, name)
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
    const oclifManifest = join(kit.dir, 'oclif.manifest.json')
    if (existsSync(oclifManifest)) cpSync(oclifManifest, join(target, 'oclif.manifest.json'))
  }
  const { resolve } = createRequire(join(pluginPackage.dir, 'package.json'))
  for (const library of libraries) {
    const target = join(folder, 'node_modules', library)
    const source = packageFolder(resolve(library), library)
    mkdirSync(dirname(target), { recursive: true })
    // A framework's dependencies are found from its real path.
    if (hasDependencies(source)) symlinkSync(source, target, 'junction')
    else cpSync(source, target, { recursive: true })
  }
  const ownPackages = join(FIXTURES, name, 'packages')
  if (existsSync(ownPackages)) {
    cpSync(ownPackages, join(folder, 'node_modules'), { recursive: true })
  }
  return /** @type {Record<Variant, string>} */ (
    Object.fromEntries(
      variants.map((variant) => {
        writeVariant(join(FIXTURES, name), join(folder, variant), variant)
        return [variant, join(folder, variant, 'cli.mjs')]
      }),
    )
  )
}

/**
 * Writes a variant's files of a fixture: `x.<variant>.json` as `x.json`, and of every other file the lines that do not
 * belong to another variant.
 *
 * @param {string} from
 * @param {string} to
 * @param {string} variant
 */
function writeVariant(from, to, variant) {
  mkdirSync(to, { recursive: true })
  for (const file of readdirSync(from)) {
    const [, base, of, extension] = /^([^.]+)(?:\.([^.]+))?(\.m?js(?:on)?)$/u.exec(file) ?? []
    if (base === undefined || (of ?? variant) !== variant) continue
    writeFileSync(
      join(to, base + extension),
      linesOf(readFileSync(join(from, file), 'utf8'), variant),
    )
  }
}

/** @param {string} source @param {string} variant */
function linesOf(source, variant) {
  return source
    .split('\n')
    .filter((line) => (ONLY.exec(line)?.[1] ?? variant) === variant)
    .map((line) => line.replace(ONLY, ''))
    .join('\n')
}

/** @param {string} folder */
function hasDependencies(folder) {
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return Object.keys(dependencies).length > 0
}

/** @param {string} file @param {string} library */
function packageFolder(file, library) {
  const end = file.lastIndexOf(join('node_modules', library))
  if (end < 0) throw new Error(`${library} was found outside of node_modules: ${file}`)
  return join(file.slice(0, end), 'node_modules', library)
}
