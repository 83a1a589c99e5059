// The work of a program that its lock has to cover. It reports if the lock belongs to another process, or is free.
const { existsSync, readdirSync } = require('node:fs')
const { join } = require('node:path')

exports.work = (...said) => {
  if (existsSync('held')) console.log('ran while another had the lock')
  else if (process.env.PLUGIN === 'on' && !isHeld()) console.log('ran without the lock')
  console.log(...said)
}

/** What a host does between its commands. */
exports.idle = (...said) => {
  if (process.env.PLUGIN === 'on' && isHeld()) console.log('still has the lock')
  console.log(...said)
}

/** Whether this process, or the one that runs it, holds it. */
function isHeld() {
  const directory = join(process.env.CLI_OPS_HOME, 'locks', 'res.lock')
  const holder = new RegExp(`^held~.*p${process.env.RUN_BY ?? process.pid}\\.`)
  return existsSync(directory) && readdirSync(directory).some((name) => holder.test(name))
}
