import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'

import { namesIn } from '../../packages/core/test/fixtures/temporary-home.js'
import {
  asUser,
  directoryOf,
  requireTwoUsers,
  sharedDirectory,
  STRANGER,
  VICTIM,
} from './as-user.js'

const script = (name: string): string => fileURLToPath(new URL(`scripts/${name}`, import.meta.url))

type Outcomes = Readonly<
  Record<string, { readonly result?: string; readonly code?: string; readonly message?: string }>
>

/** What a process of the victim reports about its surroundings. */
interface Surroundings {
  readonly home: string
  readonly temporary: string
  readonly runtime?: string
}

function environmentOf({ temporary, runtime }: Surroundings): NodeJS.ProcessEnv {
  const { PATH } = process.env
  return { PATH, TMPDIR: temporary, ...(runtime === undefined ? {} : { XDG_RUNTIME_DIR: runtime }) }
}

function runVictim(surroundings: Surroundings): Outcomes {
  const [program, ...args] = [
    ...asUser(VICTIM),
    process.execPath,
    script('victim.mjs'),
    surroundings.home,
  ]
  const env = environmentOf(surroundings)
  return JSON.parse(execFileSync(program, args, { encoding: 'utf8', env })) as Outcomes
}

/** Runs a shell script as the stranger. */
function asStranger(shell: string, ...args: string[]): void {
  const [program = '', ...prefix] = asUser(STRANGER)
  execFileSync(program, [...prefix, 'sh', '-ec', shell, 'sh', ...args])
}

function everythingIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) =>
    join(directory, name),
  )
}

test('a second user can read, write, connect to, watch and remove nothing', async (context) => {
  requireTwoUsers(context)
  const parent = sharedDirectory()
  const surroundings = { home: join(parent, 'home'), temporary: parent }
  const [program, ...args] = [
    ...asUser(VICTIM),
    process.execPath,
    script('victim.mjs'),
    surroundings.home,
    'stay',
  ]
  const victim = spawn(program, args, { env: environmentOf(surroundings) })
  onTestFinished(() => void victim.kill('SIGKILL'))
  const [line] = (await once(victim.stdout, 'data')) as [Buffer]
  const outcomes = JSON.parse(line.toString()) as Outcomes
  expect(outcomes['ask']).toEqual({ result: 'secret' })
  const endpoint = outcomes['serve']!.result!

  const paths = [
    surroundings.home,
    ...everythingIn(surroundings.home),
    dirname(endpoint),
    ...everythingIn(dirname(endpoint)),
  ]
  expect(paths.length).toBeGreaterThan(8)
  for (const path of paths) {
    const { mode, uid } = lstatSync(path)
    expect(uid).toBe(VICTIM)
    // Node creates a socket with the mode that the umask leaves. Its directory protects it.
    if (path !== endpoint) expect([path, mode & 0o077]).toEqual([path, 0])
  }
  const [stranger = '', ...prefix] = asUser(STRANGER)
  const { stdout } = spawnSync(
    stranger,
    [...prefix, process.execPath, script('stranger.mjs'), ...paths],
    { encoding: 'utf8' },
  )
  expect(JSON.parse(stdout)).toEqual([])
  expect(paths.filter((path) => lstatSync(path, { throwIfNoEntry: false }) === undefined)).toEqual(
    [],
  )
})

/** What a stranger can plant where the victim is about to create a directory. */
const PLANTS: readonly (readonly [what: string, shell: string, said: RegExp])[] = [
  ['a directory', 'mkdir -m 777 "$1"', /belongs to uid 54322, not to you \(uid 54321\)/u],
  ['a symbolic link to a directory of the victim', 'ln -s "$2" "$1"', /is a symbolic link/u],
  ['a symbolic link to nowhere', 'ln -s /nowhere "$1"', /is a symbolic link/u],
  ['a symbolic link to itself', 'ln -s "$1" "$1"', /is a symbolic link/u],
  ['a file', ': > "$1"', /is not a directory|a part of the path is a file/u],
  ['a pipe', 'mkfifo "$1"', /is not a directory/u],
]

describe.each(PLANTS)('%s planted by a second user', (_what, shell, said) => {
  test('in place of the home is refused, with a remedy, and not written to', (context) => {
    requireTwoUsers(context)
    const parent = sharedDirectory()
    const own = directoryOf(VICTIM)
    const home = join(parent, 'home')
    asStranger(shell, home, own)
    const before = lstatSync(home)
    const outcomes = runVictim({ home, temporary: parent, runtime: own })
    for (const what of ['lock', 'emit', 'register', 'serve']) {
      const { code, message } = outcomes[what]!
      expect(code).toMatch(/^(?:INSECURE_DIRECTORY|STORAGE_FAILED)$/u)
      expect(message).toMatch(said)
      expect(message).toContain(home)
      expect(message).toContain('set CLI_OPS_HOME to')
    }
    expect(namesIn(own)).toEqual([])
    expect(lstatSync(home)).toMatchObject({ mode: before.mode, uid: before.uid, ino: before.ino })
    expect(namesIn(home)).toEqual([])
  })

  test('in the place of the sockets denies nothing', (context) => {
    requireTwoUsers(context)
    const parent = sharedDirectory()
    const own = directoryOf(VICTIM)
    const planted = join(parent, `cli-ops-${VICTIM}`)
    asStranger(shell, planted, own)
    const home = join(directoryOf(VICTIM), 'home')
    const outcomes = runVictim({ home, temporary: parent })
    expect(outcomes['ask']).toEqual({ result: 'secret' })
    expect(outcomes['serve']!.result).not.toContain(planted)
    expect(namesIn(planted)).toEqual([])
    expect(namesIn(own)).toEqual([])
  })
})

test('a symbolic link that a second user planted beside the home leads nowhere', (context) => {
  requireTwoUsers(context)
  const parent = sharedDirectory()
  const own = directoryOf(VICTIM)
  // The home's parent does not exist yet either.
  asStranger('mkdir -m 777 "$1"; ln -s "$2" "$1/home"', join(parent, 'share'), own)
  const home = join(parent, 'share', 'home')
  const outcomes = runVictim({ home, temporary: parent })
  expect(outcomes['lock']).toMatchObject({ code: 'INSECURE_DIRECTORY' })
  expect(readlinkSync(home)).toBe(own)
  expect(namesIn(own)).toEqual([])
})
