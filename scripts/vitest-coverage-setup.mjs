// Under `npm run coverage:core`, the processes and threads that a test starts record what they ran. vitest counts the
// test's own process, so that process must not know of the folder before it is running.
import process from 'node:process'

process.env['NODE_V8_COVERAGE'] = process.env['COVERAGE_FOLDER']
