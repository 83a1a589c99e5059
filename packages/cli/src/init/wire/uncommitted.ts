import { spawnSync } from 'node:child_process'

/** Which of some files git could not give back as they are: changed since the last commit, or not known to it. None outside a repository. */
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
