import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const json = JSON.stringify

/** @type {import('../cli.mjs').Cli[]} */
export const OCLIF_CLIS = [
  {
    name: 'oclif',
    packages: ['oclif@4.22.82'],
    bin: 'oclif',
    framework: '@oclif/core',
    start: 'npm',
    command: 'manifest',
    args: ['manifest'],
    files: {
      'package.json': json({
        name: 'some-cli',
        version: '1.0.0',
        files: ['commands'],
        oclif: { commands: './commands' },
      }),
      'commands/hello.js':
        'exports.default = class { static args = {}; static flags = {}; static async run() {} }\n',
    },
    interrupt: {
      args: ['manifest'],
      files: { 'commands/hello.js': `console.log('ready')\nfor (;;);\n` },
      seen: 'ready',
    },
  },
  {
    name: 'checkly',
    packages: ['checkly@8.23.2'],
    bin: 'checkly',
    framework: '@oclif/core',
    start: 'npm',
    command: 'skills install',
    args: ['skills', 'install', '--path', 'skill', '--force'],
  },
  {
    name: 'heroku',
    packages: ['heroku@11.10.0'],
    bin: 'heroku',
    framework: '@oclif/core',
    start: 'file',
    command: 'local run',
    prepare({ home }) {
      // Its terms of service have been accepted.
      mkdirSync(join(home, '.cache/heroku'), { recursive: true })
      writeFileSync(join(home, '.cache/heroku/terms-of-service'), '')
    },
    args: ['local:run', 'node', 'some.cjs'],
    files: { 'some.cjs': `console.log('ran', process.env.FROM_FILE)\n`, '.env': 'FROM_FILE=yes\n' },
    interrupt: {
      args: ['local:run', 'node', 'stay.cjs'],
      files: { 'stay.cjs': `console.log('ready')\nsetInterval(() => undefined, 60_000)\n` },
      seen: 'ready',
      varies: ['foremanEnd'],
    },
  },
  {
    name: 'eas-cli',
    packages: ['eas-cli@24.8.0'],
    bin: 'eas',
    framework: '@oclif/core',
    start: 'npm',
    command: 'diagnostics',
    args: ['diagnostics'],
    files: {
      'app.json': json({ expo: { name: 'some', slug: 'some' } }),
      'package.json': json({ name: 'some', version: '1.0.0' }),
    },
  },
  {
    name: 'artillery',
    packages: ['artillery@2.0.21'],
    bin: 'artillery',
    framework: '@oclif/core',
    start: 'shim',
    command: 'run',
    args: ['run', '--quiet', 'load.yml'],
    prepare({ write, port }) {
      write({
        'load.yml': `config:
  target: http://127.0.0.1:${port}
  phases: [{ duration: 1, arrivalCount: 1 }]
scenarios: [{ flow: [{ get: { url: / } }] }]\n`,
      })
    },
    varies: ['runIds'],
  },
  {
    name: 'shopify',
    packages: ['@shopify/cli@3.94.3'],
    bin: 'shopify',
    framework: '@oclif/core',
    bundled: 'bundled',
    start: 'npm',
    command: 'theme check',
    args: ['theme', 'check', '--path', '.', '--output', 'json'],
    // Otherwise it starts itself again in the background, to check for news.
    env: { CI: '1' },
    files: {
      'layout/theme.liquid': '{% assign unused = 1 %}\n<p>{{ content_for_layout }}</p>\n',
      'templates/index.liquid': '<p>{{ missing }}</p>\n',
      'config/settings_schema.json': '[]\n',
      'locales/en.default.json': '{}\n',
    },
    exitCode: 1,
  },
  {
    name: 'salesforce',
    packages: ['@salesforce/cli@2.146.3'],
    bin: 'sf',
    framework: '@oclif/core',
    node: 22,
    start: 'npm',
    // The arguments name it by an alias.
    command: 'template generate project',
    args: ['project', 'generate', '--name', 'some', '--template', 'empty'],
  },
  {
    name: 'twilio-cli',
    packages: ['twilio-cli@6.2.4'],
    bin: 'twilio',
    framework: '@oclif/core',
    start: 'npm',
    command: 'profiles list',
    args: ['profiles:list'],
  },
  {
    name: 'bump-cli',
    packages: ['bump-cli@2.11.0'],
    bin: 'bump',
    framework: '@oclif/core',
    start: 'npm',
    command: 'overlay',
    args: ['overlay', 'api.json', 'overlay.json'],
    files: {
      'api.json': json({ openapi: '3.0.0', info: { title: 'Some', version: '1' }, paths: {} }),
      'overlay.json': json({
        overlay: '1.0.0',
        info: { title: 'Other', version: '1' },
        actions: [{ target: '$.info', update: { title: 'Other' } }],
      }),
    },
  },
]
