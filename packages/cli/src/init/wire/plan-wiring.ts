import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

import { version } from '../../version.js'
import type { Framework } from '../frameworks.js'
import type { Project } from '../read-project.js'
import { allSources, programSources, type SourceFile } from './find-sources.js'
import { isWired, wireCode, type Wiring } from './wire-code.js'
import { wireManifest } from './wire-manifest.js'

/** A file before and after the change. */
export interface FileChange {
  /** Relative to the package. */
  readonly file: string
  readonly before: string
  readonly after: string
}

/** The changes that wire a package, or why a person has to do it. No changes: it is already wired. */
export type Plan = { readonly changes: readonly FileChange[] } | { readonly refusal: string }

/** Plans the changes without applying them. */
export function planWiring(project: Project, framework: Framework): Plan {
  const { plugin, wiring } = framework
  const manifest = changeOf(project, 'package.json', (text) =>
    wireManifest(text, { plugin, range: `^${version()}`, listsPlugins: wiring === undefined }),
  )
  if (wiring === undefined) return { changes: manifest }
  for (const find of [programSources, allSources]) {
    const sources = find(project)
    if (sources.some(({ code }) => isWired(code, framework))) return { changes: manifest }
    const wired = sources.flatMap((source) => wireSource(project, source, { plugin, ...wiring }))
    const roots = wired.filter((one) => one !== 'several' && one.isRoot)
    const [only, another] = roots.length > 0 ? roots : wired
    if (only === undefined) continue
    if (only === 'several' || another !== undefined)
      return refusal(`cannot tell which of several ${framework.name} programs is the CLI's own`)
    return { changes: [...manifest, only.change] }
  }
  return refusal(`cannot tell where the ${framework.name} program is created`)
}

function refusal(why: string): Plan {
  return { refusal: `${why}; nothing was changed. Add by hand the lines that "cli-ops init" shows` }
}

interface WiredSource {
  readonly change: FileChange
  readonly isRoot: boolean
}

function wireSource(
  { folder }: Project,
  { path, code }: SourceFile,
  wiring: Wiring,
): ('several' | WiredSource)[] {
  const wired = wireCode(code, wiring)
  if (wired === undefined) return []
  if (wired === 'several') return [wired]
  const change = { file: relative(folder, path), before: code, after: wired.code }
  return [{ change, isRoot: wired.isRoot }]
}

function changeOf(
  { folder }: Project,
  file: string,
  change: (text: string) => string,
): FileChange[] {
  const before = readFileSync(join(folder, file), 'utf8')
  const after = change(before)
  return after === before ? [] : [{ file, before, after }]
}
