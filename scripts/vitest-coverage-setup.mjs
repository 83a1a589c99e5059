// Under `npm run coverage:core`, the processes and threads that a test starts write down what they ran. The test's own
// process is counted by vitest, so it must not know of the folder before it is running.
import process from 'node:process'

process.env['NODE_V8_COVERAGE'] = process.env['COVERAGE_FOLDER']
