// Writes packages/oclif-plugin/oclif.manifest.json, from which oclif knows the plugin's commands without loading them:
// `node scripts/write-oclif-manifest.mjs`, or with `--check` to fail if it is out of date.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { Plugin } from '@oclif/core'
import { root } from './workspaces.mjs'

const folder = join(root, 'packages/oclif-plugin')
const file = join(folder, 'oclif.manifest.json')

const plugin = new Plugin({
  root: folder,
  type: 'core',
  ignoreManifest: true,
  errorOnManifestCreate: true,
  respectNoCacheDefault: true,
})
await plugin.load()
const text = `${JSON.stringify(plugin.manifest, null, 2)}\n`

if (!process.argv.includes('--check')) {
  writeFileSync(file, text)
} else if (readFileSync(file, 'utf8') !== text) {
  console.error(`${file} is out of date: run npm run manifest`)
  process.exitCode = 1
}
