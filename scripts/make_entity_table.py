#!/usr/bin/env python3
"""Writes render/entities_table.c, the named character references of HTML 5 as this Python has them.

    scripts/make_entity_table.py > render/entities_table.c
"""
import html.entities


def c_string(text):
    return '"' + "".join("\\%03o" % byte if byte < 32 or byte > 126 or chr(byte) in '"\\?' else chr(byte)
                         for byte in text.encode()) + '"'


print("/* Made by scripts/make_entity_table.py; do not edit. */")
print('#include "entities.h"\n\n/* clang-format off */')
print("const struct entity ENTITIES[] = {")
entries = ["{%s, %s}" % (c_string(name), c_string(html.entities.html5[name]))
           for name in sorted(html.entities.html5, key=str.encode)]
for i in range(0, len(entries), 4):
    print("    " + ", ".join(entries[i:i + 4]) + ",")
print("};\nconst size_t ENTITY_COUNT = sizeof ENTITIES / sizeof *ENTITIES;\n/* clang-format on */")
