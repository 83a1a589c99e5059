import { execFileSync } from 'node:child_process'
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { build, type BuildOptions } from 'esbuild'

/** The bundlers, by their packages on npm; working on the kit needs none of them. */
export const BUNDLER_PACKAGES = [
  'rollup@4',
  '@rollup/plugin-commonjs@29',
  '@rollup/plugin-json@6',
  '@rollup/plugin-node-resolve@16',
  'webpack@5',
  '@vercel/ncc@0.45',
  'bun@1',
  'postject@1.0.0-alpha.6',
]

export interface Bundle {
  readonly entry: string
  readonly output: string
  /** Where the bundlers are installed. */
  readonly tools: string
}

export interface Bundler {
  readonly name: string
  /** The file to start, below the output folder; without an extension it is an executable. */
  readonly file: string
  run(bundle: Bundle): Promise<void> | void
}

// The recipes from esbuild's own documentation, which commander, a CommonJS package, and yargs, an ES module, each need
// one of.
const REQUIRE = `import { createRequire as makeRequire } from 'node:module';const require = makeRequire(import.meta.url);`
const MODULE_URL = `const moduleUrl = require('node:url').pathToFileURL(__filename).href;`
const COMMON_JS = {
  format: 'cjs',
  banner: { js: MODULE_URL },
  define: { 'import.meta.url': 'moduleUrl' },
} as const

/** The marker by which Node recognises that its executable contains a program. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'

const ROLLUP = `
const { rollup } = await import('rollup')
const plugin = async (name) => (await import('@rollup/plugin-' + name)).default
const [input, file, format] = process.argv.slice(1)
const plugins = [
  (await plugin('node-resolve'))({ preferBuiltins: true }),
  (await plugin('commonjs'))(),
  (await plugin('json'))(),
]
const bundle = await rollup({ input, plugins, onwarn: () => {} })
await bundle.write({ file, format, inlineDynamicImports: true })`

const WEBPACK = `
const { default: webpack } = await import('webpack')
const [entry, path] = process.argv.slice(1)
webpack({ mode: 'production', target: 'node20', entry, output: { path, filename: 'host.cjs' } }, (error, stats) => {
  if (error || stats.hasErrors()) {
    console.error(error ?? stats.toString({ all: false, errors: true }))
    process.exitCode = 1
  }
})`

export const BUNDLERS: readonly Bundler[] = [
  esbuild('esbuild, CommonJS', 'host.cjs', COMMON_JS),
  esbuild('esbuild, CommonJS, minified', 'host.cjs', { ...COMMON_JS, minify: true }),
  esbuild('esbuild, an ES module', 'host.mjs', { format: 'esm', banner: { js: REQUIRE } }),
  rollup('rollup, an ES module', 'host.mjs', 'es'),
  rollup('rollup, CommonJS', 'host.cjs', 'cjs'),
  {
    name: 'webpack',
    file: 'host.cjs',
    run: ({ entry, output, tools }) => script(tools, WEBPACK, [entry, output]),
  },
  {
    name: 'ncc',
    file: 'index.mjs',
    run: ({ entry, output, tools }) => bin(tools, 'ncc', ['build', entry, '-o', output, '-q']),
  },
  {
    name: 'bun build',
    file: 'host.mjs',
    run: ({ entry, output, tools }) =>
      bin(tools, 'bun', ['build', entry, '--target=node', `--outfile=${join(output, 'host.mjs')}`]),
  },
  {
    name: 'bun build --compile',
    file: 'host',
    run: ({ entry, output, tools }) =>
      bin(tools, 'bun', ['build', entry, '--compile', '--outfile', join(output, 'host')]),
  },
  { name: 'a single executable of Node', file: 'host', run: singleExecutable },
]

/** As in Node's documentation for Linux: a copy of Node with the bundle in it, and a fuse that makes it run that. */
async function singleExecutable({ entry, output, tools }: Bundle): Promise<void> {
  await esbuild('', 'host.cjs', COMMON_JS).run({ entry, output, tools })
  const main = join(output, 'host.cjs')
  const host = join(output, 'host')
  const blob = join(output, 'host.blob')
  const config = join(output, 'sea.json')
  writeFileSync(config, JSON.stringify({ main, output: blob, disableExperimentalSEAWarning: true }))
  execFileSync(process.execPath, ['--experimental-sea-config', config], { stdio: 'pipe' })
  copyFileSync(process.execPath, host)
  bin(tools, 'postject', [host, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', FUSE])
}

function esbuild(name: string, file: string, options: BuildOptions): Bundler {
  const run = async ({ entry, output }: Bundle): Promise<void> => {
    const outfile = join(output, file)
    await build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: 'node',
      logLevel: 'error',
      ...options,
    })
  }
  return { name, file, run }
}

function rollup(name: string, file: string, format: string): Bundler {
  return {
    name,
    file,
    run: ({ entry, output, tools }) => script(tools, ROLLUP, [entry, join(output, file), format]),
  }
}

function script(tools: string, source: string, args: readonly string[]): void {
  const node = ['--input-type=module', '-e', source, ...args]
  execFileSync(process.execPath, node, { cwd: tools, stdio: 'pipe' })
}

function bin(tools: string, name: string, args: readonly string[]): void {
  execFileSync(join(tools, 'node_modules/.bin', name), [...args], { cwd: tools, stdio: 'pipe' })
}
