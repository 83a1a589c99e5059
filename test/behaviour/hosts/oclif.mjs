// An oclif program whose command ends as told: `oclif.mjs run <ending>`.
import { fileURLToPath } from 'node:url'

const variant = process.env.HOST_PLUGIN === 'off' ? 'without' : 'with'
const { flush, handle, run } = await import(process.env.HOST_FRAMEWORK ?? '@oclif/core')
const root = fileURLToPath(new URL(`oclif-${variant}/`, import.meta.url))
await run(process.argv.slice(2), { root, version: '1.2.3' }).then(() => flush(), handle)
