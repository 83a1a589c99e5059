import { Command } from 'commander'

import { examples } from '../examples.js'

export function runCommand(): Command {
  return new Command('run')
    .usage('--lock <resource> [options] [--] <program> [arguments...]')
    .description('run a program under a lock, with its own stdio, exit code and signals')
    .argument('<program...>', 'the program and its arguments')
    .requiredOption('-l, --lock <resource>', 'what the lock protects')
    .option('-s, --shared', 'share the lock with other shared holders')
    .option('-w, --wait <duration>', 'give up after this time, with exit code 75')
    .option('-n, --no-wait', 'give up at once where the lock is not free, with exit code 75')
    .option('-e, --emit <type[=json]>', 'emit this event when the program has ended with 0')
    .option('-k, --keep-for <whom>', 'who keeps the lock: "child" or "descendants"', 'child')
    .passThroughOptions()
    .addHelpText(
      'after',
      `
The program finds CLI_OPS_LOCK_TOKEN (the fencing token), CLI_OPS_LOCK_ID and
CLI_OPS_LOCK_RESOURCE in its environment. It keeps the lock if cli-ops is killed.
${examples(
  'cli-ops run --lock deploy -- ./deploy.sh production',
  'cli-ops run --lock deploy --wait 30s --emit deploy:done -- ./deploy.sh production',
  'cli-ops run --lock database --shared --no-wait -- ./report.sh',
)}`,
    )
    .action(async (program: readonly string[], options: Readonly<Record<string, unknown>>) => {
      const { runProgram } = await import('../run/run-program.js')
      await runProgram(program, options)
    })
}
