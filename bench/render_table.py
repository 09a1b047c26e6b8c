#!/usr/bin/python3
"""render_table.py FOLDER: the figures in FOLDER/{noetl,jinja2,nunjucks}.jsonl as one table with ratios."""
import json
import pathlib
import sys

ENGINES = ["noetl", "jinja2", "nunjucks"]
FIGURES = [("render_ns", "render"), ("compile_ns", "compile+render"), ("cached_ns", "cached+render")]


def read(folder, engine):
    path = folder / f"{engine}.jsonl"
    if not path.exists():
        return {}
    return {row["name"]: row for row in map(json.loads, path.read_text().splitlines())}


def cell(row, figure, own):
    if row is None or figure not in row:
        return f"{'-':>13} {'':>7}"
    mark = "*" if "differs" in row else ""
    ratio = f"{row[figure] / own:.1f}x" if own else ""
    return f"{row[figure]:>12,.0f}{mark or ' '} {ratio:>7}"


def main():
    results = {engine: read(pathlib.Path(sys.argv[1]), engine) for engine in ENGINES}
    print(f"{'nanoseconds':<28}{'noetl':>13}" + "".join(f"{e:>13} {'ratio':>7}" for e in ENGINES[1:]))
    for figure, title in FIGURES:
        for name, own in results["noetl"].items():
            print(f"{name + ' ' + title:<28}{own[figure]:>12,.0f} "
                  + "".join(cell(results[e].get(name), figure, own[figure]) for e in ENGINES[1:]))
    for engine, rows in results.items():
        for name, row in rows.items():
            if "differs" in row:
                print(f"* {name} of {engine}: {row['differs']}")


main()
