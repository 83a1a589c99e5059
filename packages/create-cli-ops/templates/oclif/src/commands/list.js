import { Command } from '@oclif/core'

import { readNotes } from '../notes.js'

export default class List extends Command {
  static description = 'list the notes'

  async run() {
    await this.parse(List)
    for (const { text } of readNotes()) this.log(text)
  }
}
