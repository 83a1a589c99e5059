import { closeSync, openSync, readSync } from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'

import { NotAttachable, runInstead } from './not-attachable.js'

/** What Node runs when a program starts. */
export interface ProgramScript {
  /** The program's `process.argv[1]`. */
  readonly file: string
  /** Node options from the program's first line. */
  readonly nodeArgs: readonly string[]
  /** `NODE_PATH`, which pnpm's shims set. */
  readonly nodePath?: string | undefined
}

/** Shims are small, and this covers the first line of any program. */
const HEAD_BYTES = 16 * 1024

/** `#!/usr/bin/env node`, with `-S` and options, or with a path. */
const NODE_LINE =
  /^#!\s*(?:\S*\/env\s+(?:-S\s+)?)?(?:\S*\/)?node(?:js)?(?:\.exe)?(?:\s+(?<args>.*))?$/u
/** The Node call in a shell script written by npm or pnpm. */
const SHELL_CALL = /"(?<target>\$basedir\/[^"$]+|\/[^"$]+)"[^\S\n]+"\$@"/gu
/** The same in a Windows command file. */
const COMMAND_CALL = /"%(?:~dp0|dp0%)[\\/]?(?<target>[^"%]+\.[cm]?js)"\s+%\*/giu
const NODE_PATH = /export NODE_PATH="(?<paths>[^"]+)"/u

/**
 * Determines what a program starts: a Node script, directly or through a shim of npm, pnpm or yarn.
 *
 * @throws NotAttachable if it is something else
 */
export function programScript(path: string): ProgramScript {
  const head = readHead(path)
  const [first = ''] = head.split(/\r?\n/u, 1)
  const node = NODE_LINE.exec(first)
  if (node !== null) return { file: path, nodeArgs: wordsOf(node.groups?.['args'] ?? '') }
  if (!first.startsWith('#!') && /\.[cm]?js$/u.test(path)) return { file: path, nodeArgs: [] }
  const target = shimTarget(head, dirname(path))
  if (target === undefined) {
    const name = basename(path)
    throw new NotAttachable(
      `${path} is neither a Node program nor a shim written by npm, pnpm or yarn`,
      runInstead(name),
    )
  }
  return { ...programScript(target), nodePath: nodePathOf(head) }
}

function shimTarget(text: string, folder: string): string | undefined {
  const found = [...text.matchAll(SHELL_CALL), ...text.matchAll(COMMAND_CALL)].at(-1)
  const target = found?.groups?.['target']
  if (target === undefined) return undefined
  if (target.startsWith('$basedir/')) return join(folder, target.slice('$basedir/'.length))
  return target.startsWith('/') ? target : join(folder, target)
}

function nodePathOf(text: string): string | undefined {
  return NODE_PATH.exec(text)
    ?.groups?.['paths']?.split(delimiter)
    .filter((part) => !part.includes('$'))
    .join(delimiter)
}

function wordsOf(text: string): readonly string[] {
  return text.split(/\s+/u).filter((word) => word !== '')
}

function readHead(path: string): string {
  const descriptor = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(HEAD_BYTES)
    return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, HEAD_BYTES, 0))
  } finally {
    closeSync(descriptor)
  }
}
