// Bundles every package: `npm run build`, or `npm run build -- --js-only` without declarations.
//
// One file per entry point, because start-up is the price of every run; what several entries share
// becomes a chunk, and a dynamic import() in the source stays a chunk that is loaded at first need.
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
import { dirname, join, relative } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import * as esbuild from 'esbuild'
import { root, workspaces } from './workspaces.mjs'

/**
 * @param {{ readonly minify?: boolean }} [options] without `minify`, each branch of a bundle is one of its source's, which
 *   counting them takes
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
async function bundle({ dir, name, manifest, entries }, minify) {
  const dist = join(dir, 'dist')
  /** @type {esbuild.BuildOptions} */
  const shared = {
    absWorkingDir: dir,
    outdir: dist,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    plugins: [inlineLifecycle],
    treeShaking: true,
    // Node reads and compiles every byte on every run; the source maps keep stack traces readable.
    minify,
    // Node shows the line of an uncaught error: that must not be the whole file.
    lineLimit: 160,
    sourcemap: 'linked',
    logLevel: 'warning',
  }
  const inputs = (/** @type {boolean} */ isCommonJs) =>
    entries
      .filter((entry) => entry.isCommonJs === isCommonJs)
      .map(({ source, output }) => ({ in: source, out: output }))
  const { outputFiles: modules } = await esbuild.build({
    ...shared,
    entryPoints: inputs(false),
    // An adapter's entries stand alone: to find and read a second file costs a command more than what is in it.
    splitting: !name.endsWith('-plugin'),
    chunkNames: 'chunks/[name]-[hash]',
    format: 'esm',
    write: false,
  })
  const { outputFiles: commonJs } = await esbuild.build({
    ...shared,
    entryPoints: inputs(true),
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    // What createRequire() takes as well.
    define: { 'import.meta.url': '__filename' },
    write: false,
  })
  copyModuleType(dir)
  // A pattern in `files` would do for npm, but oclif takes each entry there for a file and misses it.
  writeChanged(join(dist, '.npmignore'), Buffer.from('*.tsbuildinfo\n'))
  const main = manifest.exports === undefined ? join(dir, manifest.main ?? '') : undefined
  const outputFiles = [...modules, ...commonJs].map((file) => withRequires(file, main))
  for (const { path, contents } of outputFiles) writeChanged(path, contents)
  removeStale(dist, new Set(outputFiles.map(({ path }) => path)))
}

/**
 * The lifecycle goes into the adapter's own file, and all of its parts into the file for bundlers.
 *
 * @type {esbuild.Plugin}
 */
const inlineLifecycle = {
  name: 'inline-lifecycle',
  setup({ onResolve }) {
    const folder = join(root, 'packages/core/src/lifecycle')
    onResolve({ filter: /^@cli-ops\/shared-ipc\/lifecycle$/ }, () => ({
      path: join(folder, 'index.ts'),
    }))
    onResolve({ filter: /^@cli-ops\/shared-ipc\/lifecycle\/bundled$/ }, () => ({
      path: join(folder, 'bundled.ts'),
    }))
  },
}

/**
 * Writes into `main` the `require()` that bundlers look for, where esbuild itself would make a function of its own of it; and
 * keeps what it loads from asking for Node's modules so, since a bundle that is an ES module has no `require`.
 *
 * @param {esbuild.OutputFile} file
 * @param {string | undefined} main of a package without `exports`
 * @returns {{ path: string, contents: Uint8Array }}
 */
function withRequires({ path, contents, text }, main) {
  const asked = path.endsWith('.cjs')
    ? text.replaceAll(/\brequire\("node:(\w+)"\)/gu, 'process.getBuiltinModule("node:$1")')
    : text
  const rewritten =
    path.endsWith('.cjs') || path === main
      ? asked.replaceAll('REQUIRE_OF_BUNDLERS', 'require')
      : asked
  return { path, contents: rewritten === text ? contents : Buffer.from(rewritten) }
}

/**
 * oclif warns at every command of a linked plugin whose own package.json says that it is an ES module. Such a package
 * says so in `src/package.json`, for the compiler, and in a copy of it beside the bundles, for Node.
 *
 * @param {string} dir
 */
function copyModuleType(dir) {
  const file = join(dir, 'src/package.json')
  if (existsSync(file)) writeChanged(join(dir, 'dist/package.json'), readFileSync(file))
}

/**
 * Writes by rename, and only where something changed: a build never takes a file away from a
 * process that is loading it at that moment.
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
 * Removes bundles of earlier builds; the declarations in the same folder belong to tsc and stay.
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
    if (!(error instanceof Error && 'errors' in error)) console.error(error)
    process.exitCode = 1
  }
}
