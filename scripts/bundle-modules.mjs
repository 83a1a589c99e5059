import { isAbsolute, join } from 'node:path'
import * as esbuild from 'esbuild'
import { rolldown } from 'rolldown'

/**
 * The modules that processes begin with, by the package's folder: everything that one of these loads is one chunk,
 * except what the previous ones contain. Finding and reading a file costs more than most of its code.
 *
 * @type {Readonly<Record<string, readonly string[] | undefined>>}
 */
const BEGINNINGS = {
  core: ['index', 'command/index', 'ops/index'],
  cli: ['run/run-command-line', 'run/start-run', 'program'],
}

/**
 * Bundles the entries of a package that are ES modules. A dynamic import() in the source stays a chunk that is loaded
 * on first use.
 *
 * @param {import('./workspaces.mjs').Workspace} workspace
 * @param {readonly { readonly in: string, readonly out: string }[]} inputs the source of each entry, and its path below
 *   `dist` without extension
 * @param {{ readonly minify: boolean, readonly resolve: (specifier: string) => import('rolldown').ResolveIdResult }}
 *   options
 *   `resolve` maps certain specifiers
 * @returns {Promise<{ readonly path: string, readonly contents: Uint8Array, readonly text: string }[]>}
 */
export async function bundleModules({ dir, folder }, inputs, { minify, resolve }) {
  /** @type {Map<string, readonly string[]>} */
  const imports = new Map()
  const bundle = await rolldown({
    cwd: dir,
    input: Object.fromEntries(inputs.map((input) => [input.out, input.in])),
    platform: 'node',
    external: (id) => !isAbsolute(id) && !id.startsWith('.') && resolve(id) === undefined,
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
    plugins: [
      {
        name: 'imports',
        resolveId: resolve,
        moduleParsed({ id, importedIds }) {
          imports.set(id, importedIds)
        },
      },
    ],
    treeshake: { moduleSideEffects: [{ test: /^node:/u, sideEffects: false }] },
    // A module imported both ways is loaded as soon as either import runs.
    checks: { ineffectiveDynamicImport: false },
  })
  try {
    const beginnings = (BEGINNINGS[folder] ?? []).map((name) => {
      const loaded = staticImports(join(dir, 'src', `${name}.ts`), imports)
      return {
        name: name.replace(/\/index$/u, '').replaceAll('/', '-'),
        test: (/** @type {string} */ id) => loaded.has(id),
      }
    })
    const { output } = await bundle.generate({
      dir: join(dir, 'dist'),
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'chunks/[name]-[hash].js',
      minify: false,
      sourcemap: minify ? false : 'inline',
      codeSplitting: {
        groups: beginnings.map((group, index) => ({
          ...group,
          priority: beginnings.length - index,
        })),
      },
    })
    return await Promise.all(
      output
        .filter((file) => file.type === 'chunk')
        .map(async ({ fileName, code }) => {
          const path = join(dir, 'dist', fileName)
          const text = await written(path, code, minify)
          return { path, contents: Buffer.from(text), text }
        }),
    )
  } finally {
    await bundle.close()
  }
}

/** @param {string} path @param {string} text @param {boolean} minify */
async function written(path, text, minify) {
  const { code } = await esbuild.transform(text, {
    format: 'esm',
    target: 'node20.19',
    sourcefile: path,
    sourcemap: !minify && 'inline',
    minify,
    // Node shows the line of an uncaught error, which must not be the whole file.
    ...(minify && { lineLimit: 160 }),
  })
  return code
}

/**
 * Returns every module that is loaded by importing a file.
 *
 * @param {string} file
 * @param {ReadonlyMap<string, readonly string[]>} imports
 * @returns {ReadonlySet<string>}
 */
function staticImports(file, imports) {
  const found = new Set([file])
  for (const id of found) for (const next of imports.get(id) ?? []) found.add(next)
  return found
}
