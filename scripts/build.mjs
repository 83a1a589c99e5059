// Bundles every package: `npm run build`, or `npm run build -- --js-only` without declarations.
//
// One file per entry point, because every run pays for start-up. Code shared by several entries becomes a chunk, and a
// dynamic import() in the source stays a chunk that is loaded on first use.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import * as esbuild from 'esbuild'
import { breakLines } from './break-lines.mjs'
import { bundleModules } from './bundle-modules.mjs'
import { root, workspaces } from './workspaces.mjs'

/** Node shows the line of an uncaught error. */
export const LINE_LIMIT = 160

/**
 * @param {{ readonly minify?: boolean }} [options] without `minify`, each branch of a bundle is one of its source's,
 *   which branch counts require
 */
export async function buildJs({ minify = true } = {}) {
  const packages = workspaces().filter(({ entries }) => entries.length > 0)
  const missing = packages.flatMap(({ name, entries }) =>
    entries
      .filter(({ source }) => !existsSync(source))
      .map(
        ({ source }) => `${name}: package.json names an entry without ${relative(root, source)}`,
      ),
  )
  if (missing.length > 0) throw new Error(`cannot build\n${missing.join('\n')}`)
  try {
    await Promise.all(packages.map((workspace) => bundle(workspace, minify)))
  } finally {
    await esbuild.stop()
  }
}

/** @param {import('./workspaces.mjs').Workspace} workspace @param {boolean} minify */
async function bundle(workspace, minify) {
  const { dir, name, manifest, entries } = workspace
  const dist = join(dir, 'dist')
  const lazy = entries.find(({ source }) => basename(source) === 'lazy.ts')
  /** @type {esbuild.BuildOptions} */
  const shared = {
    absWorkingDir: dir,
    outdir: dist,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    treeShaking: true,
    // Node reads and compiles every byte on every run.
    minify,
    ...(minify && { lineLimit: LINE_LIMIT }),
    // They would make up two thirds of an installed plugin, for stacks that Node maps only on request.
    sourcemap: !minify && 'linked',
    logLevel: 'warning',
  }
  const inputs = (/** @type {boolean} */ isCommonJs) =>
    entries
      .filter((entry) => entry !== lazy && entry.isCommonJs === isCommonJs)
      .map(({ source, output }) => ({ in: source, out: output }))
  const modules = name.endsWith('-plugin')
    ? await bundleApart(shared, entries, inputs(false))
    : await bundleModules(workspace, inputs(false), { resolve: resolveInlined, minify })
  const { outputFiles: commonJs } = await esbuild.build({
    ...shared,
    plugins: [inlineLifecycle, keepCommonJs, keepEntriesApart(entries)],
    entryPoints: inputs(true),
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    // createRequire() accepts it as well.
    define: { 'import.meta.url': '__filename', 'import.meta.filename': '__filename' },
    write: false,
  })
  const page = existsSync(join(dir, 'page')) ? await bundlePageUnits(dir) : []
  copyModuleType(dir, manifest)
  if (name === '@cli-ops/cli') copyVectors(dist)
  // npm would accept a pattern in `files`, but oclif takes each entry there for a file and reports it missing.
  writeChanged(join(dist, '.npmignore'), Buffer.from('*.tsbuildinfo\n'))
  const lazyFile = lazy && (await buildLazy(dist, lazy, minify))
  const outputFiles = [...modules, ...commonJs, ...page].map((file) =>
    withPaths(file, lazyFile?.path),
  )
  if (lazyFile !== undefined) outputFiles.push(lazyFile)
  if (minify) for (const file of outputFiles) file.contents = withShortLines(file)
  for (const { path, contents } of outputFiles) writeChanged(path, contents)
  removeStale(dist, new Set(outputFiles.map(({ path }) => path)))
}

/**
 * Bundles each entry of an adapter alone: finding and reading a second file costs a command more than its code does.
 *
 * @param {esbuild.BuildOptions} shared
 * @param {import('./workspaces.mjs').Entry[]} entries
 * @param {{ in: string, out: string }[]} entryPoints
 */
async function bundleApart(shared, entries, entryPoints) {
  const lazy = entries.find(({ source }) => basename(source) === 'lazy.ts')
  const { outputFiles } = await esbuild.build({
    ...shared,
    plugins: [inlineLifecycle, keepLazy(lazy), keepEntriesApart(entries)],
    entryPoints,
    format: 'esm',
    write: false,
  })
  return outputFiles
}

/**
 * Bundles the formatters that the dashboard shares with the terminal, as a module for browsers.
 *
 * @param {string} dir
 */
async function bundlePageUnits(dir) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(root, 'packages/core/src/base/terminal/units.ts')],
    outdir: join(dir, 'dist/page'),
    format: 'esm',
    target: 'es2022',
    write: false,
  })
  return outputFiles
}

const LAZY_OF_CORE = 'command/lazy.ts'
const LAZY_OF_BASE = 'base/lazy.ts'
const LAZY = 'cli-ops:lazy'

/** The lifecycle goes into the adapter's own files, and the program wrapper into the command's. */
const INLINED = new Map(
  Object.entries({
    command: 'command/index.ts',
    'command/lazy': LAZY_OF_CORE,
    'ops/wrap': 'ops/wrap.ts',
  }).map(([subpath, file]) => [
    `@cli-ops/shared-ipc/${subpath}`,
    join(root, 'packages/core/src', file),
  ]),
)

/** @type {esbuild.Plugin} */
const inlineLifecycle = {
  name: 'inline-lifecycle',
  setup({ onResolve }) {
    for (const [specifier, path] of INLINED)
      onResolve({ filter: new RegExp(`^${specifier}$`) }, () => ({ path }))
  },
}

/**
 * Resolves as esbuild's plugins do, for {@link bundleModules}.
 *
 * @param {string} specifier
 */
function resolveInlined(specifier) {
  if (specifier.endsWith('/lazy.js')) return { id: LAZY, external: true }
  return INLINED.get(specifier)
}

const EXPORTED_FUNCTION = /^export function (\w+)/gmu

/**
 * Returns the sources that a package's bundles load on first use: the core's, and its own.
 *
 * @param {import('./workspaces.mjs').Entry | undefined} own
 */
function lazySources(own) {
  const core = join(root, 'packages/core/src')
  const ofCommands = join(core, LAZY_OF_CORE)
  // An adapter cannot load the packages that the core depends on.
  const files = own?.source === ofCommands ? [join(core, LAZY_OF_BASE)] : [own?.source]
  return [ofCommands, ...files].flatMap((file) =>
    file === undefined ? [] : readFileSync(file, 'utf8'),
  )
}

/**
 * Code loaded on first use is loaded with `require()`, which an ES module does not have. So its `lazy.ts` is a separate
 * file, imported once.
 *
 * @param {import('./workspaces.mjs').Entry | undefined} own
 * @returns {esbuild.Plugin}
 */
function keepLazy(own) {
  const names = lazySources(own).flatMap((source) =>
    Array.from(source.matchAll(EXPORTED_FUNCTION), ([, name]) => name),
  )
  return {
    name: 'keep-lazy',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /\/lazy\.js$/ }, () => ({ path: LAZY, namespace: LAZY }))
      onLoad({ filter: /./, namespace: LAZY }, () => ({
        contents: `export { ${names.join(', ')} } from '${LAZY}'`,
      }))
      onResolve({ filter: /./, namespace: LAZY }, () => ({ path: LAZY, external: true }))
    },
  }
}

/**
 * Builds the functions of `lazy.ts` as CommonJS, and nothing around them: every run reads this file, and esbuild's
 * wrapper for an ES module costs `--help` another 1.7 %.
 *
 * @param {string} dist
 * @param {import('./workspaces.mjs').Entry} lazy
 * @param {boolean} minify
 * @returns {Promise<{ path: string, contents: Uint8Array }>}
 */
async function buildLazy(dist, lazy, minify) {
  const source = lazySources(lazy)
    .join('\n')
    .replaceAll(/^export \* from .+$/gmu, '')
    .replaceAll(EXPORTED_FUNCTION, 'exports.$1 = $1\nfunction $1')
  const { code } = await esbuild.transform(source, { loader: 'ts', format: 'cjs', minify })
  return { path: join(dist, `${lazy.output}.cjs`), contents: Buffer.from(code) }
}

/**
 * Keeps external a file of the package that is loaded on first use.
 *
 * @type {esbuild.Plugin}
 */
const keepCommonJs = {
  name: 'keep-common-js',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/[\w-]+\.cjs$/ }, ({ path }) => ({ path, external: true }))
  },
}

/**
 * Keeps an entry that another entry imports on first use as a separate file; the bundles are laid out as their sources
 * are.
 *
 * @param {import('./workspaces.mjs').Entry[]} entries
 * @returns {esbuild.Plugin}
 */
function keepEntriesApart(entries) {
  const sources = new Set(entries.map(({ source }) => source))
  return {
    name: 'keep-entries-apart',
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.?\// }, ({ kind, path, resolveDir }) => {
        const source = join(resolveDir, path.replace(/\.js$/, '.ts'))
        return kind === 'dynamic-import' && sources.has(source)
          ? { path, external: true }
          : undefined
      })
    },
  }
}

// Matches an unescaped backslash at the end of a line, which occurs only in strings and templates. A bundler that
// indents what it bundles, as rollup does, would put its indentation into a string that `lineLimit` has cut.
const CONTINUATION = /(?<=(?<!\\)(?:\\\\)*)\\\n/gu

// The wrappers that bundlers put around modules. A host may have added enumerable members to all objects, which are not
// exports.
const FOR_IN = /\bfor\s*\(\s*(var|let|const)\s+(\w+)\s+in\s+(\w+)\s*\)/gu

/**
 * Adds the path from a bundle to `lazy.cjs`, joins the lines of strings, iterates over own members only, and keeps
 * CommonJS from loading Node's modules with `require()`, which a bundle that is an ES module does not have.
 *
 * @param {Pick<esbuild.OutputFile, 'path' | 'contents' | 'text'>} file
 * @param {string | undefined} lazyFile
 * @returns {{ path: string, contents: Uint8Array }}
 */
function withPaths({ path, contents, text }, lazyFile) {
  let rewritten = text
  if (/\.c?js$/u.test(path))
    rewritten = text
      .replaceAll(CONTINUATION, '')
      .replaceAll(FOR_IN, 'for($1 $2 of Object.keys($3))')
  if (path.endsWith('.cjs'))
    rewritten = rewritten.replaceAll(
      /\brequire\("node:(\w+)"\)/gu,
      'process.getBuiltinModule("node:$1")',
    )
  if (/\.c?js$/u.test(path) && rewritten.includes(`"${LAZY}"`)) {
    if (lazyFile === undefined) throw new Error(`${relative(root, path)} asks for lazy.ts`)
    const place = relative(dirname(path), lazyFile).split(sep).join('/')
    const specifier = place.startsWith('.') ? place : `./${place}`
    rewritten = rewritten.replaceAll(`"${LAZY}"`, JSON.stringify(specifier))
  }
  return { path, contents: rewritten === text ? contents : Buffer.from(rewritten) }
}

/** @param {{ readonly path: string, readonly contents: Uint8Array }} file */
function withShortLines({ path, contents }) {
  if (!/\.c?js$/u.test(path)) return contents
  const isModule = path.endsWith('.js')
  return Buffer.from(breakLines(Buffer.from(contents).toString(), { isModule, limit: LINE_LIMIT }))
}

/**
 * oclif warns at every command of a linked plugin whose own package.json says that it is an ES module. Such a package
 * says so in `src/package.json`, for the compiler, and in one beside the bundles, for Node. oclif before core 2 takes
 * the latter for the plugin's own, so it names the plugin and its hook.
 *
 * @param {string} dir
 * @param {import('./workspaces.mjs').Manifest} manifest
 */
function copyModuleType(dir, { name, version }) {
  const file = join(dir, 'src/package.json')
  if (!existsSync(file)) return
  /** @type {{ type: string, oclif?: object }} */
  const { type, oclif } = JSON.parse(readFileSync(file, 'utf8'))
  const copy = JSON.stringify({ name, version, type, oclif }, undefined, 2)
  writeChanged(join(dir, 'dist/package.json'), Buffer.from(`${copy}\n`))
}

/**
 * Copies the vectors that the tests run, for `cli-ops conformance`.
 *
 * @param {string} dist
 */
function copyVectors(dist) {
  for (const file of ['wire.json', 'log.json']) {
    const { version, vectors } = JSON.parse(readFileSync(join(root, 'test/vectors', file), 'utf8'))
    writeChanged(join(dist, 'vectors', file), Buffer.from(JSON.stringify({ version, vectors })))
  }
}

/**
 * Writes by renaming, and only if something changed: a build never takes a file away from a process that is loading it.
 *
 * @param {string} path
 * @param {Uint8Array} contents
 */
function writeChanged(path, contents) {
  const executable = contents[0] === 0x23 && contents[1] === 0x21
  if (!existsSync(path) || !readFileSync(path).equals(contents)) {
    mkdirSync(dirname(path), { recursive: true })
    const temporary = `${path}.${process.pid}.tmp`
    writeFileSync(temporary, contents)
    renameSync(temporary, path)
  }
  if (executable) chmodSync(path, 0o755)
}

/**
 * Removes bundles of earlier builds. The declarations in the same folder belong to tsc and stay.
 *
 * @param {string} dist
 * @param {Set<string>} keep
 */
function removeStale(dist, keep) {
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile() && /\.c?js(\.map)?$/.test(entry.name) && !keep.has(path)) rmSync(path)
  }
}

function buildDeclarations() {
  const projects = workspaces()
    .map(({ dir }) => join(dir, 'tsconfig.json'))
    .filter((path) => existsSync(path))
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  return spawnSync(process.execPath, [tsc, '-b', ...projects], { stdio: 'inherit' }).status ?? 1
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const started = performance.now()
  try {
    await buildJs()
    if (!process.argv.includes('--js-only')) process.exitCode = buildDeclarations()
    if (!process.exitCode) {
      console.log(`built in ${((performance.now() - started) / 1000).toFixed(2)} s`)
    }
  } catch (error) {
    // esbuild has printed its own errors already.
    if (!(error instanceof Error && 'warnings' in error)) console.error(error)
    process.exitCode = 1
  }
}
