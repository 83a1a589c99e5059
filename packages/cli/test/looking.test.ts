import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { describe, expect, onTestFinished, test } from 'vitest'

import { CliOpsUser } from './fixtures/cli-ops-user.js'

const TEAM_PROCESS = fileURLToPath(new URL('fixtures/left-behind.mjs', import.meta.url))

/** Returns every file below a folder, with everything that a change to it would alter. */
function snapshot(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((path) => {
      const { ino, size, mtimeMs } = lstatSync(join(folder, path))
      return `${path} ${ino} ${size} ${mtimeMs}`
    })
}

/** Kills a process that holds locks, waits for one, and is registered. */
async function leaveBehind(user: CliOpsUser): Promise<void> {
  const child = spawn(process.execPath, [TEAM_PROCESS], {
    env: user.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'close')
}

describe('inspecting changes nothing that dead processes left', () => {
  test.each([['locks'], ['status'], ['ps'], ['events'], ['doctor']])('%s', async (command) => {
    const user = new CliOpsUser()
    await leaveBehind(user)
    const before = snapshot(user.home)
    await user.run(command)
    expect(snapshot(user.home)).toEqual(before)
  })

  test('inspect, isLocked and list', async () => {
    const user = new CliOpsUser()
    await leaveBehind(user)
    const { locks } = user.coordinator()
    const before = snapshot(user.home)
    expect(await locks.list()).toEqual([])
    expect(await locks.inspect('db')).toBeNull()
    expect(await locks.isLocked('shared')).toBe(false)
    expect(snapshot(user.home)).toEqual(before)
  })
})
