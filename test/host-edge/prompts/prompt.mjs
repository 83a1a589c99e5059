// A program that lives on: each line of its stdin is a command, and it prints how each ended. It does not wait for a
// line that begins with &.
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'

const { PROMPT_OPTIONS = '{}', PROMPT_UNTIL = '', PROMPT_MANNER } = process.env

/** Options of the plugin. */
export const OPTIONS = JSON.parse(PROMPT_OPTIONS)
/** True if its parse is the synchronous one. */
export const IS_SYNC = PROMPT_MANNER === 'sync'

/** Its commands' actions, by name. */
export const actions = {
  run: () => console.log('ran'),
  list: () => console.log('listed'),
  fail,
  // Its own hook lets nobody in.
  denied: () => console.log('let in'),
  exits: () => {
    process.exitCode = 4
  },
  async stay() {
    console.log('stays')
    while (!existsSync(PROMPT_UNTIL)) await delay(10)
  },
}

/** What its hook does before each command. @param {string} name */
export function admit(name) {
  if (name === 'denied') fail()
}

function fail() {
  throw Object.assign(new Error('failed by the host'), { code: 'E_HOST' })
}

/** @param {(words: string[]) => unknown} parse */
export async function prompt(parse) {
  process.on('SIGTERM', () => console.log('got SIGTERM'))
  for await (const line of createInterface({ input: process.stdin })) {
    const command = line.replace('&', '')
    const ended = run(command, parse)
    if (command === line) await ended
  }
  console.log('bye')
  process.exit()
}

async function run(command, parse) {
  try {
    await parse(command.split(' '))
    console.log(`${command}: over`)
  } catch (error) {
    const { code = error.message, details } = error
    console.log(
      `${command}: ${code}${details?.exitCode === undefined ? '' : ` ${details.exitCode}`}`,
    )
  }
}
