import { spawnSync } from 'node:child_process'

/** Returns the files that git could not restore: changed since the last commit, or untracked. None outside a repository. */
export function uncommitted(folder: string, files: readonly string[]): string[] {
  return files.filter((file) => {
    const { status, stdout } = spawnSync(
      'git',
      ['status', '--porcelain', '--ignored', '--', file],
      {
        cwd: folder,
        encoding: 'utf8',
      },
    )
    return status === 0 && stdout !== ''
  })
}
