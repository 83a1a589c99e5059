import { execFile } from 'node:child_process'

import { type CodeBlock, codeBlocks, documents, fileOf } from './markdown.js'

// The reader's own functions, which the samples assume.
const ASSUMED = 'globalThis.loadTasks = () => []'

/** Returns the documents' JavaScript that runs on its own. */
export function javaScriptBlocks(): CodeBlock[] {
  return (
    documents()
      .flatMap((path) => codeBlocks(path, ['js']))
      // A tutorial's files are run with its steps.
      .filter((block) => !block.remarks.includes('no-run') && fileOf(block) === undefined)
  )
}

/**
 * Runs a block as copied, so that a feature unknown to this Node is an error; in a folder where its packages are found.
 * Resolves to why it failed, shortened, since a stack can show a whole bundle.
 */
export function runBlock(
  { code }: CodeBlock,
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<string> {
  // A server in a sample would run forever.
  const script = `${ASSUMED}\n${code}\nprocess.exit()`
  return new Promise((resolve) => {
    const parameters = ['--input-type=module', '--eval', script]
    execFile(process.execPath, parameters, options, (error, _stdout, stderr) => {
      const reason = stderr.split('\n').find((line) => /^\S*Error|\[.*Error\]/u.test(line))
      resolve(error === null ? '' : (reason ?? stderr.slice(-500)))
    })
  })
}
