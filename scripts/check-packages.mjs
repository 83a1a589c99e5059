// Checks what users get: packs each public package and runs publint and are-the-types-wrong on the
// tarball. Needs a full `npm run build` first.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { root, workspaces } from './workspaces.mjs'

const temporary = mkdtempSync(join(tmpdir(), 'cli-ops-pack-'))
/** @param {string} name */
const bin = (name) => join(root, 'node_modules/.bin', name)
/** @type {string[]} */
const failures = []
/** The most disk space that an adapter and its dependencies can take. */
const MAX_INSTALLED_BYTES = 8_000_000
/** @type {Map<string, number>} */
const packedBytes = new Map()

/**
 * Returns the bytes of a package and of everything that npm installs with it, except the frameworks, which a user
 * already has.
 *
 * @param {string} name
 * @param {Set<string>} counted
 * @returns {number}
 */
function installedBytes(name, counted) {
  if (counted.has(name)) return 0
  counted.add(name)
  const folder = join(root, 'node_modules', name)
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const below = Object.keys(dependencies).map((each) => installedBytes(each, counted))
  return below.reduce((sum, bytes) => sum + bytes, packedBytes.get(name) ?? bytesBelow(folder))
}

/** @param {string} folder */
function bytesBelow(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  return files.reduce(
    (sum, file) => (file.isFile() ? sum + statSync(join(file.parentPath, file.name)).size : sum),
    0,
  )
}

/**
 * @param {string} label
 * @param {string} command
 * @param {string[]} args
 */
function run(label, command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' })
  if (status === 0) return stdout
  failures.push(label)
  console.error(`${label} failed\n${stdout}${stderr}`)
  return undefined
}

try {
  for (const { dir, name, manifest, entries } of workspaces()) {
    if (manifest.private) continue
    const unbuilt = entries.find(({ output }) => !existsSync(join(dir, 'dist', `${output}.d.ts`)))
    if (unbuilt) throw new Error(`${name}: dist/${unbuilt.output}.d.ts is missing, build first`)

    const packed = run(`pack ${name}`, 'npm', [
      'pack',
      dir,
      '--json',
      '--silent',
      '--pack-destination',
      temporary,
    ])
    if (packed === undefined) continue
    const [{ filename, entryCount, unpackedSize }] = Object.values(JSON.parse(packed))
    const tarball = join(temporary, filename)
    run(`publint ${name}`, bin('publint'), [tarball, '--strict'])
    // The parts that only require() loads are not entries for users.
    const internal = entries.flatMap(({ specifier, isCommonJs }) =>
      isCommonJs && specifier !== undefined ? `.${specifier.slice(name.length)}` : [],
    )
    const exclude = internal.length > 0 ? ['--exclude-entrypoints', ...internal] : []
    run(`attw ${name}`, bin('attw'), [tarball, '--profile', 'esm-only', '--no-emoji', ...exclude])
    console.log(`${name}: ${entryCount} files, ${Math.ceil(unpackedSize / 1024)} KiB unpacked`)
    packedBytes.set(name, unpackedSize)
  }
  for (const name of packedBytes.keys()) {
    if (!name.endsWith('-plugin')) continue
    const bytes = installedBytes(name, new Set())
    console.log(`${name} with its dependencies: ${(bytes / 1e6).toFixed(2)} MB`)
    if (bytes <= MAX_INSTALLED_BYTES) continue
    failures.push(`size ${name}`)
    console.error(`${name} must install at most ${MAX_INSTALLED_BYTES / 1e6} MB`)
  }
} finally {
  rmSync(temporary, { recursive: true, force: true })
}
if (failures.length > 0) process.exitCode = 1
