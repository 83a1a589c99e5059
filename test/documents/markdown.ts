import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { root, workspaces } from '../../scripts/workspaces.mjs'

/** A block of code in a document. */
export interface CodeBlock {
  /** `README.md:12`, where the block begins. */
  readonly place: string
  /** The words after the fence: the language, then remarks. */
  readonly language: string
  readonly remarks: readonly string[]
  readonly code: string
}

const BLOCK = /^```([a-z]+)([^\n]*)\n(.*?)^```$/gmsu

/** The documents whose code is checked: the ones that users copy from. */
export function documents(): string[] {
  const guides = ['docs/guides', 'docs/reference'].flatMap((folder) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder)).map((name) => join(root, folder, name))
      : [],
  )
  const readmes = [root, ...workspaces().map(({ dir }) => dir)].map((dir) => join(dir, 'README.md'))
  return [...readmes, ...guides].filter((path) => path.endsWith('.md') && existsSync(path))
}

/** Returns a document's blocks in one of the languages. */
export function codeBlocks(path: string, languages: readonly string[]): CodeBlock[] {
  const text = readFileSync(path, 'utf8')
  return [...text.matchAll(BLOCK)].flatMap(
    ({ index, 1: language = '', 2: rest = '', 3: code = '' }) => {
      if (!languages.includes(language)) return []
      const line = text.slice(0, index).split('\n').length
      const remarks = rest.split(' ').filter((word) => word !== '')
      return [{ place: `${relative(root, path)}:${line}`, language, remarks, code }]
    },
  )
}

/** Returns the file name that a block should be saved under: ```` ```js [todo.mjs] ````. */
export function fileOf({ remarks }: CodeBlock): string | undefined {
  return remarks.flatMap((remark) => /^\[(.+)\]$/u.exec(remark)?.[1] ?? [])[0]
}

/** Returns the rows of a document's tables as cells, without heads and rules. */
export function tableRows(path: string): string[][] {
  return rowsOf(readFileSync(path, 'utf8'))
}

/** Returns the rows under one heading, up to the next heading of any level, that begin with code, or with `first`. */
export function sectionRows(path: string, heading: string, first?: RegExp): string[][] {
  const sections = readFileSync(path, 'utf8').split(/^#+ /mu)
  return rowsOf(sections.find((section) => section.startsWith(`${heading}\n`)) ?? '', first)
}

function rowsOf(text: string, begins = /^`/u): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/u)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .filter(([first = '']) => begins.test(first))
}
