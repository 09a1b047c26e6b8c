"""Puts each fault of mutations.txt into a copy of the transition, alone, and sees whether the simulation finds it.

    mutate.py --build BUILD --source SOURCE --link "cc … -o OUT …" [--only NAME,…] [--worlds N] [--worlds-same N]

--link is the command that links test_simulation, with OUT where the program goes and MUTATED before the archives: an
object there stands in for the archive's own. Exits with 1 if a fault is not found, or a change that must make no
difference does, or a mutation does not fit the code any more.
"""

import argparse
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import time


class DoesNotFit(Exception):
    pass


def read_mutations(path):
    mutations, current = [], None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        head = re.fullmatch(r"\[(=?)(\w+)\] (\S+)", line)
        if head:
            current = {"name": head[2], "same": bool(head[1]), "file": head[3], "edits": [{"old": [], "new": []}]}
            mutations.append(current)
        elif line == "&" and current:
            current["edits"].append({"old": [], "new": []})
        elif line.startswith(("-", "+")) and current:
            current["edits"][-1]["old" if line[0] == "-" else "new"].append(line[1:].strip())
        elif line.strip() and not line.startswith("#"):
            sys.exit(f"{path}:{number}: not understood: {line}")
    return mutations


def mutated(text, mutation):
    lines = [line.strip() for line in text.splitlines()]
    for edit in mutation["edits"]:
        old = edit["old"]
        places = [i for i in range(len(lines)) if lines[i:i + len(old)] == old]
        if not old or len(places) != 1:
            raise DoesNotFit(f"the old text is in {mutation['file']} {len(places)} times")
        lines[places[0]:places[0] + len(old)] = edit["new"]
    return "\n".join(lines) + "\n"


def compile_command(build, source):
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if pathlib.Path(entry["file"]) == source:
            return entry["command"], entry["directory"]
    raise DoesNotFit(f"{source} is not compiled")


def build_program(arguments, mutation, work):
    source = arguments.source / "broker" / "transition" / mutation["file"]
    if not source.exists():
        raise DoesNotFit(f"there is no {mutation['file']}")
    copy, target, program = work / mutation["file"], work / "mutated.o", work / "program"
    copy.write_text(mutated(source.read_text(), mutation))
    command, directory = compile_command(arguments.build, source)
    words = shlex.split(command)
    words[words.index("-o") + 1] = str(target)
    words[words.index("-c") + 1] = str(copy)
    words += ["-w", "-I", str(source.parent)]
    subprocess.run(words, cwd=directory, check=True)
    link = [str(program) if w == "OUT" else str(target) if w == "MUTATED" else w for w in arguments.link]
    subprocess.run(link, cwd=directory, check=True)
    return program


def finds_something(program, seeds, worlds):
    command = [program, "--seeds", seeds, "--seed", "1", "--worlds", str(worlds), "--no-shrink"]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=300)
    except subprocess.TimeoutExpired:
        return "it does not end"
    if done.returncode == 0:
        return None
    found = re.search(r"^seed .*", done.stdout, re.M)
    return found[0][:160] if found else f"it ends with {done.returncode}"


def try_mutation(arguments, mutation):
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as work:
        try:
            found = finds_something(build_program(arguments, mutation, pathlib.Path(work)),
                                    arguments.source / "tests" / "simulation" / "seeds.txt",
                                    arguments.worlds_same if mutation["same"] else arguments.worlds)
        except DoesNotFit as why:
            print(f"DOES NOT FIT  {mutation['name']}: {why}", flush=True)
            return False
        except subprocess.CalledProcessError:
            print(f"DOES NOT COMPILE  {mutation['name']}", flush=True)
            return False
    fine = bool(found) != mutation["same"]
    word = ("caught" if found else "NOT CAUGHT") if not mutation["same"] else ("DIFFERS" if found else "the same")
    print(f"{word}  {mutation['name']}  ({time.monotonic() - start:.1f} s)  {found or ''}", flush=True)
    return fine


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--link", type=shlex.split, required=True)
    parser.add_argument("--only", type=lambda names: names.split(","))
    parser.add_argument("--worlds", type=int, default=20000)
    parser.add_argument("--worlds-same", type=int, default=5000)
    arguments = parser.parse_args()
    mutations = read_mutations(arguments.source / "tests" / "simulation" / "mutations.txt")
    if arguments.only:
        unknown = set(arguments.only) - {m["name"] for m in mutations}
        if unknown:
            sys.exit(f"there is no mutation {', '.join(sorted(unknown))}")
        mutations = [m for m in mutations if m["name"] in arguments.only]
    fine = [try_mutation(arguments, m) for m in mutations]
    print(f"{sum(fine)} of {len(fine)} mutations are as they should be")
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
