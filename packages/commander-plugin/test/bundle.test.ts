import { rmSync } from 'node:fs'
import { join } from 'node:path'

import { build, type BuildOptions } from 'esbuild'
import { describe, expect, test } from 'vitest'

import {
  hostProgram,
  hostProject,
  type HostEnd,
  type HostProject,
} from './fixtures/host-project.js'

// A bundle has no `use`, since the plugin cannot find commander there: the function form works.
const HOST = hostProgram(`import { useOps } from '@cli-ops/shared-ipc'
cliOps({ ops: true, commands: { rule: { lock: 'db', emits: 'done' } } })(program)
program.command('plain').action(() => console.log('ran'))
program.command('rule').action(() => console.log('ran'))
program.command('wrapped').action(withLock('db', emits('done', async () => console.log('ran'))))
program.command('inside').action(async () => console.log(useOps().name))
program.parseAsync().catch((error) => {
  console.error(error)
  process.exitCode = 1
})`)

const REQUIRE = `import { createRequire } from 'node:module';const require = createRequire(import.meta.url);`

/** Bundles the host into one file, and removes the kit's packages. */
async function bundledHost(file: string, options: BuildOptions): Promise<HostProject> {
  const host = hostProject({ 'host.mjs': HOST })
  await build({
    entryPoints: [join(host.directory, 'host.mjs')],
    outfile: join(host.directory, file),
    bundle: true,
    platform: 'node',
    logLevel: 'error',
    ...options,
  })
  rmSync(join(host.directory, 'node_modules', '@cli-ops'))
  return host
}

describe.each([
  ['as CommonJS', 'bundle.cjs', { format: 'cjs' }],
  ['as minified CommonJS', 'bundle.cjs', { format: 'cjs', minify: true }],
  ['as an ES module with a require()', 'bundle.mjs', { format: 'esm', banner: { js: REQUIRE } }],
  // commander 12 to 14 cannot be bundled this way, 15 can.
  ['as an ES module, commander aside', 'bundle.mjs', { format: 'esm', external: ['commander'] }],
] as const)('a program bundled %s', (_what, file, options) => {
  test('runs its commands with lock, events and ops', async () => {
    const host = await bundledHost(file, options as BuildOptions)
    const run = (args: readonly string[]): Promise<HostEnd> => host.run(args, { file })
    for (const command of ['plain', 'rule', 'wrapped']) {
      expect(await run([command])).toEqual({ status: 0, stdout: 'ran\n', stderr: '' })
    }
    expect(await run(['inside'])).toEqual({ status: 0, stdout: 'host\n', stderr: '' })
    const { types } = await host.traces()
    expect(types.filter((type) => type === 'command:completed')).toHaveLength(4)
    expect(types.filter((type) => type === 'done')).toHaveLength(2)

    await using lock = await host.coordinator().locks.lock('db')
    const waiting = host.start(['rule'], { file })
    await waiting.says('waiting for "db"')
    await lock.release()
    expect((await waiting.ended).stdout).toBe('ran\n')
    expect((await run(['ops', 'ps'])).stdout).toBe('No CLI is running.\n')
  })
})
