import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { setExtraCertificatesAside } from './scripts/extra-certificates.mjs'
import { root, workspaces } from './scripts/workspaces.mjs'

setExtraCertificatesAside()

const packages = workspaces()

const folders = [
  ...packages.map(({ dir, folder }) => ({ name: folder, dir })),
  { name: 'workspace', dir: root },
]
const projects = folders
  .map(({ name, dir }) => ({ name, dir: join(dir, 'test') }))
  .filter(({ dir }) => existsSync(dir))
  .map(({ name, dir }) => ({
    extends: true as const,
    test: { name, root, dir, include: ['**/*.test.ts'] },
  }))

/** From its sources a plugin has no built files to load beside it, as in a bundle. */
function inOneProcess(source: string): string {
  const bundled = source.replace(/(?<=\bsrc.)index\.ts$/u, 'bundled.ts')
  return existsSync(bundled) ? bundled : source
}

export default defineConfig({
  resolve: {
    // In-process tests run the TypeScript sources; child processes get the bundles, through the
    // workspace links in node_modules.
    alias: packages
      .flatMap(({ entries }) => entries)
      .flatMap(({ specifier, source }) =>
        specifier === undefined
          ? []
          : [
              {
                find: new RegExp(`^${specifier.replaceAll('.', '\\.')}$`),
                replacement: inOneProcess(source),
              },
            ],
      ),
  },
  test: {
    projects,
    pool: 'forks',
    maxWorkers: 2,
    globalSetup: './scripts/vitest-global-setup.mjs',
    setupFiles:
      process.env['COVERAGE_FOLDER'] === undefined
        ? []
        : [join(root, 'scripts/vitest-coverage-setup.mjs')],
    // They end a test that hangs, and no other: a busy machine gives processes and servers a small share of its time.
    testTimeout: 120_000,
    hookTimeout: 240_000,
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      reporter: ['text-summary', 'html', 'json-summary'],
    },
  },
})
