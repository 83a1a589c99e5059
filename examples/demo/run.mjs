// Shows real processes of the example CLIs working together, and checks what it shows: `npm run demo`. Exits with 1 if
// a check fails. Everything happens in a temporary home that is removed at the end.
import process from 'node:process'
import { Demo } from './demo.mjs'
import { makeDemoHome } from './demo-home.mjs'
import { Screen } from './screen.mjs'
import * as addAtOnce from './steps/add-at-once.mjs'
import * as answerRequest from './steps/answer-request.mjs'
import * as archiveAll from './steps/archive-all.mjs'
import * as askEveryone from './steps/ask-everyone.mjs'
import * as catchUp from './steps/catch-up.mjs'
import * as editSettings from './steps/edit-settings.mjs'
import * as hearEvent from './steps/hear-event.mjs'
import * as killHolder from './steps/kill-holder.mjs'
import * as leaveNothing from './steps/leave-nothing.mjs'
import * as takeOver from './steps/take-over.mjs'
import * as waitForLock from './steps/wait-for-lock.mjs'

/** @type {readonly import('./demo.mjs').Step[]} */
const steps = [
  addAtOnce,
  waitForLock,
  hearEvent,
  answerRequest,
  editSettings,
  catchUp,
  archiveAll,
  askEveryone,
  killHolder,
  takeOver,
  leaveNothing,
]

const screen = new Screen()
const home = makeDemoHome()
const demo = new Demo(screen, home)

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, () => {
    demo.killAll()
    home.remove()
    process.exit(signal === 'SIGINT' ? 130 : 143)
  })
}

try {
  for (const [index, step] of steps.entries()) {
    screen.heading(index + 1, step.title)
    try {
      await step.run(demo)
    } catch (error) {
      // Later steps still show what works, and the summary names what does not.
      const reason = error instanceof Error ? error.message : String(error)
      demo.check(`"${step.title}" ran to its end`, false, reason)
    }
  }
} finally {
  await demo.close()
  home.remove()
}
process.exitCode = screen.summary(demo.checks) ? 0 : 1
