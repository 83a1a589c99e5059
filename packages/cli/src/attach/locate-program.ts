import { statSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'

import { isExecutable } from '../files/is-executable.js'
import { NotAttachable } from './not-attachable.js'

/** A program as a person starts it. */
export interface LocatedProgram {
  /** The link, shim or file itself, as an absolute path. */
  readonly path: string
  /** It is in the `node_modules/.bin` of a project, where npx and npm scripts find it and a shell does not. */
  readonly isLocal: boolean
}

/**
 * Finds a program: a path; else by `PATH`, leaving out `shimFolder`, where attached programs stand before themselves; else in
 * `node_modules/.bin` of this folder and those above it, as npx does.
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
  // npm scripts put the folder of the project on the path.
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

/** A shell passes over what it cannot look at, such as a file in the place of a folder of PATH. */
function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true
  } catch {
    return false
  }
}
