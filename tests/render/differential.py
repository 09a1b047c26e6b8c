#!/usr/bin/python3
"""Random templates through Debian's python3-jinja2 and through `noetl render --cases`: no difference, no crash.

    tests/render/differential.py [--noetl PROGRAM] [--count N] [--seed S] [--show N]

The seed is printed, and gives the same templates again.
"""
import argparse
import json
import os
import random
import re
import subprocess
import sys

import jinja2

STRINGS = ["", "a", "Hello World", "foo bar  baz", "x,y,,z", "<b>&'\"", "äÖ ß ñ", "日本語", "42", "-3.5", "0x1f", "1e3",
           "line one\nline two\n", "  padded\t", "%s and %d", "{} {0}", "true", "İstanbul", "tail\\", "a-b_c.d"]
NAMES = ["n", "m", "f", "s", "t", "flag", "z", "li", "ls", "lm", "d", "dd", "rec", "nope"]
WORDS = ["name", "age", "tags", "x", "y", "missing", "k"]


class Generator:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def pick(self, *options):
        return self.r.choice(options)

    def chance(self, p):
        return self.r.random() < p

    # ---- contexts

    def number(self):
        return self.pick(0, 1, 2, 3, -1, -7, 10, 42, 255, 1000, 9007199254740993, 10**18, 2**63, -(2**64), 0.0, 0.5, 1.5,
                         2.5, -0.1, 3.14159, 1e16, 1e-7, 123456.789, 1e22, -2.675)

    def string(self):
        return self.r.choice(STRINGS)

    def scalar(self):
        return self.pick(self.number, self.string, lambda: self.chance(0.5), lambda: None)()

    def record(self):
        return {"name": self.string(), "age": self.r.randint(-5, 99), "tags": [self.string() for _ in range(self.r.randint(0, 3))],
                "x": self.scalar()}

    def context(self):
        count = self.r.randint
        return {"n": self.number(), "m": self.r.randint(-9, 9), "f": self.r.choice([0.5, 1.25, -2.5, 3.0, 1e10]),
                "s": self.string(), "t": self.string(), "flag": self.chance(0.5), "z": None,
                "li": [count(-9, 30) for _ in range(count(0, 6))], "ls": [self.string() for _ in range(count(0, 4))],
                "lm": [self.scalar() for _ in range(count(0, 4))], "d": {self.r.choice("abcdeXYZ"): self.scalar() for _ in range(count(0, 4))},
                "dd": {"x": {"y": [1, {"k": self.scalar()}]}, "k": self.string()}, "rec": [self.record() for _ in range(count(0, 3))]}

    # ---- expressions

    def literal(self):
        return self.pick(
            lambda: str(self.r.randint(0, 12)), lambda: repr(self.r.choice([0.5, 1.5, 2.0, 1e3, 0.1])), lambda: json.dumps(self.string()),
            lambda: "'%s'" % self.r.choice(["a", "b c", "x", ","]), lambda: self.pick("true", "false", "none"))()

    def name(self):
        return self.r.choice(NAMES)

    def atom(self, depth):
        return self.pick(
            self.literal, self.name, self.name, self.name,
            lambda: "[%s]" % ", ".join(self.expr(depth - 1) for _ in range(self.r.randint(0, 3))),
            lambda: "(%s,)" % self.expr(depth - 1),
            lambda: "{%s}" % ", ".join("'%s': %s" % (self.r.choice("abc"), self.expr(depth - 1)) for _ in range(self.r.randint(0, 2))),
            lambda: "(%s)" % self.expr(depth - 1),
            lambda: "range(%d, %d)" % (self.r.randint(-2, 3), self.r.randint(0, 6)),
            lambda: "dict(a=%s, b=2)" % self.expr(depth - 1))()

    def number_expr(self, depth):
        if depth <= 0:
            return self.pick("n", "m", "f", "li|length", "(li|first|default(0))", "1", "2.5", "7", "li|sum", "d|count")
        x, y = self.number_expr(depth - 1), self.number_expr(depth - 1)
        return self.pick("(%s %s %s)" % (x, self.pick("+", "-", "*"), y), "(%s %s 3)" % (x, self.pick("/", "//", "%")), "(%s)|abs" % x,
                         "(%s)|round(%s)" % (x, self.pick("0", "1", "2", "-1")), "(%s)|int" % x, "(%s)|float" % x, "-(%s)" % x,
                         "[%s, %s]|max" % (x, y), "(%s if %s else %s)" % (x, self.boolean_expr(depth - 1), y), "(%s)|length" % self.list_expr(depth - 1))

    def string_expr(self, depth):
        if depth <= 0:
            return self.pick("s", "t", "dd.k", "'a,b'", "'x y'", "(ls|join('-'))", "(rec|map(attribute='name')|join)")
        x, y = self.string_expr(depth - 1), self.string_expr(depth - 1)
        return self.pick("(%s ~ %s)" % (x, y), "(%s + %s)" % (x, y), "(%s)|%s" % (x, self.pick("upper", "lower", "title", "capitalize", "trim", "e", "striptags",
                         "truncate(8)", "center(9)", "wordwrap(7)", "indent", "replace('a', 'bb')", "urlencode", "urlize", "tojson", "string", "reverse")),
                         "(%s).%s" % (x, self.method(0)), "(%s)|tojson" % self.list_expr(depth - 1), "(%s)|string" % self.number_expr(depth - 1),
                         "(%s)|join(%s)" % (self.list_expr(depth - 1), self.pick("','", "", "'; '")), "(%s)[%s:%s]" % (x, self.pick("", "1", "-3"), self.pick("", "4", "-1")),
                         self.format())

    def list_expr(self, depth):
        if depth <= 0:
            return self.pick("li", "ls", "lm", "[1, 2, 3]", "range(4)|list", "d|list", "[s, t]", "s|list", "rec|map(attribute='age')|list")
        x = self.list_expr(depth - 1)
        return self.pick("(%s + %s)" % (x, self.list_expr(depth - 1)), "(%s)|%s" % (x, self.pick("unique|list", "reverse|list", "map('string')|list",
                         "batch(2)|list", "slice(2)|list", "select|list", "reject('none')|list", "select('string')|list", "map('default', 0)|list", "map('string')|sort",
                         "select('number')|sort", "map('tojson')|list")), "(%s)[%s:%s]" % (x, self.pick("", "1", "-2"), self.pick("", "3", "-1")), "(%s)[::%s]" % (x, self.pick("2", "-1")),
                         "(%s) * %d" % (x, self.r.randint(-1, 3)), "[%s, %s]" % (self.number_expr(depth - 1), self.string_expr(depth - 1)), "(%s)|list" % x)

    def boolean_expr(self, depth):
        if depth <= 0:
            return self.pick("flag", "true", "z is none", "nope is defined", "m is odd", "li", "s", "'a' in s", "3 in li")
        return self.pick("(%s %s %s)" % (self.number_expr(depth - 1), self.pick("<", "<=", ">", ">=", "==", "!="), self.number_expr(depth - 1)),
                         "(%s %s %s)" % (self.string_expr(depth - 1), self.pick("<", "==", "!=", "in", "not in"), self.string_expr(depth - 1)),
                         "(%s in %s)" % (self.number_expr(depth - 1), self.list_expr(depth - 1)), "(%s == %s)" % (self.list_expr(depth - 1), self.list_expr(depth - 1)),
                         "(%s %s %s)" % (self.boolean_expr(depth - 1), self.pick("and", "or"), self.boolean_expr(depth - 1)), "not %s" % self.boolean_expr(depth - 1),
                         "(%s) is %s" % (self.string_expr(depth - 1), self.test(0)))

    def expr(self, depth):
        """Mostly of types that fit; else anything, which is often an error."""
        if self.chance(0.85):
            return self.r.choice([self.number_expr, self.string_expr, self.list_expr, self.boolean_expr])(min(depth, 2))
        return self.any_expr(depth)

    def any_expr(self, depth):
        if depth <= 0:
            return self.r.choice([self.literal, self.name])()
        sub = lambda: self.expr(depth - 1)
        return self.pick(
            lambda: self.atom(depth), lambda: self.atom(depth),
            lambda: "%s %s %s" % (sub(), self.pick("+", "-", "*", "/", "//", "%", "~"), sub()),
            lambda: "%s ** %s" % (self.atom(1), self.pick("2", "3", "0", "-1")), lambda: "2.25 ** %s" % self.pick("0.5", "m"),
            lambda: "%s %s %s" % (sub(), self.pick("==", "!=", "<", "<=", ">", ">=", "in", "not in"), sub()),
            lambda: "%s < %s <= %s" % (sub(), sub(), sub()),
            lambda: "%s %s %s" % (sub(), self.pick("and", "or"), sub()),
            lambda: "not %s" % sub(), lambda: "-%s" % self.atom(depth),
            lambda: "%s if %s else %s" % (sub(), sub(), sub()), lambda: "(%s if %s)" % (sub(), sub()),
            lambda: "%s[%s]" % (self.atom(depth), sub()), lambda: "%s.%s" % (self.name(), self.r.choice(WORDS)),
            lambda: "%s[%s:%s]" % (self.pick("li", "s", "ls", "lm", "n", "nope", "(li + lm)", "range(9)"), self.pick("", "1", "-2", "0"), self.pick("", "2", "-1", "5")),
            lambda: "%s[::%s]" % (self.name(), self.pick("2", "-1", "-2")),
            lambda: "%s|%s" % (self.atom(depth), self.filter(depth - 1)), lambda: "%s|%s" % (self.atom(depth), self.filter(depth - 1)),
            lambda: "%s|%s|%s" % (self.name(), self.filter(depth - 1), self.filter(depth - 1)),
            lambda: "%s is %s%s" % (self.atom(depth), self.pick("", "not "), self.test(depth - 1)),
            lambda: "%s.%s" % (self.pick("s", "t", "'a b,c'", "ls[0]"), self.method(depth - 1)),
            lambda: "%s|list" % self.pick("d.items()", "d.values()", "dd.keys()", "d|dictsort"),
            lambda: self.format())()

    def filter(self, depth):
        e = lambda: self.expr(depth)
        plain = ["abs", "capitalize", "center(9)", "count", "default('dflt')", "default(1, true)", "dictsort", "e", "first", "float",
                 "float(2.5)", "forceescape", "int", "int(7)", "int(0, 16)", "join", "join(', ')", "last", "length", "list", "lower",
                 "max", "min", "pprint", "reverse|list", "round", "round(1)", "round(-1)", "round(2, 'floor')", "round(0, 'ceil')",
                 "safe", "sort", "sort(reverse=true)", "sort(case_sensitive=true)", "string", "striptags", "sum", "sum(start=10)",
                 "title", "tojson", "tojson(2)", "trim", "truncate(8)", "truncate(9, true, '..', 0)", "unique|list", "upper",
                 "urlencode", "wordcount", "wordwrap(7)", "xmlattr", "filesizeformat", "filesizeformat(true)", "urlize",
                 "map('string')|list", "map('upper')|join('-')", "map(attribute='name')|list", "map(attribute='age', default=0)|sum",
                 "select|list", "select('odd')|list", "reject('none')|list", "selectattr('age')|map(attribute='name')|join(',')",
                 "selectattr('age', 'gt', 5)|list|length", "rejectattr('name', 'eq', 'a')|list|count", "groupby('age')|list",
                 "batch(2)|list", "batch(3, 'x')|list", "slice(2)|list", "slice(3, 0)|list",
                 "sort(attribute='age')|map(attribute='name')|list", "indent", "indent(2, true)", "indent(width=1, blank=true)", "items|list"]
        made = [lambda: "default(%s)" % e(), lambda: "join(%s)" % e(),
                lambda: "replace(%s, %s)" % (json.dumps(self.string() or "a"), json.dumps(self.string())),
                lambda: "map('default', %s)|list" % e(), lambda: "format(%s)" % e(), lambda: "select('in', %s)|list" % e()]
        return self.r.choice(plain) if self.chance(0.85) else self.r.choice(made)()

    def test(self, depth):
        return self.r.choice(["defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "sequence", "mapping",
                              "iterable", "odd", "even", "lower", "upper", "true", "false", "divisibleby 3", "divisibleby(2)", "callable",
                              "escaped"] + ["%s %s" % (name, self.literal()) for name in ("eq", "ne", "lt", "ge", "in")])

    def method(self, depth):
        text = lambda: json.dumps(self.string() or "a", ensure_ascii=False)
        return self.r.choice(["upper()", "lower()", "title()", "capitalize()", "swapcase()", "strip()", "lstrip()", "rstrip()",
                              "split()", "split(',')", "split(' ', 1)", "rsplit(none, 1)", "splitlines()", "isdigit()", "isalpha()",
                              "isspace()", "isupper()", "islower()", "istitle()", "isalnum()", "zfill(8)", "center(11, '*')", "ljust(6)",
                              "rjust(9, '.')", "expandtabs(4)", "isidentifier()", "isnumeric()", "partition('o')", "rpartition(' ')",
                              "find(%s)" % text(), "rfind(%s)" % text(), "count(%s)" % text(), "startswith(%s)" % text(),
                              "endswith(%s)" % text(), "replace(%s, %s)" % (text(), text()), "join(ls)", "strip(%s)" % text(),
                              "index('a')", "encode('utf-8')|length", "format(n, m)", "title()[1:3]"])

    def format(self):
        spec = self.r.choice(["%s", "%5s|", "%-6s|", "%d", "%5d", "%05d", "%+d", "%x", "%#o", "%.2f", "%8.3f", "%e", "%g", "%r", "%c", "%.3s",
                              "%i%%", "% d", "%X"])
        braces = self.r.choice(["{}", "{:5}", "{:<6}|", "{:^7}|", "{:>5}", "{:05d}", "{:+}", "{:,}", "{:_}", "{:x}", "{:#b}", "{:.2f}", "{:e}",
                                "{:g}", "{:%}", "{!r}", "{!s:>8}", "{0}{0}", "{:*^9}", "{:.3}", "{:08.3f}", "{:n}", "{:c}"])
        return self.r.choice(["%s %% %s" % (json.dumps(spec), self.name()), "%s.format(%s)" % (json.dumps(braces), self.name()),
                              "%s|format(%s)" % (json.dumps(spec), self.name())])

    # ---- templates

    def begin(self, kind="%"):
        return "{" + kind + self.r.choice(["", "", "", "-", "+" if kind == "%" else ""]) + " "

    def end(self, kind="%"):
        return " " + self.r.choice(["", "", "", "-", "+" if kind == "%" else ""]) + kind + "}"

    def tag(self, text):
        return self.begin() + text + self.end()

    def text(self):
        return self.r.choice(["", " ", "\n", "abc", " x ", "\n  ", "line\n", "{", "}", "% }", "é\n\n", "<i>"])

    def print(self, depth):
        sign = self.r.choice(["", "", "-"])
        return "{{%s %s %s}}" % (sign, self.expr(depth), self.r.choice(["", "", "-"]))

    def body(self, depth):
        return "".join(self.statement(depth) for _ in range(self.r.randint(1, 3)))

    def statement(self, depth):
        if depth <= 0 or self.chance(0.3):
            return self.text() + self.print(2) + self.text()
        e, b = lambda: self.expr(2), lambda: self.body(depth - 1)
        v = self.r.choice(["a", "b", "v", "n", "s"])
        return self.r.choice([
            lambda: self.tag("if " + e()) + b() + self.tag("endif"),
            lambda: self.tag("if " + e()) + b() + self.tag("elif " + e()) + b() + self.tag("else") + b() + self.tag("endif"),
            lambda: self.tag("for %s in %s" % (v, self.pick("li", "ls", "lm", "d", "s", "range(3)", "rec", "nope", e()))) + b()
            + "{{ loop.%s }}" % self.r.choice(["index", "index0", "first", "last", "length", "revindex", "revindex0", "depth", "cycle('x', 'y')", "changed(m)"])
            + self.pick("", self.tag("else") + b()) + self.tag("endfor"),
            lambda: self.tag("for k, v in %s" % self.pick("d.items()", "d|dictsort", "[[1, 2], [3, 4]]", "dd|items")) + "{{ k }}{{ v }}" + b() + self.tag("endfor"),
            lambda: self.tag("for %s in li if %s" % (v, e())) + b() + self.tag("endfor"),
            lambda: self.tag("for x in [1, [2, [3]]] recursive") + "{{ loop(x) if x is sequence else x }}{{ loop.depth }}" + self.tag("endfor"),
            lambda: self.tag("set %s = %s" % (v, e())) + b() + "{{ %s }}" % v,
            lambda: self.tag("set %s" % v) + b() + self.tag("endset") + "{{ %s|length }}" % v,
            lambda: self.tag("set %s | upper" % v) + b() + self.tag("endset") + "{{ %s }}" % v,
            lambda: self.tag("with %s = %s" % (v, e())) + b() + self.tag("endwith"),
            lambda: self.tag("macro mac(p, q=%s)" % e()) + "{{ p }}" + b() + "{{ varargs }}{{ kwargs }}" + self.tag("endmacro")
            + "{{ mac(%s) }}{{ mac(1, q=2, r=3) }}" % e(),
            lambda: self.tag("macro wrap()") + "[{{ caller(%s) }}]" % self.literal() + self.tag("endmacro") + self.tag("call(u) wrap()") + "{{ u }}" + b() + self.tag("endcall"),
            lambda: self.tag("filter %s" % self.pick("upper", "lower|title", "replace('a', 'b')", "trim", "indent(2)", "e")) + b() + self.tag("endfilter"),
            lambda: "{% set ns = namespace(c=0) %}" + self.tag("for i in li") + "{% set ns.c = ns.c + i %}" + b() + self.tag("endfor") + "{{ ns.c }}",
            lambda: "{#" + self.r.choice(["", "-", "+"]) + " comment " + self.r.choice(["", "-", "+"]) + "#}" + b(),
            lambda: self.tag("raw") + "{{ x }}{% y" + self.tag("endraw"),
            lambda: self.tag("set l = [1]") + "{% set _ = l.append(" + e() + ") %}{{ l }}",
            lambda: self.tag("block blk%d" % self.r.randint(0, 999999)) + b() + self.tag("endblock"),
            lambda: self.tag("include 'inc'"),
            lambda: self.tag("from 'lib' import hi") + "{{ hi(%s) }}" % self.name(),
        ])()

    def case(self, number):
        expression = self.chance(0.4)
        options = {name: True for name in ("trim_blocks", "lstrip_blocks", "keep_trailing_newline", "autoescape") if self.chance(0.2)}
        template = self.expr(3) if expression else self.body(3)
        # Jinja2 folds "~" of constants without looking at autoescape, so that Markup among them is lost.
        if " ~ " in template and any(markup in template for markup in ("tojson", "|e", "urlize", "xmlattr")):
            options.pop("autoescape", None)
        return {"id": str(number), "mode": "expression" if expression else "string",
                "template": template, "context": self.context(),
                "undefined": self.r.choice(["default", "default", "strict", "chainable"]), "options": {} if expression else options,
                "templates": {"inc": "<{{ s }}{{ n }}{% for q in li %}{{ q }},{% endfor %}>",
                              "lib": "{% macro hi(x, y=1) %}hi {{ x }}{{ y }}{% endmacro %}"}}


# ---- Jinja2's answer

UNDEFINED = {"default": jinja2.Undefined, "strict": jinja2.StrictUndefined, "chainable": jinja2.ChainableUndefined}


def plain(value):
    if isinstance(value, jinja2.Undefined):
        return None
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, range)):
        return [plain(item) for item in value]
    return value


def kind_of(error):
    if isinstance(error, (jinja2.TemplateSyntaxError, SyntaxError)):
        return "syntax"
    if isinstance(error, jinja2.UndefinedError):
        return "undefined"
    if isinstance(error, (jinja2.TemplateNotFound, jinja2.TemplatesNotFound)):
        return "not_found"
    return "runtime"


def has_address(text):
    """Whether an object's address is in there, also in another case or order, or with something in between."""
    bare = re.sub("[^0-9a-z]", "", text.lower())
    return any(re.search("0x[0-9a-f]{8}", way) for way in (bare, bare[::-1]))


def compiled(case, **more):
    env = jinja2.Environment(undefined=UNDEFINED[case["undefined"]], loader=jinja2.DictLoader(case["templates"]), **case["options"], **more)
    if case["mode"] == "expression":
        return env.compile_expression(case["template"], undefined_to_none=False)
    return env.from_string(case["template"]).render


def compiled_as_evaluated(case):
    """Jinja2's optimizer evaluates (x if 'a'['b']) while it compiles, and fails, also where a render never comes to it."""
    try:
        return compiled(case)
    except jinja2.UndefinedError:
        return compiled(case, optimized=False)


def answer(case):
    """The result or the kind of error; None where Python's own words cannot be compared."""
    try:
        context = json.loads(json.dumps(case["context"]))
        result = text = compiled_as_evaluated(case)(**context)
        if case["mode"] == "expression":
            result = plain(result)
            text = json.dumps(result)
    except RecursionError:
        return None
    except Exception as error:  # whatever Python raises, the kind is what counts
        return {"error": kind_of(error)} if "serializable" not in str(error) or "Undefined" in str(error) else None
    if has_address(text) or "<built-in" in text or "NaN" in text or "Infinity" in text or "<class" in text:
        return None
    return {"result": result}


def same(want, got):
    if "error" in want:
        kind = got.get("error", {}).get("kind")
        # Where Python runs out of memory, the engine says beforehand that a limit was reached.
        return kind == want["error"] or (kind == "limit" and want["error"] == "runtime")
    return "result" in got and json.dumps(got["result"]) == json.dumps(want["result"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--noetl", default=os.environ.get("NOETL_BINARY", "noetl"))
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    parser.add_argument("--show", type=int, default=10, help="how many differences are printed")
    args = parser.parse_args()
    print("seed %d" % args.seed, flush=True)
    generator = Generator(args.seed)
    cases, wanted = [], []
    while len(cases) < args.count:
        case = generator.case(len(cases))
        want = answer(case)
        if want is not None:
            cases.append(case)
            wanted.append(want)
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    run = subprocess.run([args.noetl, "render", "--cases", "-"], input=lines.encode(), stdout=subprocess.PIPE)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    if len(answers) != len(cases):
        print("%d answers to %d cases; exit code %d" % (len(answers), len(cases), run.returncode))
        return 1
    different = [i for i in range(len(cases)) if not same(wanted[i], answers[i])]
    for i in different[:args.show]:
        print(json.dumps(cases[i]))
        print("    want %s\n    got  %s" % (json.dumps(wanted[i]), json.dumps(answers[i])))
    print("%d templates, %d of them errors, %d differences" % (len(cases), sum("error" in w for w in wanted), len(different)))
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
