import { Args, Command } from '@oclif/core'

import { addNote } from '../notes.js'

// "cliOps" in package.json says: one at a time, and what run() returned is the data of note:added.
export default class Add extends Command {
  static description = 'add a note'
  static args = { text: Args.string({ required: true }) }

  async run() {
    const { args } = await this.parse(Add)
    return addNote(args.text)
  }
}
