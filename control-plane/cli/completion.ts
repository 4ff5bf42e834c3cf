import { Argument, type Command } from 'commander';
import { print } from './terminal.ts';

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print the completion for a shell: source <(logplane completion bash)')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .action((shell: 'bash' | 'zsh' | 'fish') => print(SCRIPTS[shell](wordsOf(program))));
}

/** Each command with its options and inner commands; the first is the program itself. */
function wordsOf(program: Command): Map<string, string[]> {
  const words = new Map([['', program.commands.map((command) => command.name())]]);
  for (const command of program.commands) {
    const inner = command.commands.flatMap((child) => [child.name(), ...optionsOf(child)]);
    words.set(command.name(), [...new Set([...inner, ...optionsOf(command), '--help'])]);
  }
  return words;
}

function optionsOf(command: Command): string[] {
  return command.options.flatMap(({ long }) => (long ? [long] : []));
}

type Words = ReadonlyMap<string, readonly string[]>;

const bash = (words: Words): string => `_logplane() {
  local words=
  case "\${COMP_WORDS[1]}" in
${[...words]
  .filter(([name]) => name !== '')
  .map(([name, options]) => `    ${name}) words="${options.join(' ')}" ;;`)
  .join('\n')}
  esac
  [ "$COMP_CWORD" = 1 ] && words="${words.get('')!.join(' ')} --help --version"
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _logplane logplane
`;

const fish = (words: Words): string =>
  [...words]
    .map(([name, options]) =>
      name === ''
        ? `complete -c logplane -n __fish_use_subcommand -a "${options.join(' ')}"`
        : `complete -c logplane -n "__fish_seen_subcommand_from ${name}" -a "${options.join(' ')}"`,
    )
    .join('\n')
    .concat('\n');

const SCRIPTS = {
  bash,
  zsh: (words: Words) => `autoload -U +X bashcompinit && bashcompinit\n${bash(words)}`,
  fish,
};
