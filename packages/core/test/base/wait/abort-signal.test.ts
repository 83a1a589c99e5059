import { execFile } from 'node:child_process'
import { getEventListeners } from 'node:events'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { onAbort, waitUnlessAborted } from '../../../src/base/wait/abort-signal.js'

const run = promisify(execFile)

test('an abort reaches each listener once, even one added later, but not one removed', () => {
  const heard: string[] = []
  const abort = new AbortController()
  onAbort(abort.signal, () => heard.push('before'))
  onAbort(abort.signal, () => heard.push('stopped'))()
  abort.abort()
  onAbort(abort.signal, () => heard.push('after'))()
  onAbort(undefined, () => heard.push('never'))()
  expect(heard).toEqual(['before', 'after'])
})

test.each(['at once', 'later', 'twice', 'by an abort', 'by an abort after it'])(
  'a wait that ends %s releases what it took, once, and stops listening',
  async (how) => {
    const abort = new AbortController()
    const ended: string[] = []
    const waiting = waitUnlessAborted<string>(abort.signal, (done) => {
      if (how === 'at once') done('done')
      if (how === 'later' || how === 'twice') setImmediate(done, 'done')
      if (how === 'twice') setImmediate(done, 'again')
      if (how === 'by an abort after it')
        setImmediate(() => {
          done('done')
          abort.abort(new Error('aborted'))
        })
      return () => ended.push('given back')
    })
    if (how === 'by an abort') abort.abort(new Error('aborted'))
    const result = await waiting.catch((error: unknown) => (error as Error).message)
    expect(result).toBe(how === 'by an abort' ? 'aborted' : 'done')
    expect(ended).toEqual(['given back'])
    expect(getEventListeners(abort.signal, 'abort')).toEqual([])
  },
)

test('a wait that is over before it begins takes nothing', async () => {
  let hasBegun = false
  const waiting = waitUnlessAborted(AbortSignal.abort(new Error('aborted')), () => {
    hasBegun = true
    return () => undefined
  })
  await expect(waiting).rejects.toThrow('aborted')
  expect(hasBegun).toBe(false)
})

test('an error of one listener reaches the process, and the others are called all the same', async () => {
  const script = `
    import { onAbort } from '@cli-ops/shared-ipc/driver'
    const abort = new AbortController()
    process.on('uncaughtException', (error) => console.log(error.message))
    const twice = () => console.log('called')
    onAbort(abort.signal, () => { throw new Error('boom') })
    onAbort(abort.signal, twice)
    onAbort(abort.signal, twice)
    abort.abort()`
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: import.meta.dirname,
  })
  expect(stdout).toBe('called\ncalled\nboom\n')
})
