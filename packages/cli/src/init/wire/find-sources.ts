import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, extname, join, relative, resolve } from 'node:path'

import type { Manifest, Project } from '../read-project.js'

/** A file of a program. */
export interface SourceFile {
  readonly path: string
  readonly code: string
}

const BUILT = /^(?:\.\/)?(?:dist|lib|build|out)\//u
const EXTENSIONS = ['.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs']
const RELATIVE_IMPORT =
  /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"])(\.{1,2}\/[^'"]+)\1/gu
const NOT_SOURCES =
  /^(?:node_modules|dist|build|out|coverage|tests?|__tests__|examples?|docs|\..*)$/u
const TEST_FILE = /\.(?:test|spec|d)\.\w+$/u
/** More files than this are not a program that one line can wire. */
const MAX_FILES = 2000

/**
 * Returns the sources of a package's program: all files that its `bin` reaches by relative imports, that file first. Returns nothing if that
 * file is built.
 */
export function programSources(project: Project): SourceFile[] {
  const reached = new Map<string, SourceFile>()
  const queue = binsOf(project.manifest).flatMap((bin) => sourceOf(project.folder, bin) ?? [])
  for (const path of queue) {
    if (reached.has(path) || reached.size >= MAX_FILES) continue
    const code = readFileSync(path, 'utf8')
    reached.set(path, { path, code })
    for (const [, , specifier = ''] of code.matchAll(RELATIVE_IMPORT))
      queue.push(
        ...[fileOf(resolve(dirname(path), specifier))].filter((file) => file !== undefined),
      )
  }
  return [...reached.values()]
}

/**
 * Reads the file given with `--file`.
 *
 * @throws TypeError if it does not exist
 */
export function namedSource(file: string): SourceFile {
  const path = resolve(file)
  if (existsSync(path) && statSync(path).isFile()) return { path, code: readFileSync(path, 'utf8') }
  throw new TypeError(`--file must name an existing file, got ${JSON.stringify(file)}`)
}

/** Returns all sources of a package except builds, tests and examples. */
export function allSources({ folder }: Project): SourceFile[] {
  return walk(folder, 0).map((path) => ({ path, code: readFileSync(path, 'utf8') }))
}

function binsOf({ bin, main }: Manifest): string[] {
  const bins = typeof bin === 'object' && bin !== null ? Object.values(bin) : [bin]
  const named = bins.filter((path) => typeof path === 'string')
  return named.length > 0 || typeof main !== 'string' ? named : [main]
}

/** Returns the file that a person edits for one that package.json names: `src/cli.ts` for `dist/cli.js`. */
function sourceOf(folder: string, bin: string): string | undefined {
  if (BUILT.test(bin)) {
    for (const place of [bin.replace(BUILT, 'src/'), bin.replace(BUILT, '')]) {
      const source = fileOf(join(folder, place))
      if (source !== undefined && inside(folder, source)) return source
    }
    // A `lib` without a `src` is written by hand; any other is built.
    if (!/^(?:\.\/)?lib\//u.test(bin)) return undefined
  }
  const file = fileOf(join(folder, bin))
  return file !== undefined && inside(folder, file) ? file : undefined
}

/** Returns the file that an import refers to, TypeScript first: `./a.js` is `./a.ts` in its sources. */
function fileOf(path: string): string | undefined {
  const stem = path.slice(0, path.length - extname(path).length)
  const names = [
    ...(/^\.[cm]?js$/u.test(extname(path)) ? [stem + extname(path).replace('js', 'ts')] : []),
    path,
    ...EXTENSIONS.flatMap((extension) => [path + extension, join(path, `index${extension}`)]),
  ]
  return names.find((name) => existsSync(name) && statSync(name).isFile())
}

function inside(folder: string, path: string): boolean {
  return !relative(folder, path).startsWith('..')
}

function walk(folder: string, depth: number): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory())
      return depth > 4 || NOT_SOURCES.test(entry.name) ? [] : walk(path, depth + 1)
    return EXTENSIONS.includes(extname(entry.name)) && !TEST_FILE.test(entry.name) ? [path] : []
  })
}
