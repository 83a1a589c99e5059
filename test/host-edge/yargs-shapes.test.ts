import { describeShapes } from './describe-shapes.js'
import { YARGS_SHAPES } from './shapes/yargs.js'
import { yargsFramework } from './shapes/yargs-framework.js'

describeShapes(yargsFramework('yargs 17', 'yargs-17', false), YARGS_SHAPES)
describeShapes(
  yargsFramework('yargs 18', 'yargs', true),
  YARGS_SHAPES.filter(({ isCommonJs }) => isCommonJs !== true),
)
