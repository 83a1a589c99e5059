import { addRemote, commitAll } from '../git-repository.mjs'
import { linkModules } from '../link-modules.mjs'
import { STAYS } from '../stays.mjs'

const json = JSON.stringify

const TEST = `const { equal } = require('node:assert')\n`

/** @type {import('../cli.mjs').Cli[]} */
export const YARGS_CLIS = [
  {
    name: 'mocha',
    packages: ['mocha@11.8.0'],
    bin: 'mocha',
    framework: 'yargs',
    start: 'npm',
    command: '',
    args: ['some.test.cjs'],
    files: {
      'some.test.cjs': `${TEST}it('adds', () => equal(1 + 1, 2))\nit('fails', () => equal(1, 2))\n`,
    },
    exitCode: 1,
    varies: ['durations', 'libraryFrames'],
    interrupt: {
      args: ['stay.test.cjs'],
      files: {
        'stay.test.cjs': `it('stays', (done) => { console.log('ready'); setTimeout(done, 60_000) }).timeout(0)\n`,
      },
      seen: 'ready',
    },
  },
  {
    // A V8 option makes it start itself again, by a file that is no entry of `bin`.
    name: 'mocha-in-a-child',
    packages: ['mocha@11.8.0'],
    bin: 'mocha',
    framework: 'yargs',
    start: 'npm',
    command: '',
    args: ['--expose-gc', 'some.test.cjs'],
    files: {
      'some.test.cjs': `${TEST}it('adds', () => equal(1 + 1, 2))\nit('fails', () => equal(1, 2))\n`,
    },
    exitCode: 1,
    varies: ['durations', 'libraryFrames'],
    // No Ctrl-C: its first process passes on both SIGINT and SIGTERM, and ends by whichever the child died of.
  },
  {
    name: 'c8',
    packages: ['c8@12.0.0'],
    bin: 'c8',
    framework: 'yargs',
    start: 'npm',
    command: '',
    args: ['--reporter=text', '--reporter=json-summary', 'node', 'some.cjs'],
    files: {
      'some.cjs': `if (process.argv.length > 5) {\n  console.log('never')\n}\nconsole.log('ran')\n`,
    },
    varies: ['coverageFolder'],
    interrupt: { args: ['node', 'stay.cjs'], files: { 'stay.cjs': STAYS.script }, seen: 'ready' },
  },
  {
    name: 'concurrently',
    packages: ['concurrently@9.2.5'],
    bin: 'concurrently',
    framework: 'yargs',
    start: 'shim',
    command: '',
    args: ['--max-processes', '1', 'node a.cjs', 'node b.cjs'],
    files: { 'a.cjs': `console.log('a')\n`, 'b.cjs': `console.log('b')\nprocess.exitCode = 3\n` },
    exitCode: 1,
    // Its children warn of the colours that it asks them for.
    env: { NODE_NO_WARNINGS: '1' },
    interrupt: {
      args: ['node stay.cjs'],
      files: { 'stay.cjs': STAYS.script },
      seen: 'ready',
    },
  },
  {
    name: 'mjml',
    packages: ['mjml@5.4.1'],
    bin: 'mjml',
    framework: 'yargs',
    frameworkIn: 'mjml-cli',
    start: 'npm',
    command: '',
    args: ['in.mjml', '-o', 'out.html'],
    files: {
      'in.mjml':
        '<mjml><mj-body><mj-section><mj-column><mj-text>Hello</mj-text></mj-column></mj-section></mj-body></mjml>\n',
    },
  },
  {
    name: 'commitlint',
    packages: ['@commitlint/cli@20.5.3', '@commitlint/config-conventional@20.5.3'],
    bin: 'commitlint',
    framework: 'yargs',
    start: 'npm',
    command: '',
    args: ['--edit', 'message'],
    files: {
      'commitlint.config.cjs': `module.exports = { rules: { 'type-empty': [2, 'never'], 'subject-case': [2, 'always', 'lower-case'] } }\n`,
      message: 'A message without a type\n',
    },
    prepare: commitAll,
    exitCode: 1,
    varies: ['gitIndex'],
    interrupt: {
      args: ['--edit', 'message'],
      files: { 'commitlint.config.cjs': STAYS.commonJs },
      seen: 'ready',
    },
  },
  {
    name: 'lerna',
    packages: ['lerna@9.0.7'],
    bin: 'lerna',
    framework: 'yargs',
    start: 'npm',
    command: 'version',
    args: ['version', '1.1.0', '--yes', '--no-push', '--no-changelog'],
    files: {
      '.gitignore': 'node_modules\n',
      'lerna.json': json({ version: '1.0.0', packages: ['packages/*'] }),
      'package.json': json({ name: 'root', private: true, workspaces: ['packages/*'] }),
      'packages/a/package.json': json({ name: 'a', version: '1.0.0' }),
    },
    prepare(place) {
      commitAll(place)
      addRemote(place)
      linkModules(place)
    },
    varies: ['gitIndex', 'nxCaches'],
  },
  {
    name: 'semantic-release',
    packages: ['semantic-release@24.2.9'],
    bin: 'semantic-release',
    framework: 'yargs',
    start: 'npm',
    command: '',
    args: ['--dry-run', '--no-ci'],
    files: {
      'package.json': json({ name: 'released', version: '0.0.0-development' }),
    },
    prepare(place) {
      const plugins = ['commit-analyzer', 'release-notes-generator'].map(
        (name) => `@semantic-release/${name}`,
      )
      const repositoryUrl = `file://${place.work}/remote.git`
      place.write({ '.releaserc.json': json({ branches: ['main'], plugins, repositoryUrl }) })
      commitAll(place)
      addRemote(place)
    },
    varies: ['gitIndex', 'clockTimes', 'dates'],
  },
  {
    name: 'jest',
    packages: ['jest@30.5.2'],
    bin: 'jest',
    framework: 'yargs',
    frameworkIn: 'jest-cli',
    start: 'file',
    command: '',
    args: ['--ci', '--no-cache', '--runInBand'],
    files: {
      'package.json': json({ name: 'tested' }),
      'some.test.cjs': `test('adds', () => { expect(1 + 1).toBe(2) })\ntest('fails', () => { expect(1).toBe(2) })\n`,
    },
    exitCode: 1,
    varies: ['durations'],
    interrupt: {
      args: ['--ci', '--no-cache', '--runInBand'],
      files: {
        'some.test.cjs': `test('stays', () => { process.stderr.write('ready'); for (;;); })\n`,
      },
      // It draws its line again below what a test writes.
      seen: /ready[\s\S]*some\.test/u,
      varies: ['spinners'],
    },
  },
  {
    name: 'typeorm',
    packages: ['typeorm@1.1.1'],
    bin: 'typeorm',
    framework: 'yargs',
    start: 'npm',
    command: 'entity:create',
    args: ['entity:create', 'src/User'],
  },
  {
    name: 'node-pg-migrate',
    packages: ['node-pg-migrate@9.0.0', 'pg@8.23.1'],
    bin: 'node-pg-migrate',
    framework: 'yargs',
    start: 'npm',
    command: '',
    args: ['create', 'add users'],
    varies: ['epochs', 'compactTimes'],
  },
  {
    name: 'json-server',
    packages: ['json-server@0.17.4'],
    bin: 'json-server',
    framework: 'yargs',
    start: 'shim',
    command: '',
    args: ['db.json', '--port', '0'],
    files: { 'db.json': json({ posts: [{ id: 1 }] }) },
    until: { seen: 'snapshot of the database', send: 'SIGTERM' },
    interrupt: { args: ['db.json', '--port', '0'], seen: 'snapshot of the database' },
  },
  {
    name: 'nx',
    packages: ['nx@24.0.6'],
    bin: 'nx',
    framework: 'yargs',
    start: 'npm',
    command: 'run-many',
    args: ['run-many', '--target=hello', '--skip-nx-cache', '--output-style=stream'],
    files: {
      '.gitignore': 'node_modules\n.nx\n',
      'nx.json': '{}\n',
      'package.json': json({ name: 'root', private: true, workspaces: ['packages/*'] }),
      'packages/a/package.json': json({
        name: 'a',
        version: '1.0.0',
        scripts: { hello: 'node hello.cjs' },
      }),
      'packages/a/hello.cjs': `require('node:fs').writeFileSync('said', 'hello')\nconsole.log('hello')\n`,
    },
    prepare: linkModules,
    varies: ['durations', 'processIds', 'nxCaches'],
  },
  {
    name: 'nyc',
    packages: ['nyc@18.0.0'],
    bin: 'nyc',
    framework: 'yargs',
    start: 'npm',
    command: '',
    args: ['--reporter=text', 'node', 'some.cjs'],
    files: { 'some.cjs': `console.log('ran')\n` },
    varies: ['uuids', 'coverageFolder'],
    expects: { refuses: 'yargs 15 is out of range' },
  },
  {
    name: 'aws-cdk',
    packages: ['aws-cdk@2.1148.1'],
    bin: 'cdk',
    framework: 'yargs',
    bundled: 'bundled',
    start: 'npm',
    command: 'init',
    args: ['init', 'app', '--language', 'javascript', '--generate-only'],
    expects: { tells: 'its yargs is bundled into it' },
  },
]
