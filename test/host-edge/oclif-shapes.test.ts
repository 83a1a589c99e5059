import { describeShapes } from './describe-shapes.js'
import { OCLIF_SHAPES } from './shapes/oclif.js'
import { OCLIF } from './shapes/oclif-framework.js'

describeShapes(OCLIF, OCLIF_SHAPES)
