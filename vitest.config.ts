import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { setExtraCertificatesAside } from './scripts/extra-certificates.mjs'
import { LongestFirst } from './scripts/longest-first.mjs'
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

/** Run from its sources, a package has no `require()`, so code loaded on first use is imported. */
const importLazy = {
  name: 'import-lazy',
  enforce: 'pre' as const,
  transform(code: string, id: string): string | undefined {
    if (!/\/packages\/[^/]+\/src\/(?:base\/|command\/)?lazy\.ts$/u.test(id)) return undefined
    const imports: string[] = []
    const body = code
      .replaceAll('require.cache', 'undefined')
      .replace(/\brequire\('([^']+)'\)/gu, (_call, specifier: string) => {
        const source = specifier.replace(/^(\..+)\.cjs$/u, '$1.js')
        return `lazy${imports.push(`import * as lazy${imports.length + 1} from '${source}'`)}`
      })
    return [...imports, body].join('\n')
  },
}

export default defineConfig({
  plugins: [importLazy],
  resolve: {
    // In-process tests run the TypeScript sources; child processes load the bundles, through the workspace links in
    // node_modules.
    alias: packages
      .flatMap(({ entries }) => entries)
      .flatMap(({ specifier, source }) =>
        specifier === undefined
          ? []
          : [
              {
                find: new RegExp(`^${specifier.replaceAll('.', '\\.')}$`),
                replacement: source,
              },
            ],
      ),
  },
  test: {
    projects,
    pool: 'forks',
    maxWorkers: Math.max(2, availableParallelism()),
    sequence: { sequencer: LongestFirst },
    globalSetup: './scripts/vitest-global-setup.mjs',
    setupFiles:
      process.env['COVERAGE_FOLDER'] === undefined
        ? []
        : [join(root, 'scripts/vitest-coverage-setup.mjs')],
    // They only end a test that hangs: a busy machine gives processes and servers a small share of its time.
    testTimeout: 120_000,
    // npm waits five minutes for a stalled connection before it tries again.
    env: { npm_config_fetch_timeout: '20000' },
    expect: { poll: { timeout: 60_000 } },
    hookTimeout: 240_000,
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      reporter: ['text-summary', 'html', 'json-summary'],
    },
  },
})
