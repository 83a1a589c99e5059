import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const SCRIPT = `
  import { createRequire } from 'node:module'
  const { processCreatedAt } = await import(createRequire(process.argv[1]).resolve('@cli-ops/shared-ipc/ops'))
  process.stdout.write(JSON.stringify({ createdAt: processCreatedAt(), origin: performance.timeOrigin }))`

test.runIf(process.platform === 'linux')(
  'a process is created after what preceded its start, and before its program is loaded',
  () => {
    const before = Date.now()
    const args = ['--input-type=module', '-e', SCRIPT, fileURLToPath(import.meta.url)]
    // A tick of the kernel's clock is 10 ms.
    const said = execFileSync(process.execPath, args, { encoding: 'utf8' })
    const { createdAt, origin } = JSON.parse(said) as { createdAt: number; origin: number }
    expect(createdAt).toBeGreaterThanOrEqual(before - 20)
    expect(createdAt).toBeLessThan(origin)
  },
)
