import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const SOURCES = fileURLToPath(new URL('../../src', import.meta.url))

test('nothing outside src/schemas imports zod, which takes longer to load than the rest of the kit', () => {
  const importers = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith('schemas'))
    .filter((file) =>
      /(?:from|import\() ?['"](?:zod|[^'"]*\/schemas\/)/u.test(
        readFileSync(join(SOURCES, file), 'utf8'),
      ),
    )
  expect(importers).toEqual([])
})
