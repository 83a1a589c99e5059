import { describeShapes } from './describe-shapes.js'
import { COMMANDER_FAMILIES } from './shapes/commander-families.js'
import { COMMANDER_SHAPES } from './shapes/commander.js'
import { commanderFramework } from './shapes/commander-framework.js'

const frameworks = [
  commanderFramework('commander 12', 'commander-12', false),
  commanderFramework('commander 13', 'commander-13', false),
  commanderFramework('commander 14', 'commander', true),
]

const shapes = [...COMMANDER_SHAPES, ...COMMANDER_FAMILIES]

for (const framework of frameworks) describeShapes(framework, shapes)
