import { spawnSync } from 'node:child_process'
import { accessSync, chmodSync, chownSync, constants, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished, type TestContext } from 'vitest'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'

/** Two user ids that nobody else on this machine has. */
export const VICTIM = 54_321
export const STRANGER = 54_322

const SCRIPTS = fileURLToPath(new URL('scripts/', import.meta.url))

/** Returns a program that runs another one as a user, without any group or capability. */
export function asUser(uid: number): readonly string[] {
  return ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--no-new-privs']
}

/** Skips the test, with the reason, unless processes of two users can be started here. */
export function requireTwoUsers(context: TestContext): void {
  context.skip(process.getuid?.() !== 0, 'only root can start processes of other users')
  const [program = '', ...args] = asUser(VICTIM)
  const { status, stderr, error } = spawnSync(
    program,
    [...args, process.execPath, '--check', join(SCRIPTS, 'stranger.mjs')],
    { encoding: 'utf8' },
  )
  context.skip(status !== 0, `other users cannot run this: ${error?.message ?? stderr}`)
}

/** Creates a directory like /tmp: everybody can create files in it, but remove only their own. */
export function sharedDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'cli-ops-shared-'))
  chmodSync(directory, 0o1777)
  onTestFinished(() => removeFolder(directory))
  return directory
}

/** Creates a directory for a single user. */
export function directoryOf(uid: number): string {
  const directory = mkdtempSync(join(tmpdir(), 'cli-ops-user-'))
  chownSync(directory, uid, uid)
  accessSync(directory, constants.R_OK)
  onTestFinished(() => removeFolder(directory))
  return directory
}
