import { printable, style } from '@cli-ops/example-base'

import type { Project } from './project.js'

/** One project on one line: id, name, and when it was archived. */
export function projectLine({ id, name, archivedAt }: Project): string {
  const line = `${style('yellow', id.padEnd(5))} ${printable(name)}`
  return archivedAt === undefined ? line : `${line} ${style('dim', `(archived ${archivedAt})`)}`
}
