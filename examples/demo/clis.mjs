import { join } from 'node:path'

const examples = join(import.meta.dirname, '..')

/**
 * The programs of the demo, as they are built. Another CLI joins by a line here.
 *
 * @type {Readonly<Record<string, string>>}
 */
export const CLIS = {
  'cli-alpha': join(examples, 'cli-alpha/dist/main.js'),
  'cli-beta': join(examples, 'cli-beta/dist/main.js'),
  'cli-gamma': join(examples, 'cli-gamma/dist/main.js'),
}
