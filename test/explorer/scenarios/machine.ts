import type { Machine } from '../engine/world.js'

/** What the scenarios run on by default. The bundle for Windows is built with that platform. */
export const MACHINE: Machine = {
  semantics: process.platform === 'win32' ? 'windows' : 'posix',
  slowListings: false,
  oldDirectories: true,
  deadLook: 'dead',
  facts: 'shown',
}
