import type { Task } from './task.js'

/** Writes the tasks as a Markdown board with one section for what is open and one for what is done. */
export function taskBoard(tasks: readonly Task[]): string {
  const open = tasks.filter(({ doneAt }) => doneAt === undefined)
  const done = tasks.filter(({ doneAt }) => doneAt !== undefined)
  return ['# Tasks', '', ...section('Open', open), ...section('Done', done)].join('\n')
}

function section(heading: string, tasks: readonly Task[]): string[] {
  const lines = tasks.length === 0 ? ['Nothing here.'] : tasks.map(boardLine)
  return [`## ${heading} (${tasks.length})`, '', ...lines, '']
}

function boardLine({ id, title, tags, due, doneAt }: Task): string {
  const box = doneAt === undefined ? '[ ]' : '[x]'
  const facts = [...tags.map((tag) => `#${tag}`), ...(due === undefined ? [] : [`due ${due}`])]
  // A title is text: what Markdown would read as its own is escaped, a line break would end the item.
  const text = title.replace(/\s+/gu, ' ').replace(/[\\`*_[\]<>]/gu, String.raw`\$&`)
  return `- ${box} ${text}${facts.length === 0 ? '' : ` (${facts.join(', ')})`} \`${id}\``
}
