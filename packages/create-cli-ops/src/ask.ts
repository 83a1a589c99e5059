import { createInterface } from 'node:readline/promises'

/** Asks on the terminal; returns the default for an empty answer. */
export async function ask(question: string, defaultAnswer: string): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  // Ctrl-C and Ctrl-D end the program, as they normally do.
  reader.once('SIGINT', () => process.exit(130)).once('close', onClose)
  const answer = await reader.question(`${question} (${defaultAnswer}) `)
  reader.off('close', onClose).close()
  return answer.trim() || defaultAnswer
}

function onClose(): void {
  process.exit(1)
}
