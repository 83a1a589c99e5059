import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'

import { isExecutable } from '../files/is-executable.js'
import type { ProgramScript } from './program-script.js'

/** Returns the folder of the shims in the home, which users put at the front of PATH. */
export function shimFolder(home: string): string {
  return join(home, 'bin')
}

/** What a shim starts. */
export interface ShimTarget {
  /** The command that a person types. */
  readonly command: string
  readonly script: ProgramScript
  /** The files that Node loads first. */
  readonly preloads: readonly string[]
}

/** A shim that was written. */
export interface Shim {
  readonly path: string
  /** Restores what was there before. */
  readonly undo: () => void
}

/**
 * Writes the small program that starts another one with the preloads. If either has gone, the shim says so and starts
 * nothing: without the preload, the rules would not hold.
 */
export function writeShim(home: string, target: ShimTarget): Shim {
  const folder = shimFolder(home)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const isWindows = process.platform === 'win32'
  const path = join(folder, isWindows ? `${target.command}.cmd` : target.command)
  const before = existsSync(path) ? readFileSync(path) : undefined
  const write = (content: string | Buffer): void => {
    writeFileSync(path, content, { mode: 0o755 })
  }
  write(isWindows ? commandFile(target) : shellScript(target))
  return {
    path,
    undo: () => {
      if (before === undefined) removeShim(path)
      else write(before)
    },
  }
}

export function removeShim(path: string): void {
  rmSync(path, { force: true })
}

/** Returns whether typing the command starts the shim. */
export function isFirstOnPath(shim: string, command: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const first = folders.map((folder) => resolve(folder || '.', command)).find(isExecutable)
  return first === resolve(shim)
}

function shellScript({ command, script, preloads }: ShimTarget): string {
  const { file, nodeArgs, nodePath } = script
  const args = [...nodeArgs, ...preloads.map((preload) => `--require=${preload}`), file]
  return `#!/bin/sh
# Written by "cli-ops attach ${command}"; "cli-ops detach ${command}" removes it.
for file in ${[...preloads, file].map(quote).join(' ')}; do
  [ -f "$file" ] && continue
  echo ${quote(`${command}: `)}"$file is missing, so its rules cannot hold;" ${quote(`run "cli-ops attach ${command}" again`)} >&2
  exit 78
done
${nodePath === undefined ? '' : `export NODE_PATH=${quote(nodePath)}"\${NODE_PATH:+:$NODE_PATH}"\n`}exec node ${args.map(quote).join(' ')} "$@"
`
}

function commandFile({ command, script, preloads }: ShimTarget): string {
  const requires = preloads.map((preload) => `--require=${preload}`)
  const args = [...script.nodeArgs, ...requires, script.file]
  const words = args.map((arg) => `"${arg.replaceAll('%', '%%')}"`).join(' ')
  const lines = [
    '@echo off',
    `rem Written by "cli-ops attach ${command}"; "cli-ops detach ${command}" removes it.`,
    'setlocal',
    ...(script.nodePath === undefined ? [] : [`set "NODE_PATH=${script.nodePath};%NODE_PATH%"`]),
    `node ${words} %*`,
  ]
  return lines.map((line) => `${line}\r\n`).join('')
}

function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`
}
