#!/usr/bin/env python3
"""Writes render/unicode_tables.c from this Python's own idea of Unicode.

    scripts/make_unicode_tables.py > render/unicode_tables.c
"""
import sys
import unicodedata

PAGE = 64
LAST = 0x110000


def flags(code):
    c = chr(code)
    if 0xD800 <= code <= 0xDFFF:
        return 0
    cased_alone = (c + "Σ").lower()[-1] == "ς"
    ignorable = ("A" + c + "Σ").lower()[-1] == "ς" and not cased_alone
    bits = [c.isspace(), c.isalpha(), c.isdecimal(), c.isdigit(), c.isnumeric(), c.isupper(), c.islower(),
            unicodedata.category(c) == "Lt", ignorable, c.isprintable(), c.isidentifier(),
            ("a" + c).isidentifier()]
    value = unicodedata.decimal(c, 0)
    return sum(1 << i for i, bit in enumerate(bits) if bit) | value << 12


def rows(values, per_line, form):
    for i in range(0, len(values), per_line):
        yield "    " + ", ".join(form % v for v in values[i:i + per_line]) + ","


def main():
    pages, numbers, page_of = [], {}, []
    for start in range(0, LAST, PAGE):
        page = tuple(flags(code) for code in range(start, start + PAGE))
        page_of.append(numbers.setdefault(page, len(numbers)))
    pages = sorted(numbers, key=numbers.get)

    cases, long = [], []

    def form(text):
        if len(text) == 1:
            return ord(text)
        long.append((len(text), *([ord(x) for x in text] + [0, 0])[:3]))
        return 0x80000000 | (len(long) - 1)

    for code in range(128, LAST):
        if 0xD800 <= code <= 0xDFFF:
            continue
        c = chr(code)
        four = [c.lower(), c.upper(), c.title(), c.casefold()]
        if any(x != c for x in four):
            cases.append((code, *(form(x) for x in four)))

    out = sys.stdout.write
    out("/* Made by scripts/make_unicode_tables.py from Unicode %s; do not edit. */\n" % unicodedata.unidata_version)
    out('#include "unicode_tables.h"\n\n/* clang-format off */\n')
    out("const uint16_t UNICODE_PAGE_OF[%d] = {\n" % len(page_of))
    out("\n".join(rows(page_of, 40, "%d")) + "\n};\n\n")
    out("const uint16_t UNICODE_PAGES[%d][%d] = {\n" % (len(pages), PAGE))
    for page in pages:
        out("    {\n" + "\n".join(rows(page, 20, "%d")) + "\n    },\n")
    out("};\n\nconst struct unicode_case_entry UNICODE_CASES[] = {\n")
    out("\n".join(rows(cases, 4, "{%d,{%d,%d,%d,%d}}")) + "\n};\n")
    out("const size_t UNICODE_CASE_COUNT = %d;\n\n" % len(cases))
    out("const uint32_t UNICODE_LONG_CASES[][4] = {\n")
    out("\n".join(rows(long, 8, "{%d,%d,%d,%d}")) + "\n};\n/* clang-format on */\n")


main()
