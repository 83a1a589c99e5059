import { describe, expect, test } from 'vitest'

import {
  replaceInArguments,
  replaceInNodeOptions,
} from '../../../src/command/preload/node-options.js'

const replace = (loader: string, module: string): string | undefined =>
  module === 'plugin/register'
    ? loader === '--import'
      ? 'file:///x.js'
      : '/a "b"/x.js'
    : undefined

describe('NODE_OPTIONS', () => {
  test.each([
    ['--import plugin/register', '--import file:///x.js'],
    ['--import=plugin/register', '--import=file:///x.js'],
    ['--import "plugin/register"', '--import file:///x.js'],
    ['--import="plugin/register"  --no-warnings', '--import=file:///x.js  --no-warnings'],
    ['-r plugin/register', String.raw`-r "/a \"b\"/x.js"`],
    ['--require=plugin/register', String.raw`"--require=/a \"b\"/x.js"`],
    [
      String.raw`--require "/with space/\"x\".js" --import plugin/register -r other`,
      String.raw`--require "/with space/\"x\".js" --import file:///x.js -r other`,
    ],
    // These do not name a module to load.
    ['--title plugin/register', '--title plugin/register'],
    ['--import plugin/register2', '--import plugin/register2'],
    ['--import "--import plugin/register"', '--import "--import plugin/register"'],
    ['  --no-warnings  ', '  --no-warnings  '],
    ['', ''],
  ])('%s becomes %s', (before, after) => {
    expect(replaceInNodeOptions(before, replace)).toBe(after)
  })
})

test('node’s arguments are replaced in place', () => {
  const args = [
    '--import',
    'plugin/register',
    '--import=plugin/register',
    '-r',
    'plugin/register',
    '-e',
    'plugin/register',
  ]
  replaceInArguments(args, replace)
  expect(args).toEqual([
    '--import',
    'file:///x.js',
    '--import=file:///x.js',
    '-r',
    '/a "b"/x.js',
    '-e',
    'plugin/register',
  ])
})
