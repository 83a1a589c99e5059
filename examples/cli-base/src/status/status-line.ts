import { style } from '../terminal/print.js'
import { printable } from '../terminal/printable.js'
import type { CliStatus } from './ask-running-clis.js'

/** One running instance on one line: `cli-alpha 0.1.0, pid 4242, tasks: 12`. */
export function statusLine({ name, version, pid, state, has, error }: CliStatus): string {
  const program = [name, ...(version === undefined ? [] : [version])].join(' ')
  const counts = Object.entries(has ?? {}).map(([list, count]) => `${list}: ${count}`)
  const said = error ?? (counts.join(', ') || 'is busy with a command')
  const hung = state === 'hung' ? ' (does not respond)' : ''
  return `${style('bold', printable(program))}, pid ${pid}${hung}, ${printable(said)}`
}
