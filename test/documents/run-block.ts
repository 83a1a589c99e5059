import { execFile } from 'node:child_process'

import { type CodeBlock, codeBlocks, documents, fileOf } from './markdown.js'

// What the samples take for given: the reader's own functions.
const ASSUMED = 'globalThis.loadTasks = () => []'

/** The JavaScript of the documents that runs by itself. */
export function javaScriptBlocks(): CodeBlock[] {
  return (
    documents()
      .flatMap((path) => codeBlocks(path, ['js']))
      // A file of a tutorial is run where its steps are.
      .filter((block) => !block.remarks.includes('no-run') && fileOf(block) === undefined)
  )
}

/**
 * Runs a block as copied, so that what this Node does not know is an error; in a folder where its packages are found. Resolves to
 * why it failed, in short, since a stack may show a whole bundle.
 */
export function runBlock(
  { code }: CodeBlock,
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<string> {
  // A server of a sample would go on for ever.
  const script = `${ASSUMED}\n${code}\nprocess.exit()`
  return new Promise((resolve) => {
    const parameters = ['--input-type=module', '--eval', script]
    execFile(process.execPath, parameters, options, (error, _stdout, stderr) => {
      const reason = stderr.split('\n').find((line) => /^\S*Error|\[.*Error\]/u.test(line))
      resolve(error === null ? '' : (reason ?? stderr.slice(-500)))
    })
  })
}
