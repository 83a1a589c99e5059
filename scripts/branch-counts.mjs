// Counts branches of sources over everything that ran them: in the tests' own processes, which vitest counts, and in
// the bundles that other processes and threads loaded, whose V8 offsets a source map leads back to the source.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mergeProcessCovs } from '@bcoe/v8-coverage'
import { convert } from 'ast-v8-to-istanbul'
import { parseAstAsync } from 'vite'

/**
 * How often each path was taken from one place in a source: `if` and else, the operands of `&&`, `||` and `??`, a
 * default that was used.
 *
 * @typedef {{ readonly type: string, readonly line: number, readonly column: number, readonly counts: number[] }}
 *   Branch
 * @typedef {Map<string, Branch[]>} BranchesByFile
 * @typedef {{ path: string, branchMap: Record<string, { type: string, loc: { start: { line: number, column: number } }
 *   }>, b: Record<string, number[]> }} FileCoverage
 */

/** A bundler's source map can point to the end of the token before a statement, which can be on the previous line. */
const MAX_LINES_APART = 1

/**
 * Returns every branch of the sources with the counts of a vitest run: its `coverage-final.json`, which names unused
 * files too.
 *
 * @param {string} file
 * @returns {BranchesByFile}
 */
export function branchesOfVitest(file) {
  /** @type {Record<string, FileCoverage>} */
  const report = JSON.parse(readFileSync(file, 'utf8'))
  return new Map(Object.values(report).map((own) => [own.path, branchesOf(own)]))
}

/**
 * Adds what other processes ran: the files that `NODE_V8_COVERAGE` wrote into a folder. Returns how many of the
 * bundles' branches match no branch of the sources.
 *
 * @param {BranchesByFile} branches
 * @param {string} folder
 * @param {RegExp} bundles which URLs to count
 */
export async function addBundles(branches, folder, bundles) {
  const { result } = mergeProcessCovs(
    readdirSync(folder).map((name) => ({
      result: readScripts(join(folder, name)).filter(({ url }) => bundles.test(url)),
    })),
  )
  let lost = 0
  for (const coverage of result) {
    const path = fileURLToPath(coverage.url)
    if (!existsSync(path)) throw new Error(`${path} no longer exists`)
    const code = readFileSync(path, 'utf8')
    const ast = parseAstAsync(code)
    /** @type {Record<string, any>} */
    const byFile = await convert({ code, coverage, ast })
    for (const file of /** @type {FileCoverage[]} */ (Object.values(byFile))) {
      const known = branches.get(file.path)
      if (known !== undefined) lost += addAll(known, branchesOf(file))
    }
  }
  return lost
}

/** @param {Branch[]} known @param {readonly Branch[]} others */
function addAll(known, others) {
  const exact = new Map(known.map((branch) => [keyOf(branch), branch]))
  const here = new Set(others.map(keyOf))
  // Only source branches that no other branch of the bundle matches.
  const open = known.filter((branch) => !here.has(keyOf(branch)))
  let lost = 0
  for (const other of others) {
    const branch =
      exact.get(keyOf(other)) ?? open.find((candidate) => isNextAfter(candidate, other))
    if (branch === undefined) lost += 1
    else
      other.counts.forEach((count, way) => (branch.counts[way] = (branch.counts[way] ?? 0) + count))
  }
  return lost
}

/** @param {Branch} candidate @param {Branch} mapped */
function isNextAfter(candidate, mapped) {
  if (candidate.type !== mapped.type || candidate.counts.length !== mapped.counts.length)
    return false
  const lines = candidate.line - mapped.line
  return lines === 0 ? candidate.column > mapped.column : lines > 0 && lines <= MAX_LINES_APART
}

/** @param {Branch} branch */
function keyOf({ type, line, column, counts }) {
  return `${type} ${line}:${column} ${counts.length}`
}

/** @param {FileCoverage} file @returns {Branch[]} */
function branchesOf({ branchMap, b }) {
  return Object.entries(branchMap)
    .map(([id, { type, loc }]) => ({ type, ...loc.start, counts: [...(b[id] ?? [])] }))
    .sort((one, other) => one.line - other.line || one.column - other.column)
}

/** @param {string} file @returns {import('node:inspector').Profiler.ScriptCoverage[]} */
function readScripts(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).result
  } catch {
    // Its process was killed while writing it.
    return []
  }
}
