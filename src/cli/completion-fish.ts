import {
  commandsBelow,
  firstWords,
  type Offer,
  type ShellCommand,
  type ShellModel,
  type ShellOption,
} from './completion-model';

/** Completion for fish, with what each word means. Arguments are offered whatever their number. */
export function fishCompletion(model: ShellModel): string {
  const families = Object.keys(model.families);
  const lines = [
    '# fish completion for bulwark: bulwark completion fish > ~/.config/fish/completions/bulwark.fish',
    'complete -c bulwark -f',
    ...model.globals.map((option) => optionLine(option, '')),
    ...firstWords(model).map(([word, description]) => wordLine('__fish_use_subcommand', word, description)),
    ...model.commands
      .filter(({ name }) => !name.includes(' '))
      .flatMap((command) => linesOf(command, seen(command.name))),
    ...families.flatMap((family) => {
      const commands = commandsBelow(model, family);
      const names = commands.map(({ name }) => name).join(' ');
      return [
        ...commands.map(({ name, description }) =>
          wordLine(`${seen(family)}; and not __fish_seen_subcommand_from ${names}`, name, description),
        ),
        ...commands.flatMap((command) => linesOf(command, `${seen(family)}; and ${seen(command.name)}`)),
      ];
    }),
  ];
  return `${lines.join('\n')}\n`;
}

function linesOf({ options, arguments: args }: ShellCommand, condition: string): string[] {
  const offers = args.map(({ offer }) => offer).filter((offer) => offer !== 'nothing');
  return [
    ...options.map((option) => optionLine(option, ` -n '${condition}'`)),
    ...offers.map((offer) => `complete -c bulwark -n '${condition}'${chosen(offer).replace(/^ -x/, '')}`),
  ];
}

function seen(word: string): string {
  return `__fish_seen_subcommand_from ${word}`;
}

function wordLine(condition: string, word: string, description: string): string {
  return `complete -c bulwark -n '${condition}' -a '${word}' -d '${quoted(description)}'`;
}

function optionLine({ names, description, value }: ShellOption, condition: string): string {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  return `complete -c bulwark${condition} ${flags.join(' ')}${value === undefined ? '' : chosen(value)} -d '${quoted(description)}'`;
}

function chosen(offer: Offer): string {
  if (offer === 'files') return ' -F -r';
  return offer === 'nothing' ? ' -x' : ` -x -a '${offer.words.join(' ')}'`;
}

function quoted(text: string): string {
  return text.replaceAll(/[\\']/g, '\\$&');
}
