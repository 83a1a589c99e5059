import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { createCoordinator } from '@cli-ops/shared-ipc'
import { afterEach, beforeEach, expect, test } from 'vitest'

const FIXTURE = fileURLToPath(new URL('fixtures/command.mjs', import.meta.url))

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'cli-ops-'))
})
afterEach(() => {
  rmSync(home, { recursive: true })
})

// Both versions step back while anything else listens to a signal; together with a kit that did the same, nothing would
// end the process.
test.each([[[]], [['signal-exit-3']], [['signal-exit-4']], [['signal-exit-3', 'signal-exit-4']]])(
  'Ctrl-C ends a command with %j loaded, and every listener sees the end',
  async (libraries) => {
    const child = spawn(process.execPath, [FIXTURE, ...libraries], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, CLI_OPS_HOME: home },
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (text.includes('ready')) child.kill('SIGINT')
    })
    expect(await once(child, 'close')).toEqual([null, 'SIGINT'])
    for (const library of libraries) expect(output).toContain(`${library} saw the end`)

    await using ops = createCoordinator({ name: 'observer', home })
    const events = await ops.events.read('*', { from: 'earliest' })
    expect(events.map(({ type }) => type)).toEqual(['command:started', 'command:failed'])
    expect(events[1]?.data).toMatchObject({ command: 'stay', exitCode: null })
    expect(await ops.registry.discover()).toEqual([])
  },
)
