import { ownProcess } from '../../packages/core/src/base/process/own-process.js'

// Looking these up each time would take longer than everything else.
Object.defineProperties(ownProcess(), { host: { value: 'host' }, user: { value: 'user' } })

export { formatSeed, parseSeed } from './engine/choice.js'
export { explore } from './engine/explore.js'
export { replay } from './engine/replay.js'
export { eventScenarios } from './scenarios/event-scenarios.js'
export { lockScenarios, staleBreakScenario } from './scenarios/lock-scenarios.js'
export { runScenarios } from './scenarios/run-scenarios.js'
export { slotScenarios } from './scenarios/slot-scenarios.js'
