#!/usr/bin/python3
"""Every command with its output in a page of documentation is one of the cases that are run.

    docs_are_cases.py PAGE CASES

A ```console block of the page begins with "$ COMMAND"; some case has that command among its own, and what the page shows is in
what that case expects, line by line ("<*>" is any text).
"""

import re
import sys


def blocks(page):
    for block in re.findall(r"```console\n\$ (.*?)```", page, re.DOTALL):
        command, _, output = block.partition("\n")
        yield command, output.splitlines()


def cases(text):
    for case in re.split(r"(?m)^=== ", text)[1:]:
        sections = dict(re.findall(r"(?ms)^--- (command|stdout)\n(.*?)(?=^--- |\Z)", case))
        yield sections.get("command", "").splitlines(), sections.get("stdout", "").splitlines()


def fits(expected, line):
    return re.fullmatch(".*?".join(re.escape(part) for part in expected.split("<*>")), line) is not None


def holds(expected, output):
    starts = range(len(expected) - len(output) + 1)
    return any(all(map(fits, expected[at:at + len(output)], output)) for at in starts)


def main():
    page, all_cases = (open(path, encoding="utf-8").read() for path in sys.argv[1:3])
    shown, known = list(blocks(page)), list(cases(all_cases))
    wrong = [command for command, output in shown
             if not any(command in commands and holds(expected, output) for commands, expected in known)]
    for command in wrong:
        print(f"{sys.argv[1]}: no case of {sys.argv[2]} runs this with this output: {command}")
    if not shown:
        print(f"{sys.argv[1]} has no command with its output")
    return 1 if wrong or not shown else 0


sys.exit(main())
