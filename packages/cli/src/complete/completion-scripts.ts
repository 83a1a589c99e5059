/**
 * bash splits words at colons and equals signs. The script joins them again, and cuts what precedes the last split from
 * the candidates. Written for bash 3.2, which macOS ships.
 */
const BASH = `# bash completion for cli-ops
_cli_ops() {
  local IFS=$'\\n' line=\${COMP_LINE:0:COMP_POINT} i n=-1 word glue rest words=()
  rest=$line
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    glue=\${rest%%[^[:space:]]*}
    rest=\${rest#"$glue"}
    rest=\${rest#"$word"}
    if [[ $i -gt 0 && -z $glue && -n $word ]]; then words[n]+=$word; else words[++n]=$word; fi
  done
  local cur=\${words[n]} cut
  cut=\${cur%"\${cur##*[:=]}"}
  COMPREPLY=()
  while IFS=$'\\t' read -r word _; do
    [[ $word == "$cur"* ]] || continue
    word=\${word#"$cut"}
    COMPREPLY+=("$(printf %q "$word")")
  done < <(cli-ops __complete -- "\${words[@]:1}" 2>/dev/null)
  [[ \${#COMPREPLY[@]} -ne 1 || \${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null || true
}
complete -o default -F _cli_ops cli-ops
`

const ZSH = `#compdef cli-ops
_cli_ops() {
  local -a lines described
  local line name about
  lines=("\${(@f)$(cli-ops __complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  for line in $lines; do
    name=\${\${line%%$'\\t'*}//:/\\\\:} about=\${line#*$'\\t'}
    described+=("$name\${about:+:$about}")
  done
  if (( \${#described} )); then _describe 'cli-ops' described; else _files; fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -u }
compdef _cli_ops cli-ops
`

const FISH = `# fish completion for cli-ops
function __cli_ops_candidates
  set -l words (commandline -opc) (commandline -ct)
  cli-ops __complete -- $words[2..-1] 2>/dev/null
end
complete -c cli-ops -n 'not __fish_seen_subcommand_from run' -f
complete -c cli-ops -a '(__cli_ops_candidates)'
`

/** The scripts by shell. They ask for the commands at run time, so a script never goes out of date. */
export const COMPLETION_SCRIPTS: ReadonlyMap<string, string> = new Map([
  ['bash', BASH],
  ['zsh', ZSH],
  ['fish', FISH],
])
