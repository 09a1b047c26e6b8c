#!/usr/bin/python3
"""Writes more_cases.jsonl: what Debian's python3-jinja2 makes of the templates of case_list.py.

    tests/render/make_cases.py [--check]

--check writes nothing and ends with 1 if the file would be another one.
"""
import argparse
import hashlib
import json
import math
import os
import sys
import warnings

sys.dont_write_bytecode = True  # of what is imported from this folder

import jinja2
import jinja2.meta
from markupsafe import Markup

from case_list import CONTEXT, EXPRESSIONS, TEMPLATES
from differential import UNDEFINED, kind_of

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "more_cases.jsonl")
TYPES = {bool: "bool", int: "int", float: "float", str: "str", Markup: "markup", type(None): "none", list: "list",
         tuple: "tuple", dict: "dict"}


def environment(case):
    options = dict(case.get("options", {}))
    extensions = ["jinja2.ext." + name for name in options.pop("extensions", [])]
    return jinja2.Environment(undefined=UNDEFINED[case["undefined"]], loader=jinja2.DictLoader(case.get("templates", {})),
                              extensions=extensions, **options)


def names_of(env, case):
    """The names of CONTEXT that the case's templates use."""
    sources = [case["template"] if case["mode"] == "string" else "{{ %s }}" % case["template"], *case.get("templates", {}).values()]
    names = set()
    for source in sources:
        try:
            names |= jinja2.meta.find_undeclared_variables(env.parse(source))
        except jinja2.TemplateError:
            pass
    return {name: CONTEXT[name] for name in sorted(names) if name in CONTEXT}


def plain(value, case):
    """As JSON has it: tuples and what can be gone through are lists, what is undefined is null."""
    if isinstance(value, jinja2.Undefined):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        raise SystemExit("%s: JSON has no %r" % (case["template"], value))
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: plain(item, case) for key, item in value.items()}
    if type(value) in TYPES and not isinstance(value, (list, tuple, dict)):
        return value
    if isinstance(value, (dict, bytes)) or not hasattr(value, "__iter__"):
        raise SystemExit("%s: JSON has no %r" % (case["template"], value))
    return [plain(item, case) for item in value]


def evaluate(env, case):
    context = json.loads(json.dumps(case["context"]))
    if case["mode"] == "string":
        return {"expect": env.from_string(case["template"]).render(**context)}
    value = env.compile_expression(case["template"], undefined_to_none=False)(**context)
    if isinstance(value, jinja2.Undefined):
        return {"expect": None, "type": "undefined"}
    found = {"type": TYPES[type(value)]} if type(value) in TYPES else {}
    return {"expect": plain(value, case), **found}


def outcome(env, case):
    """What Jinja2 gave: expect and type, or the error with its kind as test_render_cases.c names it."""
    try:
        found = evaluate(env, case)
    except Exception as error:  # whatever Python raises, the kind is what counts
        kind = kind_of(error).replace("_", "")
        line = {"error_line": error.lineno} if isinstance(error, jinja2.TemplateSyntaxError) else {}
        return {"error": type(error).__name__, "error_kind": kind, **line, "error_message": str(error)}
    if " at 0x" in json.dumps(found):
        raise SystemExit("%s: gives an address: %s" % (case["template"], found))
    return found


def make_case(category, template, mode, **more):
    case = {"category": category, "tier": 1, "template": template, "undefined": "default", "mode": mode, **more}
    env = environment(case)
    case["context"] = names_of(env, case)
    digest = hashlib.sha1(json.dumps(case, sort_keys=True).encode()).hexdigest()
    return {"id": "%s.%s" % (category, digest[:8]), **case, **outcome(env, case)}


def all_cases():
    for category, lines in EXPRESSIONS.items():
        for expression in lines.strip("\n").split("\n"):
            yield make_case(category, expression, "expression")
    for category, templates in TEMPLATES.items():
        for template in templates:
            more = template if isinstance(template, dict) else {"template": template}
            yield make_case(category, **{"mode": "string", **more})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    warnings.simplefilter("ignore", SyntaxWarning)  # of the Python that Jinja2 makes
    text = "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in all_cases())
    if not args.check:
        with open(FILE, "w", encoding="utf-8") as out:
            out.write(text)
        return 0
    with open(FILE, encoding="utf-8") as committed:
        if committed.read() == text:
            return 0
    print("more_cases.jsonl is not what make_cases.py makes of case_list.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
