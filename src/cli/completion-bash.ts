import { commandsBelow, firstWords, type Offer, type ShellModel, type ShellOption } from './completion-model';

/**
 * Completion for bash 4 and newer, without the package bash-completion. The tables are looked up by the command and the option or the
 * number of the argument: `check|--format`, `explain|3`.
 */
export function bashCompletion(model: ShellModel): string {
  return `# bash completion for bulwark: source <(bulwark completion bash)

# What is below a command, and all options of it.
_bulwark_words() {
  case $1 in
${rows(wordTable(model))}
  esac
}

# What stands in the place of a value or an argument; fails for an option without a value.
_bulwark_offer() {
  case $1 in
${rows(offerTable(model))}
    *) return 1 ;;
  esac
}

_bulwark_reply() {
  case $1 in
    FILES) compopt -o filenames 2>/dev/null || true; mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2") ;;
  esac
}

_bulwark() {
  local current=\${COMP_WORDS[COMP_CWORD]} command= option= count=0 index word offer
  COMPREPLY=()
  # --option=value is three words.
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    if [[ $word == '=' ]]; then continue; fi
    if [[ -n $option ]]; then option=; continue; fi
    if [[ $word == -?* ]]; then
      if _bulwark_offer "$command|$word" >/dev/null; then option=$word; fi
    elif [[ -z $command ]]; then command=$word
    elif [[ $command != *' '* && -n $(_bulwark_words "$command|below") ]]; then command="$command $word"
    else count=$((count + 1)); fi
  done
  if [[ $current == '=' ]]; then current=; fi
  if [[ -n $option ]]; then _bulwark_reply "$(_bulwark_offer "$command|$option")" "$current"; return; fi
  if [[ $current == -* ]]; then _bulwark_reply "$(_bulwark_words "$command|options")" "$current"; return; fi
  if [[ $command != *' '* && -n $(_bulwark_words "$command|below") ]]; then
    _bulwark_reply "$(_bulwark_words "$command|below")" "$current"
    return
  fi
  offer=$(_bulwark_offer "$command|$((count + 1))") || offer=$(_bulwark_offer "$command|rest") || return 0
  _bulwark_reply "$offer" "$current"
}

complete -F _bulwark bulwark
`;
}

function wordTable(model: ShellModel): [key: string, words: string][] {
  const names = (options: readonly ShellOption[]) =>
    [...options, ...model.globals].flatMap((option) => option.names).join(' ');
  return [
    [
      '|below',
      firstWords(model)
        .map(([word]) => word)
        .join(' '),
    ],
    ['|options', names([])],
    ...Object.keys(model.families).map((family): [string, string] => [
      `${family}|below`,
      commandsBelow(model, family)
        .map(({ name }) => name)
        .join(' '),
    ]),
    ...model.commands.map(({ name, options }): [string, string] => [`${name}|options`, names(options)]),
  ];
}

function offerTable({ commands }: ShellModel): [key: string, words: string][] {
  return commands.flatMap(({ name, options, arguments: args }) => [
    ...options.flatMap(({ names, value }) =>
      value === undefined ? [] : names.map((option): [string, string] => [`${name}|${option}`, said(value)]),
    ),
    ...args.map(({ offer, variadic }, index): [string, string] => [
      `${name}|${variadic ? 'rest' : index + 1}`,
      said(offer),
    ]),
  ]);
}

function said(offer: Offer): string {
  if (offer === 'files') return 'FILES';
  return offer === 'nothing' ? '' : offer.words.join(' ');
}

function rows(table: readonly (readonly [key: string, words: string])[]): string {
  return table.map(([key, words]) => `    '${key}') echo '${words}' ;;`).join('\n');
}
