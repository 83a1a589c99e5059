import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { CliOpsUser } from './fixtures/cli-ops-user.js'
import { noPseudoTerminal, PseudoTerminal } from './fixtures/pseudo-terminal.js'

function has(shell: string): boolean {
  return spawnSync(shell, ['-c', 'true']).status === 0
}

async function busyUser(): Promise<CliOpsUser> {
  const user = new CliOpsUser()
  const ops = user.coordinator('cli-alpha')
  await ops.locks.lock('task-database')
  await ops.locks.lock('my db')
  await ops.events.emit('task:created', { id: '1', title: 'a' })
  await ops.events.emit('build:done' as never, {} as never)
  await ops.registry.register('cli-alpha')
  mkdirSync(join(user.home, 'attached'))
  for (const command of ['tool', 'release'])
    writeFileSync(join(user.home, `attached/${command}.json`), JSON.stringify({ command }))
  return user
}

describe.skipIf(!has('bash'))('bash', () => {
  async function complete(user: CliOpsUser, line: string): Promise<string[]> {
    // Like the shell: splits words at COMP_WORDBREAKS, with ":" and "=" as separate words.
    const words = line.match(/[:=]+|[^\s:=]+|(?<=\s)$/gu) ?? []
    const list = words.map((word) => `'${word}'`).join(' ')
    const { stdout, status, stderr } = await user.bash(`
      source <(cli-ops completion bash)
      COMP_LINE='${line}' COMP_POINT=${line.length}
      COMP_WORDS=(${list}) COMP_CWORD=${words.length - 1}
      _cli_ops
      printf '%s\\n' "\${COMPREPLY[@]}"`).ended
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    return stdout.split('\n').filter((candidate) => candidate !== '')
  }

  test.each([
    ['cli-ops lo', ['locks']],
    ['cli-ops locks ', ['release', 'my\\ db', 'task-database']],
    ['cli-ops locks release ', ['my\\ db', 'task-database']],
    ['cli-ops run --lock task', ['task-database']],
    ['cli-ops run --keep', ['--keep-for']],
    ['cli-ops run --keep-for ', ['child', 'descendants']],
    ['cli-ops run --on-busy ', ['wait', 'fail', 'skip', 'join', 'replace']],
    ['cli-ops wait-for ', ['build:done', 'task:created']],
    ['cli-ops wait-for task:c', ['created']],
    ['cli-ops events --type b', ['build:done']],
    ['cli-ops call cli', ['cli-alpha']],
    ['cli-ops completion ', ['bash', 'zsh', 'fish']],
    ['cli-ops serve ke', ['key']],
    ['cli-ops serve --tls', ['--tls-cert', '--tls-key']],
    ['cli-ops serve key ', ['add', 'list', 'revoke']],
    ['cli-ops serve key add laptop --scope l', ['lock']],
    ['cli-ops serve key add ', []],
    ['cli-ops run -l db -- ./de', []],
    ['cli-ops run -l db make te', []],
    ['cli-ops emit build:done ', []],
    ['cli-ops att', ['attach']],
    ['cli-ops attach --on-busy ', ['wait', 'fail', 'skip', 'join', 'replace']],
    ['cli-ops attach tool --lock task', ['task-database']],
    ['cli-ops detach ', ['release', 'tool']],
  ])('%s', async (line, candidates) => {
    expect(await complete(await busyUser(), line)).toEqual(candidates)
  })

  test('offers the home’s access keys', async () => {
    const user = new CliOpsUser()
    await user.run('serve', 'key', 'add', 'laptop', '--scope', 'read')
    expect(await complete(user, 'cli-ops serve key revoke ')).toEqual(['laptop'])
  })

  test('offers the ids of the named resource', async () => {
    const user = await busyUser()
    const [, { id }] = await user.json<[object, { id: string }]>('locks')
    const found = await complete(user, 'cli-ops locks release task-database --id ')
    expect(found).toEqual([id])
  })

  test('still offers the commands if the home cannot be used', async () => {
    const user = new CliOpsUser({ CLI_OPS_HOME: '/dev/null/home' })
    expect(await complete(user, 'cli-ops sta')).toEqual(['status'])
    expect(await complete(user, 'cli-ops locks release ')).toEqual([])
  })
})

describe.skipIf(!has('zsh') || noPseudoTerminal !== undefined)('zsh', () => {
  test('completes commands and names, with their descriptions', async () => {
    const user = await busyUser()
    const terminal = new PseudoTerminal(['zsh', '-f', '-i'], { ...user.env, PS1: '%% ' })
    terminal.keys(
      'autoload -Uz compinit; compinit -u -D; source <(cli-ops completion zsh); echo re""ady\n',
    )
    await terminal.shows('ready')
    terminal.keys('cli-ops wait-for task:\t')
    await terminal.shows('cli-ops wait-for task:created')
    terminal.keys('\u0015cli-ops run --keep-for d\t')
    await terminal.shows('cli-ops run --keep-for descendants')
    terminal.keys('\u0015cli-ops loc\t')
    await terminal.shows('cli-ops locks')
    terminal.keys('\u0015exit\n')
    await terminal.ended
  })
})

describe.skipIf(!has('fish'))('fish', () => {
  test.each([
    ['cli-ops loc', 'locks'],
    ['cli-ops wait-for task:', 'task:created'],
    ['cli-ops run --keep-for d', 'descendants'],
  ])('%s', async (line, candidate) => {
    const user = await busyUser()
    const script = `cli-ops completion fish | source; complete -C "${line}"`
    const { stdout } = await user.bash(`HOME=$PWD fish -c '${script}'`).ended
    expect(stdout.split('\n').map((one) => one.split('\t')[0])).toContain(candidate)
  })
})
