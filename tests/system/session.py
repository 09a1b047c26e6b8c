#!/usr/bin/python3
"""A session in a page of documentation is true: its commands are run, in order, and their output is compared.

    session.py PAGE "## HEADING" BUILD

Of that section, each ```console block has commands behind "$ " (with further lines of them behind "> ") and what they print.
A block that begins with "$ noetl dev" is a terminal of its own; all others are one shell, in which `build/release` is BUILD
and ~ a folder that is gone afterwards. What differs from run to run (ids, times, ports, versions) only has to be of its kind,
columns may be of another width, and a line "…" stands for any lines. A session that waits for more than a minute has failed.
"""

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PATIENCE = 60
MARK = "---- the command has ended"
KINDS = [
    (r"\b\d{15,19}\b", "ID"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?", "TIME"),
    (r"\b\d\d:\d\d:\d\d(\.\d+)?\b", "CLOCK"),
    (r"\b\d+ min \d+ s\b|\b\d+(\.\d+)? m?s\b", "DURATION"),
    (r"\b(127\.0\.0\.1|localhost):\d+", "ADDRESS"),
    (r"(?<=\w)@\d+\b", "@VERSION"),
    (r"\bversion \d+\.\d+\.\d+\b", "version"),
    (r"\b[\w.-]+-\d+( is ready| of the pool)", r"NAME\1"),
    (r"\bsequence \d+", "sequence N"),
    (r" +", " "),
]


def of_its_kind(line):
    for pattern, kind in KINDS:
        line = re.sub(pattern, kind, line)
    return line.strip()


def fits(expected, printed):
    """Whether the printed lines are those that are expected, of which "…" are any."""
    if not expected:
        return not printed
    if expected[0].strip() == "…":
        return any(fits(expected[1:], printed[at:]) for at in range(len(printed) + 1))
    return bool(printed) and of_its_kind(expected[0]) == of_its_kind(printed[0]) and fits(expected[1:], printed[1:])


def commands_of(block):
    """Pairs of a command and the lines that it prints."""
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif line.startswith("> ") and not found[-1][1]:
            found[-1] = (found[-1][0] + "\n" + line[2:], [])
        else:
            found[-1][1].append(line)
    return found


class Terminal:
    def __init__(self, words, folder, environment):
        self.folder = folder
        self.text = ""
        self.process = subprocess.Popen(words, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)

    def read_until(self, what):
        until = time.monotonic() + PATIENCE
        while what not in self.text:
            ready = select.select([self.process.stdout], [], [], max(0, until - time.monotonic()))[0]
            data = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not data:
                sys.exit(f"there is no {what!r} in what was printed:\n{self.text}")
            self.text += data.decode(errors="surrogateescape")
        printed, self.text = self.text.split(what, 1)
        return printed.replace(self.folder + "/home", "/home/you")

    def run(self, command):
        self.process.stdin.write(f"{command}\necho '{MARK}'\n".encode())
        self.process.stdin.flush()
        return self.read_until(MARK + "\n").splitlines()

    def end(self, by):
        self.process.send_signal(by)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def compare(command, expected, printed):
    if fits(expected, printed):
        return True
    print(f"$ {command}\n--- the page has\n" + "\n".join(expected) + "\n--- and it prints\n" + "\n".join(printed) + "\n---")
    return False


def environment_in(folder):
    kept = {name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS") if name in os.environ}
    home = folder + "/home"
    return kept | {"HOME": home, "PATH": home + "/.local/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8",
                   "TZ": "UTC", "NOETL_DATA_DIR": home + "/.local/share/noetl"}


def prepare(folder, build):
    source = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
    os.makedirs(folder + "/home")
    os.makedirs(folder + "/build")
    os.symlink(os.path.realpath(build), folder + "/build/release")
    shutil.copytree(source + "/examples", folder + "/examples")


def start_dev(folder, environment, expected):
    """On free ports, whoever else has the usual ones; what it prints up to the last line of the page."""
    words = ["noetl", "dev", "--nats-port", "0", "--postgres-port", "0", "--http", "127.0.0.1:0"]
    dev = Terminal([shutil.which(words[0], path=environment["PATH"]), *words[1:]], folder, environment)
    last = expected[-1] + "\n"
    return dev, (dev.read_until(last) + last).splitlines()


def run_session(blocks, folder, environment):
    shell, dev, right = Terminal(["bash", "--norc"], folder, environment), None, True
    try:
        for block in blocks:
            for command, expected in commands_of(block):
                if command == "noetl dev":
                    dev, printed = start_dev(folder, environment, expected)
                else:
                    printed = shell.run(command)
                right = compare(command, expected, printed) and right
        shell.run("kill $(jobs -p) 2> /dev/null; wait 2> /dev/null")
    finally:
        shell.end(signal.SIGTERM)
        shell.process.kill()
        code = dev.end(signal.SIGINT) if dev else 1
    if code != 0:
        print(f"noetl dev ended with {code}")
    return right and code == 0


def main():
    page, heading, build = sys.argv[1:4]
    with open(page, encoding="utf-8") as file:
        text = file.read()
    section = re.search(rf"(?ms)^{re.escape(heading)}$(.*?)(?=^## |\Z)", text)
    blocks = re.findall(r"(?ms)^```console\n(.*?)^```$", section.group(1)) if section else []
    if not blocks:
        sys.exit(f"{page} has no session under {heading!r}")
    folder = os.path.realpath(tempfile.mkdtemp(prefix="noetl-session-"))
    try:
        prepare(folder, build)
        return 0 if run_session(blocks, folder, environment_in(folder)) else 1
    finally:
        shutil.rmtree(folder)


sys.exit(main())
