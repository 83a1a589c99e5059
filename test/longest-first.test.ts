import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'
import type { TestSpecification, Vitest } from 'vitest/node'

import { LONGEST, LongestFirst } from '../scripts/longest-first.mjs'
import { root } from '../scripts/workspaces.mjs'

const SHARDS = [1, 2, 3]

function shardOf(paths: readonly string[], index: number): Promise<TestSpecification[]> {
  const config = { root, shard: { index, count: SHARDS.length } }
  const files = paths.map((path) => ({ moduleId: join(root, path) }))
  return new LongestFirst({ config } as unknown as Vitest).shard(
    files as unknown as TestSpecification[],
  )
}

test('the files that start first exist', () => {
  expect(LONGEST.filter((path) => !existsSync(join(root, path)))).toEqual([])
})

test('each file is in one shard, and each shard has its share of the long ones', async () => {
  const others = Array.from({ length: 100 }, (_, number) => `test/other-${number}.test.ts`)
  const shards = await Promise.all(SHARDS.map((index) => shardOf([...others, ...LONGEST], index)))
  const paths = shards.map((files) => files.map(({ moduleId }) => moduleId.slice(root.length + 1)))
  expect(paths.flat().sort()).toEqual([...others, ...LONGEST].sort())
  for (const own of paths) {
    const long = own.filter((path) => LONGEST.includes(path))
    expect(Math.abs(long.length - LONGEST.length / SHARDS.length)).toBeLessThan(1)
  }
})
