import { basename } from 'node:path'

const SHELLS: ReadonlySet<string> = new Set(['sh', 'bash', 'dash', 'ksh', 'zsh'])

/** Returns the name that people know a program by: of `bash deploy.sh`, the script's. */
export function programName([file = '', script = '']: readonly string[]): string {
  const name = basename(file)
  const isScript = SHELLS.has(name) && script !== '' && !/^[-+]/u.test(script)
  return isScript ? basename(script) : name
}
