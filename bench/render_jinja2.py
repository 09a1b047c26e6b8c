#!/usr/bin/python3
"""render_jinja2.py WORKLOADS.json [SECONDS]: what render_bench.c measures, of Debian's python3-jinja2."""
import hashlib
import json
import sys
import time

import jinja2

ROUNDS = 50


def measure(work, seconds):
    round_ns, times = seconds * 1e9 / ROUNDS, 1

    def run():
        begin = time.perf_counter_ns()
        for _ in range(times):
            work()
        return time.perf_counter_ns() - begin

    while run() < round_ns / 2:
        times *= 2
    return min(run() for _ in range(ROUNDS)) / times


def main():
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 1
    with open(sys.argv[1], encoding="utf-8") as f:
        workloads = json.load(f)
    environment = jinja2.Environment(cache_size=0)
    for w in workloads:
        template = environment.from_string(w["template"])
        text = template.render(w["context"]).encode()
        if (len(text), hashlib.sha1(text).hexdigest()) != (w["expect_len"], w["expect_sha1"]):
            sys.exit(f"{w['name']}: the output is not the expected one")
        print(json.dumps({
            "name": w["name"],
            "render_ns": measure(lambda: template.render(w["context"]), seconds),
            "compile_ns": measure(lambda: environment.from_string(w["template"]).render(w["context"]), seconds),
        }), flush=True)


main()
