import { join } from 'node:path'

const examples = join(import.meta.dirname, '..')

/**
 * The demo's programs, as built. Add a line here to add another CLI.
 *
 * @type {Readonly<Record<string, string>>}
 */
export const CLIS = {
  'cli-alpha': join(examples, 'cli-alpha/dist/main.js'),
  'cli-beta': join(examples, 'cli-beta/dist/main.js'),
  'cli-gamma': join(examples, 'cli-gamma/dist/main.js'),
}
