import { maskCode } from './mask-code.js'

/** Where and how a file imports a framework. */
export interface FrameworkImport {
  readonly style: 'import' | 'require'
  /** The imported names: `{ program }`, `{ Command as Program }` as `Program`; a default or a namespace as `default`. */
  readonly names: ReadonlyMap<string, string>
  /** The end of its statement: the line break, or the end of the file. */
  readonly end: number
  readonly quote: string
  readonly semicolon: string
}

const STATEMENT =
  /^(?:import\s+(?!type\b)(?<imported>[^'"()=;]+?)\s+from\s*|(?:const|let|var)\s+(?<required>[^=;()]+?)\s*=\s*require\s*\(\s*)(?<quote>['"])(?<blank>\s*)\k<quote>[^\n;]*?(?<semicolon>;?)[^\S\n]*$/gmu

/** Finds an import of one of several packages at the start of a line; returns undefined if there is none in a known form. */
export function findImport(code: string, packages: readonly string[]): FrameworkImport | undefined {
  for (const { 0: text, index, groups = {} } of maskCode(code).matchAll(STATEMENT)) {
    const { imported, required, quote = "'", semicolon = '' } = groups
    const specifier = /(['"])([^'"]*)\1/u.exec(code.slice(index, index + text.length))?.[2]
    if (specifier === undefined || !packages.includes(specifier)) continue
    return {
      style: imported === undefined ? 'require' : 'import',
      names: namesOf(imported ?? required ?? ''),
      end: index + text.length,
      quote,
      semicolon,
    }
  }
  return undefined
}

/** Returns the statement that imports one name from a package, in the style of the file. */
export function importStatement(like: FrameworkImport, name: string, from: string): string {
  const { style, quote, semicolon } = like
  const specifier = quote + from + quote
  return style === 'import'
    ? `import { ${name} } from ${specifier}${semicolon}`
    : `const { ${name} } = require(${specifier})${semicolon}`
}

function namesOf(clause: string): Map<string, string> {
  const names = new Map<string, string>()
  const [, inside = ''] = /\{([^}]*)\}/u.exec(clause) ?? []
  for (const one of inside.split(',')) {
    const [, exported, local] =
      /^\s*(?!type\s)([\w$]+)(?:\s*(?:\bas\b|:)\s*([\w$]+))?\s*$/u.exec(one) ?? []
    if (exported !== undefined) names.set(exported, local ?? exported)
  }
  const [, whole] = /^(?:\*\s*as\s+)?([\w$]+)/u.exec(clause.trim()) ?? []
  if (whole !== undefined) names.set('default', whole)
  return names
}
