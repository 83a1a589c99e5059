import { isOwnCommandLine } from '@cli-ops/shared-ipc/command'

/** Node's and the script's words in `process.argv`. */
const BEFORE = 2

/** The words that commander was given: the line of the process or, in a host that lives on, of a prompt. */
export class CommandLine {
  /**
   * True if it is the process's own line, even if the host has removed words that commander must not see: its words alone, or after the
   * first two of `process.argv`.
   */
  readonly isOwn: boolean
  /** True if it has all the words of the process's own line, between others that the host has added, such as default options. */
  readonly hasOwnWords: boolean
  /** True if the host has made it of that line in whatever way: expanded an alias, changed the case. */
  readonly isMadeOfOwn: boolean

  constructor(words: readonly string[]) {
    const { argv } = process
    const own = argv.slice(BEFORE)
    const isWhole = words.length >= BEFORE && words[1] === argv[1]
    const given = isWhole ? words.slice(BEFORE) : words
    this.isOwn = isWhole ? areIn(given, own) : isOwnCommandLine(words)
    this.hasOwnWords = own.length > 0 && areIn(own, given)
    this.isMadeOfOwn = isWhole || this.hasOwnWords
  }
}

/** Returns whether all words are in a line, in their order. */
function areIn(words: readonly string[], line: readonly string[]): boolean {
  let from = 0
  return words.every((word) => {
    const at = line.indexOf(word, from)
    from = at + 1
    return at >= 0
  })
}
