import type { Task } from './task.js'

/** Formats the tasks as a Markdown board with one section for open tasks and one for done tasks. */
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
  // A title is plain text: escape Markdown's characters, and replace line breaks, which would end the item.
  const text = title.replace(/\s+/gu, ' ').replace(/[\\`*_[\]<>]/gu, String.raw`\$&`)
  return `- ${box} ${text}${facts.length === 0 ? '' : ` (${facts.join(', ')})`} \`${id}\``
}
