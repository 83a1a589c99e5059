import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { root, workspaces } from '../../scripts/workspaces.mjs'

/** A block of code in a document. */
export interface CodeBlock {
  /** `README.md:12`, where the block begins. */
  readonly place: string
  /** The words behind the fence: the language, then remarks. */
  readonly language: string
  readonly remarks: readonly string[]
  readonly code: string
}

const BLOCK = /^```([a-z]+)([^\n]*)\n(.*?)^```$/gmsu

/** The documents whose code is checked: what a user copies from. */
export function documents(): string[] {
  const guides = ['docs/guides', 'docs/reference'].flatMap((folder) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder)).map((name) => join(root, folder, name))
      : [],
  )
  const readmes = [root, ...workspaces().map(({ dir }) => dir)].map((dir) => join(dir, 'README.md'))
  return [...readmes, ...guides].filter((path) => path.endsWith('.md') && existsSync(path))
}

/** The blocks of a document in one of the languages. */
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

/** The file that a block is to be saved as: ```` ```js [todo.mjs] ````. */
export function fileOf({ remarks }: CodeBlock): string | undefined {
  return remarks.flatMap((remark) => /^\[(.+)\]$/u.exec(remark)?.[1] ?? [])[0]
}

/** The rows of the tables of a document, each as its cells; without heads and rules. */
export function tableRows(path: string): string[][] {
  return rowsOf(readFileSync(path, 'utf8'))
}

/** The rows under one heading, up to the next of whatever level, that begin with code, or with `first`. */
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
