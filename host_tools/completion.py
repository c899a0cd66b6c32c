"""The command `seesaw completion`: what a shell needs to complete the command line.

Made of the parser itself, so it knows every command, option and choice. In bash and zsh a function
walks the words typed so far; fish has a line for each.
"""

import argparse
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

# zsh runs it too, where `path` and `words` are names of its own.
BASH = """_seesaw_words() {
  case "$1" in
%s
  *) return 1 ;;
  esac
}
_seesaw() {
  local at where="" next last offered
  for ((at = 1; at < COMP_CWORD; at++)); do
    next="${where:+$where }${COMP_WORDS[at]}"
    [[ "${COMP_WORDS[at]}" != -* ]] && _seesaw_words "$next" >/dev/null && where="$next"
  done
  last="${COMP_WORDS[COMP_CWORD - 1]}"
  offered="$(_seesaw_words "$where $last" || _seesaw_words "$where")"
  COMPREPLY=($(compgen -W "$offered" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _seesaw seesaw
"""
ZSH = "autoload -U +X compinit bashcompinit && compinit && bashcompinit\n"


def main(arguments: Namespace) -> int:
    """Prints it. arguments.root: the parser of the whole command line."""
    found = list(walk(arguments.root))
    if arguments.shell == "fish":
        print("\n".join(_fish(found)))
    else:
        print((ZSH if arguments.shell == "zsh" else "") + _bash(found), end="")
    return 0


def walk(parser: ArgumentParser, path: str = "") -> Iterator[tuple[str, str, str, list[str]]]:
    """(path of the command, word, its help, what may follow it) of every command and option."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {str(one.dest): one.help or "" for one in action._choices_actions}
            for name, below in action.choices.items():
                yield path, name, helps.get(name, ""), []
                yield from walk(below, f"{path} {name}".strip())
        elif action.option_strings:
            choices = [str(choice) for choice in action.choices or ()]
            yield path, action.option_strings[-1], action.help or "", choices
        else:
            for choice in action.choices or ():
                yield path, str(choice), action.help or "", []


def _bash(found: list[tuple[str, str, str, list[str]]]) -> str:
    rows: dict[str, list[str]] = {}
    for path, word, _, choices in found:
        rows.setdefault(path, []).append(word)
        if choices:
            rows[f"{path} {word}"] = choices
    return BASH % "\n".join(f'  "{path}") echo "{" ".join(w)}" ;;' for path, w in rows.items())


def _fish(found: list[tuple[str, str, str, list[str]]]) -> Iterator[str]:
    yield "complete -c seesaw -f -n __fish_use_subcommand"
    for path, word, help, choices in found:
        seen = "; and ".join(f"__fish_seen_subcommand_from {part}" for part in path.split())
        what = f"-l {word[2:]}" if word.startswith("--") else f"-a {word}"
        told = help.replace("\\", "\\\\").replace("'", "\\'")
        more = f" -x -a '{' '.join(choices)}'" if choices else ""
        yield f"complete -c seesaw -n '{seen or '__fish_use_subcommand'}' {what} -d '{told}'{more}"
