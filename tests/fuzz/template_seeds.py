#!/usr/bin/python3
"""template_seeds.py CASES FOLDER: the templates of tests/render/cases.jsonl in the forms that fuzz_template_compile.c and
fuzz_template_render.c read, as FOLDER/template_compile/* and FOLDER/template_render/*: a byte of options, the template and, for
the second, behind a zero byte the first of the other templates."""
import json
import pathlib
import sys

LARGEST = 3000


def compile_seed(case):
    options = case.get("options", {})
    flags = [options.get("trim_blocks"), options.get("lstrip_blocks"), options.get("keep_trailing_newline"),
             "line_statement_prefix" in options]
    return bytes([sum(1 << i for i, flag in enumerate(flags) if flag)]) + case["template"].encode()


def render_seed(case):
    flags = [case.get("options", {}).get("autoescape"), case["mode"] == "expression"]
    seed = bytes([sum(1 << i for i, flag in enumerate(flags) if flag)]) + case["template"].encode()
    others = list(case.get("templates", {}).values())
    return seed + b"\0" + others[0].encode() if others else seed


def main():
    cases = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
    for name, seed_of in (("template_compile", compile_seed), ("template_render", render_seed)):
        folder = pathlib.Path(sys.argv[2]) / name
        folder.mkdir(parents=True, exist_ok=True)
        for case in cases:
            seed = seed_of(case)
            if len(seed) <= LARGEST:
                (folder / case["id"]).write_bytes(seed)


main()
