// Tries everything that a user can try on another user's files, and prints what worked: stranger.mjs <path>…
import {
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

const worked = []

async function attempt(what, act) {
  try {
    await act()
    worked.push(what)
  } catch {
    // As it should be.
  }
}

for (const path of process.argv.slice(2)) {
  await attempt(`list ${path}`, () => readdirSync(path))
  await attempt(`read ${path}`, () => openSync(path, 'r'))
  await attempt(`write ${path}`, () => openSync(path, 'a'))
  await attempt(`watch ${path}`, () => watch(path).close())
  await attempt(`make in ${path}`, () => mkdirSync(join(path, 'planted')))
  await attempt(`write in ${path}`, () => writeFileSync(join(path, 'planted'), ''))
  await attempt(`symlink in ${path}`, () => symlinkSync('/tmp', join(path, 'planted')))
  await attempt(`hard link of ${path}`, () => linkSync(path, `${path}-linked`))
  await attempt(`rename ${path}`, () => renameSync(path, `${path}-renamed`))
  await attempt(`remove ${path}`, () => unlinkSync(path))
  await attempt(
    `connect to ${path}`,
    () =>
      new Promise((resolve, reject) => {
        connect(path).on('connect', resolve).on('error', reject)
      }),
  )
}
console.log(JSON.stringify(worked))
process.exit()
