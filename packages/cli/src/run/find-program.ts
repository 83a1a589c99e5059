import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

import { EXIT_NOT_EXECUTABLE, EXIT_NOT_FOUND } from '../exit-codes.js'

const NOT_PERMITTED = 'node --permission blocks it; allow it with --allow-child-process'

/** The reason why a program cannot be run. */
export interface Unrunnable {
  readonly exitCode: number
  readonly reason: string
}

/**
 * Checks whether a program can be run, found as execvp(3) would find it, before waiting for a lock. Windows has its
 * own rules for names; there, only starting it tells.
 */
export function whyUnrunnable(program: string): Unrunnable | undefined {
  // Starting it would throw. A runtime without this permission has nothing to check.
  if (process.permission !== undefined && !process.permission.has('child'))
    return { exitCode: EXIT_NOT_EXECUTABLE, reason: NOT_PERMITTED }
  if (process.platform === 'win32') return undefined
  if (program === '') return { exitCode: EXIT_NOT_FOUND, reason: 'no such program' }
  const folders = (process.env['PATH'] ?? '/usr/bin:/bin').split(delimiter)
  // An empty part of PATH means the current directory.
  const places = program.includes('/')
    ? [program]
    : folders.map((part) => join(part || '.', program))
  const found = places.map(judge)
  if (found.includes('executable')) return undefined
  if (found.includes('file'))
    return { exitCode: EXIT_NOT_EXECUTABLE, reason: 'it is not executable' }
  if (found.includes('directory'))
    return { exitCode: EXIT_NOT_EXECUTABLE, reason: 'it is a directory' }
  return { exitCode: EXIT_NOT_FOUND, reason: `no such program${hintFor(program)}` }
}

/** A shell finds no file of the current directory by its bare name either, and newcomers quote a whole command line. */
function hintFor(program: string): string {
  if (/\s/u.test(program)) return '; to run a shell command, use sh -c "…"'
  const isHere = !program.includes('/') && ['executable', 'file'].includes(judge(`./${program}`))
  return isHere ? ` in PATH; did you mean "./${program}"?` : ''
}

function judge(path: string): 'executable' | 'file' | 'directory' | 'absent' {
  try {
    if (statSync(path).isDirectory()) return 'directory'
  } catch {
    return 'absent'
  }
  try {
    accessSync(path, constants.X_OK)
    return 'executable'
  } catch {
    return 'file'
  }
}
