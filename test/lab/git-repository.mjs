/**
 * Turns the work folder into a repository with one commit of its content.
 *
 * @param {import('./cli.mjs').Place} place
 * @param {string} [message]
 */
export function commitAll({ run }, message = 'feat: begin') {
  run('git', 'init', '--quiet', '--initial-branch=main')
  run('git', 'add', '.')
  run('git', 'commit', '--quiet', `--message=${message}`)
}

/**
 * Adds a bare repository in the work folder as its remote.
 *
 * @param {import('./cli.mjs').Place} place
 */
export function addRemote({ run, work }) {
  run('git', 'init', '--quiet', '--bare', '--initial-branch=main', 'remote.git')
  run('git', 'remote', 'add', 'origin', `${work}/remote.git`)
  run('git', 'push', '--quiet', '--set-upstream', 'origin', 'main')
}
