"""The arguments of the commands about the tool itself."""

import argparse

from host_tools.arguments import Command

SHELLS = ("bash", "zsh", "fish")


def _doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object")


def _completion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS, help="whose; source what it prints")


COMMANDS = (
    Command("doctor", "what is installed, what is missing, what to type; code 1 if something is"
            " missing that all need", _doctor, "host_tools.doctor:main"),
    Command("completion", "words for a shell: source <(seesaw completion bash)", _completion,
            "host_tools.completion:main"),
)  # fmt: skip
