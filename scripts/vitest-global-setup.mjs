// Builds the packages before the tests, since child processes import the bundles.
import process from 'node:process'
import { buildJs } from './build.mjs'

// Each vitest project runs the inherited global setup; they share one build.
const shared = /** @type {{ cliOpsBuild?: Promise<void> }} */ (globalThis)

/** @param {import('vitest/node').TestProject} project */
export default async function setup(project) {
  const minify = process.env['COVERAGE_FOLDER'] === undefined
  await (shared.cliOpsBuild ??= buildJs({ minify }))
  project.onTestsRerun(() => (shared.cliOpsBuild = buildJs({ minify })))
}
