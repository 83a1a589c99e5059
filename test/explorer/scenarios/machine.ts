import type { Machine } from '../engine/world.js'

/** What the scenarios run on where nothing else is said. The bundle for Windows is made with that platform. */
export const MACHINE: Machine = {
  semantics: process.platform === 'win32' ? 'windows' : 'posix',
  slowListings: false,
  oldDirectories: true,
  deadLook: 'dead',
  facts: 'shown',
}
