import { structuredPatch } from 'diff'

/** Returns the changes of a text as `diff -u` shows them, without a trailing line break; empty if there are none. */
export function unifiedDiff(path: string, before: string, after: string): string {
  const { hunks } = structuredPatch(path, path, before, after, '', '', { context: 3 })
  if (hunks.length === 0) return ''
  const shown = hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    ...lines,
  ])
  return [`--- ${path}`, `+++ ${path}`, ...shown].join('\n')
}
