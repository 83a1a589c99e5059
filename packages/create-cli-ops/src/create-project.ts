import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Framework } from './frameworks.js'
import { type PackageSource, pnpmSettings, projectManifest } from './project-manifest.js'

/** The program to create. */
export interface NewProject {
  /** Created if it does not exist; must be empty except for a git repository. */
  readonly folder: string
  readonly name: string
  readonly framework: Framework
  readonly source: PackageSource
}

/** The templates in this package: `any` for all frameworks, and one for each. */
const TEMPLATES = new URL('../templates/', import.meta.url)

/** Returns whether nothing would be overwritten. */
export function isFree(folder: string): boolean {
  return !existsSync(folder) || readdirSync(folder).every((name) => name === '.git')
}

/**
 * Writes the files of a program.
 *
 * @throws TypeError if a required tarball is missing or ambiguous; nothing is then written
 */
export function createProject({ folder, name, framework, source }: NewProject): void {
  const manifest = projectManifest(name, framework, source)
  mkdirSync(folder, { recursive: true })
  for (const template of ['any', framework.name])
    cpSync(new URL(`${template}/`, TEMPLATES), folder, { recursive: true })
  // npm does not publish files named .gitignore.
  writeFileSync(join(folder, '.gitignore'), 'node_modules/\n')
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
  const settings = pnpmSettings(source)
  if (settings !== undefined) writeFileSync(join(folder, 'pnpm-workspace.yaml'), settings)
  const words = { name, main: framework.main }
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile() && /\.(?:js|md)$/u.test(entry.name))
      fillIn(join(entry.parentPath, entry.name), words)
}

function fillIn(path: string, words: Readonly<Record<string, string>>): void {
  const text = readFileSync(path, 'utf8')
  const filled = text.replaceAll(/__(\w+?)__/gu, (place, word: string) => words[word] ?? place)
  if (filled !== text) writeFileSync(path, filled)
}
