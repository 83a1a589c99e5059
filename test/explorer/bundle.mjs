import { mkdirSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import * as esbuild from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '../..')
const cache = join(root, '.cache/explorer')

/**
 * How the bundle differs from the code that users run: ids, which must be the same each time a process is rerun; pids
 * and signals, which belong to the simulated machine; the size of a buffer, of which millions are created; and two ways
 * to inspect a segment, which are one operation each, of which only the result counts. A header is read in one go
 * anyway. A search reads on until it finds something or nothing is left; what was read never changes, so it ends like a
 * single read that happens when the last of its reads does.
 *
 * Each change stays on its line, so that source maps, and coverage with them, remain right.
 *
 * @type {readonly import('./mutants.mjs').Change[]}
 */
const SIMULATED = [
  {
    file: 'contract/lock-id.ts',
    from: 'export function nextLockId(): string {',
    to: 'export function nextLockId(): string { return (globalThis as any).nextSimulatedId() ',
  },
  {
    file: 'process/pid-here.ts',
    from: 'const own = ownIdentity()',
    to: 'return identity.pid; const own = ownIdentity()',
  },
  {
    file: 'runs/holder-replacer.ts',
    from: "process.kill(target.pid, 'SIGTERM')",
    to: '(globalThis as any).simulatedSignal(target.pid)',
  },
  { file: 'events/line-reader.ts', from: '64 * 1024', to: '1024' },
  {
    file: 'events/segment-scan.ts',
    from: 'const buffer = Buffer.allocUnsafe(HEADER_BYTES)',
    to: `return (fileSystem as any).look(descriptor, 'header', (text: string) => headerIn(text.slice(0, HEADER_BYTES))); const buffer = Buffer.allocUnsafe(HEADER_BYTES)`,
  },
  {
    file: 'events/segment-scan.ts',
    from: 'const buffer = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, pattern.length * 2))',
    to: `return (fileSystem as any).look(descriptor, pattern.toString() + from, (text: string) => { const found = text.indexOf(Buffer.from(pattern).toString('latin1'), from); return found < 0 ? undefined : found }); const buffer = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, pattern.length * 2))`,
  },
]

/** @typedef {{ name: string, platform?: 'posix' | 'windows', changes?: readonly import('./mutants.mjs').Change[] }} Variant */

/** @type {Map<string, Promise<typeof import('./main.ts')>>} */
const loaded = new Map()

/**
 * Loads the explorer with the kit's real code, for one platform and with the changes that make a mutant.
 *
 * @param {Variant} variant
 * @returns {Promise<typeof import('./main.ts')>}
 */
export function loadExplorer(variant) {
  const key = `${variant.name} ${variant.platform ?? 'posix'}`
  let explorer = loaded.get(key)
  if (explorer === undefined) {
    explorer = bundle(variant)
    loaded.set(key, explorer)
  }
  return explorer
}

/** @param {Variant} variant @returns {Promise<typeof import('./main.ts')>} */
async function bundle({ name, platform = 'posix', changes: mutations = [] }) {
  const changes = [...SIMULATED, ...mutations]
  const used = new Set()
  const path = join(cache, `${name.replaceAll(/\W+/gu, '-')}-${platform}-${process.pid}.mjs`)
  const { outputFiles } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [join(here, 'main.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    packages: 'external',
    outfile: path,
    write: false,
    sourcemap: 'inline',
    logLevel: 'warning',
    define: { 'process.platform': platform === 'windows' ? '"win32"' : '"linux"' },
    plugins: [
      {
        name: 'mutate',
        setup: ({ onLoad }) => {
          onLoad({ filter: /packages.core.src.*\.ts$/ }, async ({ path }) => {
            let contents = await readFile(path, 'utf8')
            for (const change of changes) {
              if (!path.endsWith(change.file)) continue
              if (!contents.includes(change.from))
                throw new Error(
                  `${name}: ${change.file} does not hold ${JSON.stringify(change.from)}`,
                )
              contents = contents.replace(change.from, () => change.to)
              used.add(change)
            }
            return { contents, loader: 'ts' }
          })
        },
      },
    ],
  })
  for (const change of changes)
    if (!used.has(change))
      throw new Error(`${name}: ${change.file} is not part of the explored code`)
  mkdirSync(cache, { recursive: true })
  writeFileSync(path, outputFiles[0].contents)
  return import(pathToFileURL(path).href)
}
