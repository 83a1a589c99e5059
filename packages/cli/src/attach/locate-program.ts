import { statSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'

import { isExecutable } from '../files/is-executable.js'
import { NotAttachable } from './not-attachable.js'

/** A program as a person starts it. */
export interface LocatedProgram {
  /** The absolute path of the link, shim or file itself. */
  readonly path: string
  /** True in the `node_modules/.bin` of a project: npx and npm scripts find it there, a shell does not. */
  readonly isLocal: boolean
}

/**
 * Finds a program: a path; else on `PATH`, except in `shimFolder`, where attached programs have their shims; else in
 * `node_modules/.bin` of this folder and its parents, as npx does.
 *
 * @throws NotAttachable
 */
export function locateProgram(program: string, shimFolder: string): LocatedProgram {
  if (/[\\/]/u.test(program)) {
    const path = resolve(program)
    if (isFile(path)) return { path, isLocal: false }
    throw new NotAttachable(`there is no file ${path}`, 'give the file that starts the program')
  }
  const folders = (process.env['PATH'] ?? '').split(delimiter).map((part) => resolve(part || '.'))
  const path = find(
    folders.filter((folder) => folder !== shimFolder),
    program,
  )
  // npm scripts put the project's bin folder on PATH.
  if (path !== undefined) return { path, isLocal: isProjectFolder(dirname(path)) }
  const local = find(projectFolders(process.cwd()), program)
  if (local !== undefined) return { path: local, isLocal: true }
  throw new NotAttachable(
    `there is no program "${program}" on the PATH or in node_modules/.bin`,
    `shell aliases and functions are not visible here: find the file with "type ${program}" and give that`,
  )
}

function find(folders: readonly string[], program: string): string | undefined {
  const names = process.platform === 'win32' ? [`${program}.cmd`, program] : [program]
  const candidates = folders.flatMap((folder) => names.map((name) => join(folder, name)))
  return candidates.find((path) => isFile(path) && isExecutable(path))
}

function projectFolders(folder: string): readonly string[] {
  const above = dirname(folder)
  const bin = join(folder, 'node_modules', '.bin')
  return above === folder ? [bin] : [bin, ...projectFolders(above)]
}

function isProjectFolder(folder: string): boolean {
  return folder.endsWith(join('node_modules', '.bin'))
}

/**
 * Returns whether this is a file. Like a shell, skips what cannot be read, such as a file in place of a PATH folder.
 */
function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true
  } catch {
    return false
  }
}
