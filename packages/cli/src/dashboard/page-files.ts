import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** A file of the page. */
export interface PageFile {
  readonly type: string
  readonly content: Buffer
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

/** The page's own files, and those built for it from the kit's sources. */
const FOLDERS = ['page', 'dist/page']

/** A name without folders, so that no path leads out of them. */
const NAME = /^\/([a-z][a-z-]*)\.(html|css|js|svg)$/

/** Reads a file of the page; returns undefined if there is no such file. */
export async function pageFile(pathname: string): Promise<PageFile | undefined> {
  const match = NAME.exec(pathname === '/' ? '/index.html' : pathname)
  if (match === null) return undefined
  const [name, , extension = ''] = match
  for (const folder of FOLDERS) {
    try {
      const content = await readFile(join(packageFolder(), folder, name))
      return { type: TYPES[extension] ?? '', content }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return undefined
}

/** Resolved through the package's own name: a bundle can move this file to another folder. */
function packageFolder(): string {
  const require = createRequire(import.meta.url)
  return dirname(require.resolve('@cli-ops/cli/package.json'))
}
