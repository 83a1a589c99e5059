import { endings } from '../endings.mjs'

const { Args, Command, Flags } = await import(process.env.HOST_FRAMEWORK ?? '@oclif/core')

class Run extends Command {
  static args = { ending: Args.string({ required: true }) }
  static flags = { flag: Flags.string() }
  static enableJsonFlag = true

  async run() {
    const { args } = await this.parse(Run)
    return endings[args.ending]()
  }
}

class Other extends Command {
  async run() {
    await this.parse(Other)
    console.log('other ran')
  }
}

const { HOST_WITH_LOCK } = process.env
const { withLock } = HOST_WITH_LOCK ? await import('@cli-ops/oclif-plugin') : {}
const Locked = HOST_WITH_LOCK ? withLock(JSON.parse(HOST_WITH_LOCK))(Run) : Run

export const COMMANDS = { run: Locked, other: Other }
