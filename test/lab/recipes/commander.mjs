import { addRemote, commitAll } from '../git-repository.mjs'
import { linkModules } from '../link-modules.mjs'
import { STAYS } from '../stays.mjs'

const json = JSON.stringify

const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><rect width="10.000" height="10"/></svg>'

const HTML = '<!doctype html>\n<p   class="used">\n  some   text\n</p>\n<!-- a comment -->\n'

/** @type {import('../cli.mjs').Cli[]} */
export const COMMANDER_CLIS = [
  {
    name: 'cspell',
    packages: ['cspell@9.8.0'],
    bin: 'cspell',
    framework: 'commander',
    start: 'npm',
    command: 'lint',
    args: ['lint', '--no-progress', 'text.md'],
    files: { 'text.md': 'A sentence with a mispelt word.\n' },
    exitCode: 1,
    varies: ['durations'],
    interrupt: {
      args: ['lint', '--config', 'cspell.config.mjs', 'text.md'],
      files: { 'cspell.config.mjs': STAYS.esModule },
      seen: 'ready',
    },
  },
  {
    name: 'webpack-cli',
    packages: ['webpack-cli@7.3.1', 'webpack@5.113.0'],
    bin: 'webpack-cli',
    framework: 'commander',
    start: 'shim',
    command: 'build',
    args: ['build', '--mode', 'production', '--entry', './index.js', '-o', 'out'],
    files: { 'index.js': 'console.log(1 + 1)\n' },
    varies: ['durations'],
    // A rule for "build" holds all the same, from before that action.
    exceptions: {
      events: 'the root action makes the command only when it runs, so the command is told as ""',
      'Ctrl-C': 'as in the column of the events',
    },
    interrupt: {
      args: ['build', '--config', 'webpack.config.cjs'],
      files: { 'webpack.config.cjs': STAYS.commonJs },
      seen: 'ready',
    },
  },
  {
    name: 'playwright',
    packages: ['playwright@1.65.1'],
    bin: 'playwright',
    framework: 'commander',
    bundled: 'bundled',
    start: 'npm',
    command: 'test',
    args: ['test', '--reporter=list', '--workers=1'],
    files: {
      'some.spec.cjs': `const { test, expect } = require('playwright/test')
test('adds', () => { expect(1 + 1).toBe(2) })
test.skip('is left out', () => {})\n`,
    },
    prepare: linkModules,
    // Its workers warn of the colours that it asks them for.
    env: { NODE_NO_WARNINGS: '1' },
    varies: ['durations'],
    interrupt: {
      args: ['test', '--reporter=line', '--workers=1'],
      files: {
        'some.spec.cjs': `const { test } = require('playwright/test')
test('stays', async () => { test.setTimeout(0); console.log('ready'); await new Promise((end) => setTimeout(end, 60_000)) })\n`,
      },
      seen: 'ready',
      varies: ['echo'],
    },
  },
  {
    name: 'vsce',
    packages: ['@vscode/vsce@3.9.2'],
    bin: 'vsce',
    framework: 'commander',
    start: 'file',
    command: 'ls',
    args: ['ls', '--no-dependencies'],
    files: {
      'package.json': json({
        name: 'some-extension',
        version: '1.0.0',
        publisher: 'somebody',
        engines: { vscode: '^1.80.0' },
        activationEvents: ['onStartupFinished'],
        main: './main.js',
      }),
      'main.js': 'exports.activate = () => {}\n',
      'README.md': '# An extension\n',
    },
  },
  {
    name: 'capacitor',
    packages: ['@capacitor/cli@7.6.9', '@capacitor/core@8.5.2'],
    bin: 'capacitor',
    alias: 'cap',
    framework: 'commander',
    start: 'npm',
    command: 'init',
    args: ['init', 'App', 'com.example.app', '--web-dir', 'www'],
    files: { 'package.json': json({ name: 'app', version: '1.0.0' }), 'www/index.html': HTML },
    prepare: linkModules,
    varies: ['durations'],
  },
  {
    name: 'clasp',
    packages: ['@google/clasp@3.4.1'],
    bin: 'clasp',
    framework: 'commander',
    start: 'shim',
    command: 'show-file-status',
    args: ['show-file-status', '--json'],
    files: {
      '.clasp.json': json({ scriptId: 'some-script', rootDir: '.' }),
      'appsscript.json': json({ timeZone: 'UTC', exceptionLogging: 'STACKDRIVER' }),
    },
  },
  {
    name: 'svgo',
    packages: ['svgo@4.0.2'],
    bin: 'svgo',
    framework: 'commander',
    start: 'npm',
    command: '',
    args: ['icon.svg', '-o', 'small.svg'],
    files: { 'icon.svg': SVG },
    varies: ['durations'],
    interrupt: {
      args: ['icon.svg', '--config', 'stay.mjs'],
      files: { 'stay.mjs': STAYS.esModule },
      seen: 'ready',
    },
  },
  {
    name: 'create-next-app',
    packages: ['create-next-app@16.4.3'],
    bin: 'create-next-app',
    framework: 'commander',
    bundled: 'bundled',
    start: 'npm',
    command: '',
    args: [
      'app',
      '--yes',
      '--js',
      '--no-tailwind',
      '--no-eslint',
      '--app',
      '--use-npm',
      '--skip-install',
      '--disable-git',
    ],
  },
  {
    name: 'markdownlint-cli',
    packages: ['markdownlint-cli@0.48.0'],
    bin: 'markdownlint',
    framework: 'commander',
    start: 'file',
    command: '',
    args: ['--fix', 'notes.md'],
    exitCode: 1,
    files: { 'notes.md': '# Notes\nA line with   \n* a list\n\n\n\n- another\n#No space\n' },
  },
  {
    name: 'lint-staged',
    packages: ['lint-staged@16.4.0'],
    bin: 'lint-staged',
    framework: 'commander',
    start: 'npm',
    command: '',
    args: [],
    files: {
      'package.json': json({ 'lint-staged': { '*.txt': 'node upper.cjs' } }),
      'upper.cjs': `const { readFileSync, writeFileSync } = require('node:fs')
for (const file of process.argv.slice(2)) writeFileSync(file, readFileSync(file, 'utf8').toUpperCase())\n`,
    },
    prepare(place) {
      commitAll(place)
      place.write({ 'staged.txt': 'staged\n' })
      place.run('git', 'add', 'staged.txt')
    },
    varies: ['gitIndex'],
    interrupt: {
      args: [],
      files: { 'upper.cjs': STAYS.behindTheProgram },
      seen: 'ready',
      varies: ['spinners'],
    },
  },
  {
    name: 'dependency-cruiser',
    packages: ['dependency-cruiser@17.4.3'],
    bin: 'dependency-cruiser',
    alias: 'depcruise',
    framework: 'commander',
    start: 'npm',
    command: '',
    args: ['--no-config', '--output-type', 'json', '--output-to', 'graph.json', 'src'],
    files: { 'src/a.js': `import './b.js'\n`, 'src/b.js': `import './a.js'\n` },
  },
  {
    name: 'cucumber-js',
    packages: ['@cucumber/cucumber@12.9.0'],
    bin: 'cucumber-js',
    framework: 'commander',
    start: 'npm',
    command: '',
    args: ['--format', 'summary'],
    files: {
      'features/some.feature': 'Feature: sums\n  Scenario: one\n    Given a sum\n',
      'features/steps.cjs': `require('@cucumber/cucumber').Given('a sum', () => { console.log('summed') })\n`,
    },
    prepare: linkModules,
    varies: ['cucumberTimes'],
    interrupt: {
      args: ['--format', 'summary'],
      files: {
        'features/steps.cjs': `require('@cucumber/cucumber').Given('a sum', { timeout: -1 }, () => {
  console.log('ready')
  return new Promise((end) => setTimeout(end, 60_000))
})\n`,
      },
      seen: 'ready',
    },
  },
  {
    name: 'gh-pages',
    packages: ['gh-pages@6.3.0'],
    bin: 'gh-pages',
    framework: 'commander',
    start: 'shim',
    command: '',
    args: ['--dist', 'dist', '--no-history'],
    files: { 'package.json': json({ name: 'site', version: '1.0.0' }), 'dist/index.html': HTML },
    prepare(place) {
      commitAll(place)
      addRemote(place)
    },
    varies: ['gitIndex'],
  },
  {
    name: 'purgecss',
    packages: ['purgecss@8.0.0'],
    bin: 'purgecss',
    framework: 'commander',
    start: 'npm',
    command: '',
    args: ['--css', 'style.css', '--content', 'index.html', '--output', 'out.css'],
    files: { 'style.css': '.used { color: red }\n.unused { color: blue }\n', 'index.html': HTML },
  },
  {
    name: 'javascript-obfuscator',
    packages: ['javascript-obfuscator@5.8.0'],
    bin: 'javascript-obfuscator',
    framework: 'commander',
    start: 'file',
    command: '',
    args: ['in.js', '--output', 'out.js', '--seed', '1'],
    files: { 'in.js': 'const sum = (a, b) => a + b\nconsole.log(sum(1, 2))\n' },
  },
  {
    name: 'json2csv',
    packages: ['json2csv@5.0.7'],
    bin: 'json2csv',
    framework: 'commander',
    start: 'npm',
    command: '',
    args: ['-i', 'in.json', '-o', 'out.csv'],
    files: { 'in.json': json([{ a: 1, b: 2 }]) },
    expects: { refuses: 'commander 6 is out of range' },
  },
  {
    name: 'newman',
    packages: ['newman@6.2.2'],
    bin: 'newman',
    framework: 'commander',
    start: 'npm',
    command: 'run',
    args: ['run', 'collection.json', '--color', 'off', '--reporter-cli-no-summary'],
    prepare({ write, port }) {
      const url = {
        raw: `http://127.0.0.1:${port}/`,
        protocol: 'http',
        host: ['127', '0', '0', '1'],
        port: String(port),
      }
      const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json'
      const item = [{ name: 'ask', request: { method: 'GET', url } }]
      write({ 'collection.json': json({ info: { name: 'some', schema }, item }) })
    },
    varies: ['durations'],
  },
  {
    name: 'html-minifier-terser',
    packages: ['html-minifier-terser@7.2.0'],
    bin: 'html-minifier-terser',
    framework: 'commander',
    start: 'shim',
    command: '',
    args: ['--collapse-whitespace', '--remove-comments', '-o', 'page.html', 'page.html'],
    files: { 'page.html': HTML },
  },
  {
    name: 'tsc-alias',
    packages: ['tsc-alias@1.9.10', 'typescript@5.9.3'],
    bin: 'tsc-alias',
    framework: 'commander',
    start: 'npm',
    command: '',
    args: ['--project', 'tsconfig.json', '--verbose'],
    files: {
      'tsconfig.json': json({
        compilerOptions: { outDir: 'dist', baseUrl: '.', paths: { '@lib/*': ['./src/lib/*'] } },
      }),
      'src/index.ts': `import '@lib/a'\n`,
      'src/lib/a.ts': 'export {}\n',
      'dist/index.js': `require('@lib/a')\n`,
      'dist/lib/a.js': '',
    },
  },
  {
    name: 'knex',
    packages: ['knex@3.3.0', 'pg@8.23.1'],
    bin: 'knex',
    framework: 'commander',
    start: 'npm',
    command: 'migrate:make',
    args: ['migrate:make', 'add_users'],
    files: { 'knexfile.js': `module.exports = { client: 'pg', connection: {} }\n` },
    prepare: linkModules,
    varies: ['compactTimes'],
    interrupt: {
      args: ['migrate:make', 'add_users'],
      files: { 'knexfile.js': STAYS.commonJs },
      seen: 'ready',
    },
  },
]
