// `npm run pictures` draws the pictures of the README and the guides anew, from real processes; `npm run pictures -- demo`
// only those of one kind: demo, screens or dashboard.
import process from 'node:process'
import { relative } from 'node:path'
import { root } from '../workspaces.mjs'

const wanted = process.argv.slice(2)
const wants = (/** @type {string} */ kind) => wanted.length === 0 || wanted.includes(kind)
const paths = []

if (wants('demo')) {
  const { drawDemo } = await import('./demo.mjs')
  paths.push(drawDemo())
}
if (wants('screens') || wants('dashboard')) {
  const { Team } = await import('./team.mjs')
  const team = await Team.start()
  try {
    if (wants('screens')) {
      const { drawScreens } = await import('./screens.mjs')
      paths.push(...(await drawScreens(team)))
    }
    if (wants('dashboard')) {
      const { drawDashboard } = await import('./dashboard.mjs')
      paths.push(...(await drawDashboard(team)))
    }
  } finally {
    await team.close()
  }
}
for (const path of paths) console.log(relative(root, path))
