import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { CliOpsUser } from './fixtures/cli-ops-user.js'
import { startTeamProcess } from './fixtures/team-process.js'

interface Stored {
  readonly type: string
  readonly data: object
}

const KILLED = { cli: 'cli-api', command: 'deploy', exitCode: null }

/** Returns the log's content, read in a way that detects no dead process. */
function storedIn({ home }: CliOpsUser): Stored[] {
  const events = join(home, 'events')
  return readdirSync(events)
    .flatMap((name) => readFileSync(join(events, name), 'utf8').split('\n'))
    .filter((line) => line.startsWith('{"specversion"'))
    .map((line) => JSON.parse(line) as Stored)
}

describe('a killed command', () => {
  test('is reported to followers of the events', async () => {
    const user = new CliOpsUser()
    const following = user.start('events', '--follow', '--json')
    const deploy = startTeamProcess(user.env, 'cli-api', 'deploy')
    await following.says('command:started')
    await deploy.end('SIGKILL')
    await following.says('command:failed')
    const [, failed] = following
      .stdout()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Stored)
    expect(failed).toMatchObject({ type: 'command:failed', data: KILLED })
  })

  test('ends a script’s wait for its failure', async () => {
    const user = new CliOpsUser()
    const deploy = startTeamProcess(user.env, 'cli-api', 'deploy')
    await deploy.begun
    const waiting = user.start('wait-for', 'command:failed', '--where', 'command=deploy', '--json')
    await deploy.end('SIGKILL')
    const { status, stdout } = await waiting.ended
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ data: KILLED })
  })

  test.each(['clean', 'status', 'doctor', 'events'])(
    'is stored by "%s", which reads the events',
    async (command) => {
      const user = new CliOpsUser()
      const deploy = startTeamProcess(user.env, 'cli-api', 'deploy')
      await deploy.begun
      await deploy.end('SIGKILL')
      expect(storedIn(user)).toMatchObject([{ type: 'command:started' }])
      await user.run(command)
      expect(storedIn(user)).toMatchObject([
        { type: 'command:started' },
        { type: 'command:failed', data: KILLED },
      ])
    },
  )
})
