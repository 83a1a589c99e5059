// The only place that knows the workspace: the build, the tests and the package checks read each package's facts from
// its package.json, so adding a package edits none of them.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/**
 * @typedef {{ name: string, version?: string, private?: boolean, exports?: any, bin?: any }} Manifest
 * @typedef {{ specifier: string | undefined, source: string, output: string, isCommonJs: boolean }} Entry
 *   `specifier` is the import specifier, `source` the TypeScript file, `output` the bundle's path
 *   below `dist`, without extension; `isCommonJs` is true if it ends in `.cjs`.
 * @typedef {{ dir: string, folder: string, name: string, manifest: Manifest, entries: Entry[] }} Workspace
 */

/**
 * Returns every folder below `packages/` and `examples/` that has a package.json.
 *
 * @returns {Workspace[]}
 */
export function workspaces() {
  return ['packages', 'examples'].flatMap((parent) => {
    const base = join(root, parent)
    if (!existsSync(base)) return []
    return readdirSync(base)
      .sort()
      .filter((folder) => existsSync(join(base, folder, 'package.json')))
      .map((folder) => {
        const dir = join(base, folder)
        /** @type {Manifest} */
        const manifest = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))
        return { dir, folder, name: manifest.name, manifest, entries: entriesOf(dir, manifest) }
      })
  })
}

/** What a plugin loads from its own entries on first use. */
const LOADED_BY_ENTRIES = ['lazy', 'lifecycle', 'mount-ops']

/**
 * `./dist/x/y.js` or `.cjs` in `exports` or `bin` stands for `src/x/y.ts`; other targets are not built.
 *
 * @param {string} dir
 * @param {Manifest} manifest
 * @returns {Entry[]}
 */
function entriesOf(dir, manifest) {
  const { name, exports = {}, bin = {} } = manifest
  /** @type {Record<string, any>} */
  const subpaths = typeof exports === 'string' || exports.default ? { '.': exports } : exports
  /** @type {string[]} */
  const commands = typeof bin === 'string' ? [bin] : Object.values(bin)
  const targets = [
    ...Object.entries(subpaths).map(([subpath, target]) => ({
      specifier: name + subpath.slice(1),
      target: typeof target === 'string' ? target : target?.default,
    })),
    ...commands.map((target) => ({ specifier: undefined, target })),
    ...LOADED_BY_ENTRIES.filter((file) => existsSync(join(dir, 'src', `${file}.ts`))).map(
      (file) => ({
        specifier: undefined,
        target: `./dist/${file}.cjs`,
      }),
    ),
  ]
  return targets.flatMap(({ specifier, target }) => {
    const [, output, extension] = /^(?:\.\/)?dist\/(.+)\.(c?js)$/.exec(target ?? '') ?? []
    if (output === undefined) return []
    const source = join(dir, 'src', `${output}.ts`)
    return [{ specifier, source, output, isCommonJs: extension === 'cjs' }]
  })
}
