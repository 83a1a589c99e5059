import { spawnSync } from 'node:child_process'
import { appendFileSync, chmodSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'

import { onTestFinished, type TestContext } from 'vitest'

import { temporaryHome } from '../../packages/core/test/fixtures/temporary-home.js'

const FILLER = 'filler'

/**
 * Returns a home with a quota of 1 MiB: a subvolume of a btrfs in a file. Its quotas need no daemon, and no other user;
 * a full disk reports ENOSPC, this one EDQUOT. Skips the test if the machine cannot mount it.
 */
export function homeWithQuota(context: TestContext): string {
  const folder = temporaryHome()
  const [image, disk] = [join(folder, 'image'), join(folder, 'disk')]
  const home = join(disk, 'home')
  writeFileSync(image, '')
  // The minimum size of a btrfs.
  truncateSync(image, 128 * 1024 * 1024)
  mkdirSync(disk)
  onTestFinished(() => void spawnSync('umount', ['-l', disk]))
  for (const [program, ...args] of [
    ['mkfs.btrfs', '--quiet', '--mixed', image],
    ['mount', '-o', 'loop', image, disk],
    ['btrfs', 'quota', 'enable', disk],
    ['btrfs', 'subvolume', 'create', home],
    ['btrfs', 'qgroup', 'limit', '1M', home],
  ] as const) {
    const { status, error, stderr } = spawnSync(program, args, { encoding: 'utf8' })
    const reason = error?.message ?? stderr.trim()
    context.skip(status !== 0, `there is no disk with a quota here: ${program}: ${reason}`)
  }
  chmodSync(home, 0o700)
  return home
}

/** Writes until the quota is used up, to the last block. */
export function useUpQuota(home: string): void {
  let error: unknown
  for (let size = 65_536; size >= 1; size /= 2) {
    try {
      for (;;) appendFileSync(join(home, FILLER), Buffer.alloc(size, 'x'))
    } catch (refused) {
      error = refused
    }
  }
  // Any other error would prove nothing about quotas. Node does not know this one's name.
  if ((error as NodeJS.ErrnoException).errno !== -constants.errno.EDQUOT) throw error
}

/** Frees what {@link useUpQuota} took. */
export function giveBackQuota(home: string): void {
  rmSync(join(home, FILLER))
}
