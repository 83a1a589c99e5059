import { Args, Command } from '@oclif/core'

import { addNote } from '../notes.js'

// "cliOps" in package.json configures it: one at a time, and the result of run() is the data of note:added.
export default class Add extends Command {
  static description = 'add a note'
  static args = { text: Args.string({ required: true }) }

  async run() {
    const { args } = await this.parse(Add)
    return addNote(args.text)
  }
}
