import {
  commandsBelow,
  firstWords,
  type Offer,
  type ShellCommand,
  type ShellModel,
  type ShellOption,
} from './completion-model';

/** Completion for zsh, with what each word means. */
export function zshCompletion(model: ShellModel): string {
  const families = Object.keys(model.families);
  const single = model.commands.filter(({ name }) => !name.includes(' '));
  return `#compdef bulwark
# zsh completion for bulwark: bulwark completion zsh > "\${fpath[1]}/_bulwark", or source it behind compinit

_bulwark() {
  local context state state_descr line
  typeset -A opt_args
  _arguments -C ${model.globals.map(optionSpec).join(' ')} '1: :->command' '*::: :->rest'
  case $state in
    command)
      local -a commands=(${described(firstWords(model))})
      _describe -t commands command commands
      ;;
    rest)
      case $line[1] in
${single.map((command) => oneCommand(command, model, 8)).join('\n')}
${families.map((family) => oneFamily(family, model)).join('\n')}
      esac
      ;;
  esac
}

if [[ $funcstack[1] == _bulwark ]]; then _bulwark "$@"; else compdef _bulwark bulwark; fi
`;
}

function oneCommand(
  { name, options, arguments: args }: ShellCommand,
  model: ShellModel,
  depth: number,
): string {
  const indent = ' '.repeat(depth);
  const positions = args.map(
    ({ name: argument, offer, variadic }, index) =>
      `'${variadic ? '*' : index + 1}:${quoted(argument)}:${action(offer)}'`,
  );
  const specs = [...options, ...model.globals].map(optionSpec);
  return `${indent}${name}) _arguments ${[...specs, ...positions].join(' ')} ;;`;
}

function oneFamily(family: string, model: ShellModel): string {
  const commands = commandsBelow(model, family);
  return `        ${family})
          if ((CURRENT == 2)); then
            local -a commands=(${described(commands.map(({ name, description }) => [name, description]))})
            _describe -t commands command commands
          else
            shift words
            ((CURRENT--))
            case $words[1] in
${commands.map((command) => oneCommand(command, model, 14)).join('\n')}
            esac
          fi
          ;;`;
}

function optionSpec({ names, description, value, repeatable }: ShellOption): string {
  const said = `[${quoted(description)}]`;
  const placed = value === undefined ? '' : `:value:${action(value)}`;
  const [first = ''] = names;
  if (names.length === 1) return `'${repeatable ? '*' : ''}${first}${said}${placed}'`;
  return `${repeatable ? "'*'" : `'(${names.join(' ')})'`}{${names.join(',')}}'${said}${placed}'`;
}

function action(offer: Offer): string {
  if (offer === 'files') return '_files';
  return offer === 'nothing' ? ' ' : `(${offer.words.join(' ')})`;
}

function described(words: readonly (readonly [word: string, description: string])[]): string {
  return words.map(([word, description]) => `'${word}:${quoted(description)}'`).join(' ');
}

/** Text within a specification that stands in single quotes. */
function quoted(text: string): string {
  return text.replaceAll(/[[\]:\\]/g, '\\$&').replaceAll("'", "'\\''");
}
