import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { npm, npmEnvironment } from './pack-packages.js'

/** A package manager other than npm, for a user who has set another registry. */
export interface PackageManager {
  /** The command that a user types. */
  readonly command: string
  /** The prefix for a program of the project. */
  readonly exec: readonly string[]
  /** Runs it and returns its output; rejects with all its output if it fails. */
  run(cwd: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<string>
}

interface Kind {
  /** Its package in the registry. */
  readonly from: string
  readonly program: string
  readonly settings: (registry: string) => NodeJS.ProcessEnv
  readonly exec: readonly string[]
}

const KINDS = {
  pnpm: {
    from: 'pnpm@12',
    program: 'bin/pnpm.mjs',
    settings: (registry) => ({ pnpm_config_registry: registry }),
    exec: ['exec'],
  },
  'Yarn 1': {
    from: 'yarn@1',
    program: 'bin/yarn.js',
    settings: (registry) => ({ YARN_REGISTRY: registry }),
    // Otherwise it would parse what follows itself.
    exec: ['exec', '--'],
  },
  // Plug'n'Play is its default.
  'Yarn 4': {
    from: '@yarnpkg/cli-dist@4',
    program: 'bin/yarn.js',
    settings: (registry) => ({
      YARN_NPM_REGISTRY_SERVER: registry,
      YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
      YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
      YARN_ENABLE_TELEMETRY: 'false',
    }),
    exec: ['exec'],
  },
} as const satisfies Readonly<Record<string, Kind>>

export type ManagerName = keyof typeof KINDS

export const MANAGERS = Object.keys(KINDS) as readonly ManagerName[]

/** Installs one in a folder, with a private home; undefined if the registry cannot be reached. */
export function installManager(
  name: ManagerName,
  folder: string,
  registry: string,
): PackageManager | undefined {
  const { from, program, settings, exec }: Kind = KINDS[name]
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  try {
    npm(['install', '--no-audit', '--no-fund', '--silent', '--prefer-offline', from], folder)
  } catch {
    return undefined
  }
  const file = join(folder, 'node_modules', from.slice(0, from.lastIndexOf('@')), program)
  const base = { ...npmEnvironment, ...settings(registry), HOME: folder }
  return {
    command: name.split(' ')[0]?.toLowerCase() ?? '',
    exec,
    run: async (cwd, args, env = {}) => {
      const options = { cwd, env: { ...base, ...env } }
      const running = promisify(execFile)(process.execPath, [file, ...args], options)
      // No one answers a prompt.
      running.child.stdin?.end()
      try {
        return (await running).stdout
      } catch (error) {
        const { message, stdout } = error as Error & { readonly stdout: string }
        throw new Error(`${message}\n${stdout}`, { cause: error })
      }
    },
  }
}
