import { Argument, Command } from 'commander'

export function completionCommand(): Command {
  return new Command('completion')
    .description('print the script that completes cli-ops in a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      `
bash: add to ~/.bashrc
  source <(cli-ops completion bash)
zsh: add to ~/.zshrc, after compinit
  source <(cli-ops completion zsh)
fish: add to ~/.config/fish/config.fish
  cli-ops completion fish | source

Examples:
  $ cli-ops completion bash
  $ cli-ops completion zsh
  $ cli-ops completion fish`,
    )
    .action(async (shell: string) => {
      const { COMPLETION_SCRIPTS } = await import('../complete/completion-scripts.js')
      process.stdout.write(COMPLETION_SCRIPTS.get(shell) ?? '')
    })
}
