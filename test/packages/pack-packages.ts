import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { CERTIFICATES } from '../../scripts/extra-certificates.mjs'
import { root, workspaces } from '../../scripts/workspaces.mjs'

const OF_THIS_RUN =
  /^(?:npm_(?!config_(?:registry|cafile|cache|userconfig|fetch_timeout)$).*|NODE_ENV|VITEST.*|CI|CONTINUOUS_INTEGRATION|GITHUB_ACTIONS)$/iu

/** The environment of a person at a terminal: without what npm, the test runner and a CI have set for this repository. */
export const npmEnvironment: NodeJS.ProcessEnv = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !OF_THIS_RUN.test(name))),
  ...(process.env[CERTIFICATES] !== undefined && {
    NODE_EXTRA_CA_CERTS: process.env[CERTIFICATES],
  }),
}

/** Runs npm and returns its output; throws with all its output if it fails. */
export function npm(args: readonly string[], cwd: string): string {
  return execFileSync('npm', [...args], {
    cwd,
    env: npmEnvironment,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
}

/** Packs every public package as npm would publish it, declarations included; returns the tarballs by package name. */
export function packPackages(folder: string): ReadonlyMap<string, string> {
  const packages = workspaces().filter(({ manifest }) => manifest.private !== true)
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '-b', ...packages.map(({ dir }) => dir)])
  // Starting npm takes longer than packing, so one start packs them all; it names the tarballs in the same order.
  const dirs = packages.map(({ dir }) => dir)
  const packed = npm(['pack', ...dirs, '--silent', '--pack-destination', folder], folder)
  const files = packed.trim().split('\n').slice(-packages.length)
  return new Map(packages.map(({ name }, index) => [name, join(folder, files[index] ?? '')]))
}

/**
 * Repacks a tarball with the kit's other packages taken from their tarballs, as they are after their release, for a
 * tool that installs a single package.
 */
export function withLocalDependencies(
  tarball: string,
  tarballs: ReadonlyMap<string, string>,
  folder: string,
): string {
  execFileSync('tar', ['-xzf', tarball, '-C', folder])
  const dir = join(folder, 'package')
  const path = join(dir, 'package.json')
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as {
    dependencies?: Record<string, string>
  }
  for (const name of Object.keys(manifest.dependencies ?? {})) {
    const local = tarballs.get(name)
    if (local !== undefined) Object.assign(manifest.dependencies ?? {}, { [name]: `file:${local}` })
  }
  writeFileSync(path, JSON.stringify(manifest))
  const packed = npm(['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], dir)
  return join(folder, packed.trim())
}
