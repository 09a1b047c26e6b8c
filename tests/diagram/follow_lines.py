#!/usr/bin/python3
"""Draws random playbooks, and follows the lines of each drawing from box to box: they must be the links that
DOT has, those and no others, so that no line can be mistaken for another.

usage: follow_lines.py NOETL FIRST_SEED COUNT
"""
import random
import re
import subprocess
import sys

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
LINES = dict(zip("│─┘┐┤└┌├┴┬┼", [3, 12, 5, 6, 7, 9, 10, 11, 13, 14, 15]))
OPPOSITE = {UP: DOWN, DOWN: UP, LEFT: RIGHT, RIGHT: LEFT}
STEPS = {DOWN: (0, 1), LEFT: (-1, 0), RIGHT: (1, 0)}
LABEL = re.compile(r"[↺✗a-z0-9=:]+(?: [↺✗a-z0-9=:]+)*")


class Box:
    def __init__(self, name, left, right, top, bottom):
        self.name, self.left, self.right, self.top, self.bottom = name, left, right, top, bottom


class Drawing:
    """Names are single words, and every character takes one column."""

    def __init__(self, text):
        rows = text.splitlines()
        width = max(map(len, rows)) + 1
        self.rows = [row.ljust(width) for row in rows + [""]]
        self.boxes = list(self.find_boxes())
        self.labels = list(self.find_labels())

    def find_boxes(self):
        for top, row in enumerate(self.rows[:-1]):
            for m in re.finditer("┌─*┐", row):
                left, right = m.start(), m.end() - 1
                name = re.fullmatch(r"│ (?:▶ )?(\S+) +│", self.rows[top + 1][left:right + 1])
                if name:
                    bottom = next(y for y in range(top + 1, len(self.rows)) if self.rows[y][left] == "└")
                    yield Box(name[1], left, right, top, bottom)

    def find_labels(self):
        for y, row in enumerate(self.rows):
            for m in LABEL.finditer(row):
                inside = any(b.left < m.start() < b.right and b.top < y < b.bottom for b in self.boxes)
                if not inside and "═" not in row:
                    yield m[0], m.start(), m.end(), y

    def label_at(self, x, y):
        return next((label for label in self.labels if label[3] == y and label[1] <= x < label[2]), None)

    def below_arrow(self, x, y):
        for b in self.boxes:
            if b.top == y + 1 and b.left <= x <= b.right:
                return b.name
        assert "═" in self.rows[y + 1], f"an arrow to nothing at {x}, {y}"
        return "end"

    def follow(self, x, y):
        """All that a line which comes down to a place leads to, without ever going up."""
        found, seen, todo = set(), set(), [(x, y, DOWN)]
        while todo:
            at = todo.pop()
            if at in seen:
                continue
            seen.add(at)
            x, y, direction = at
            label = self.label_at(x, y)
            if self.rows[y][x] == "▼":
                found.add(self.below_arrow(x, y))
            elif label and "↺" in label[0]:
                found.add("loop " + re.search(r"↺ (\w+)", label[0])[1])
            elif label:
                todo.append((label[1] + (label[2] - label[1]) // 2, y + 1, DOWN))
            else:
                todo += self.go_on(x, y, direction)
        return found

    def go_on(self, x, y, direction):
        lines = LINES[self.rows[y][x]]
        if direction in (LEFT, RIGHT) and lines == UP | DOWN:
            lines = LEFT | RIGHT  # it passes below the other line
        assert lines & OPPOSITE[direction], f"a line breaks off at {x}, {y}"
        for d, (dx, dy) in STEPS.items():
            if lines & d and d != OPPOSITE[direction]:
                yield x + dx, y + dy, d

    def links(self):
        links = {}
        for b in self.boxes:
            exits = [x for x in range(b.left + 1, b.right) if self.rows[b.bottom][x] == "┬"]
            links[b.name] = set().union(*(self.follow(x, b.bottom + 1) for x in exits))
        return links


def links_of_dot(dot):
    names = {m[1]: m[2] for m in re.finditer(r'^  (s\d+) \[label="(\w+)', dot, re.M)}
    links = {name: set() for name in names.values() if name != "end"}
    for start, target, style in re.findall(r"^  (s\d+) -> (s\d+)(.*);", dot, re.M):
        links[names[start]].add(("loop " if "constraint=false" in style else "") + names[target])
    return links


def entry(rng, target):
    return f"{{step: n{target}{f', when: x == {target}' if rng.random() < 0.3 else ''}}}"


def playbook(rng):
    count, density = rng.randint(2, 12), rng.choice([0.1, 0.3, 0.5])
    lines = ["apiVersion: noetl.io/v1", "kind: Playbook", "metadata: {path: random}", "workflow:"]
    for i in range(count):
        targets = [j for j in range(i + 1, count) if rng.random() < density or (j == i + 1 and rng.random() < 0.5)]
        if i and rng.random() < 0.2:
            targets.append(rng.randint(1, i))
        on_error = f", on_error: {{step: n{targets.pop()}}}" if targets and rng.random() < 0.2 else ""
        entries = ", ".join(entry(rng, j) for j in targets)
        lines.append(f"  - {{step: {f'n{i}' if i else 'start'}, type: noop, next: [{entries}]{on_error}}}")
    if rng.random() < 0.5:
        lines.append("  - {step: end}")
    return "\n".join(lines) + "\n"


def draw(noetl, text, form):
    return subprocess.run([noetl, "graph", "-", "-o", form], input=text, encoding="utf-8", check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def check(noetl, seed):
    """Whether it was drawn with lines at all."""
    text = playbook(random.Random(seed))
    drawn = draw(noetl, text, "ascii")
    if "┌" not in drawn:
        return False
    expected, found = links_of_dot(draw(noetl, text, "dot")), None
    try:
        found = Drawing(drawn).links()
    finally:
        if found != expected:
            print(f"seed {seed}\n{text}\n{drawn}\nexpected {expected}\nfound    {found}")
    assert found == expected
    return True


def main():
    noetl, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    drawn = sum(check(noetl, seed) for seed in range(first, first + count))
    print(f"{drawn} drawings of {count} playbooks have the right lines")
    assert drawn > count / 2


main()
