"""The playbooks of the load, and what each must come to. This is written from docs/PLAYBOOK.md alone.

Each playbook is a text and a function that says, of a workload, how the execution ends: its status, its result, the
runs of each step to an outcome, and the attempts that have an effect, as {(step, visit, item): attempts}. Each attempt
of a python step writes the line `execution step visit item attempt pid time` to the file of effects.
"""

import dataclasses
import re
import textwrap

MARK = """\
import os, time
def mark(context, item=-1):
    line = "{} {} {} {} {} {} {}\\n".format(context["execution_id"], context["step"], context["visit"], item,
                                           context["attempt"], os.getppid(), time.monotonic())
    fd = os.open(os.environ["FAULTS_EFFECTS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(fd, line.encode())
    os.close(fd)
"""


@dataclasses.dataclass
class Expectation:
    status: str
    result: object = None  # of those that complete
    runs: dict = dataclasses.field(default_factory=dict)  # step -> how often it ran to an outcome
    effects: dict = dataclasses.field(default_factory=dict)  # (step, visit, item) -> attempts
    rows: dict = dataclasses.field(default_factory=dict)  # step -> whether a row is saved
    more_attempts: bool = False  # a server that was away may have cost some
    cut_short: bool = False  # effects and runs are at most these
    error: str = None  # must be in the error


@dataclasses.dataclass
class Playbook:
    name: str
    weight: int
    text: str
    workload: object  # rng -> workload
    expect: object  # workload -> Expectation
    steer: tuple = ()  # what is sent to the execution once it was asked for
    child_of: str = None


PLAYBOOKS = {}


def with_mark(text):
    """The line MARK stands for the function, as far to the right as MARK stands."""
    return re.sub(r"^( *)MARK$", lambda place: textwrap.indent(MARK, place[1]).rstrip(), text, flags=re.MULTILINE)


def playbook(name, weight, text, workload, expect, **more):
    head = f"apiVersion: noetl.io/v1\nkind: Playbook\nmetadata: {{path: faults/{name}}}\n"
    PLAYBOOKS[name] = Playbook(name, weight, head + with_mark(text), workload, expect, **more)


def once(*steps):
    return {(step, 1, -1): 1 for step in steps}


def ran(*steps):
    return {step: 1 for step in steps}


# ---- a chain ---------------------------------------------------------------------------------------------------

CHAIN = """
workload: {n: 0}
workbook:
  - name: add
    type: python
    code: |
      MARK
      def main(context, n):
          mark(context)
          return n + 1
workflow:
  - {step: start, next: a}
  - {step: a, type: workbook, name: add, args: {n: "{{ workload.n }}"}, next: b}
  - {step: b, type: workbook, name: add, args: {n: "{{ a }}"}, next: c}
  - {step: c, type: workbook, name: add, args: {n: "{{ b }}"}, next: end}
  - {step: end, result: "{{ c }}"}
"""
playbook("chain", 6, CHAIN, lambda rng: {"n": rng.randrange(1000)},
         lambda w: Expectation("complete", w["n"] + 3, ran("start", "a", "b", "c", "end"), once("a", "b", "c")))

# ---- branches and joins ----------------------------------------------------------------------------------------

FAN = """
workload: {n: 0}
workbook:
  - name: times
    type: python
    code: |
      MARK
      def main(context, n, by):
          mark(context)
          return n * by
workflow:
  - {step: start, next: [one, two, three, quick]}
  - {step: one, type: workbook, name: times, args: {n: "{{ workload.n }}", by: 1}, next: [sum, each]}
  - {step: two, type: workbook, name: times, args: {n: "{{ workload.n }}", by: 2}, next: [sum, each]}
  - {step: three, type: workbook, name: times, args: {n: "{{ workload.n }}", by: 3}, next: [sum, each]}
  - {step: quick, type: noop, next: [sum, first]}
  - {step: each, join: each, type: noop, next: first}
  - {step: first, join: any, type: noop}
  - {step: sum, type: workbook, name: times, args: {n: "{{ one + two + three }}", by: 10}, next: end}
  - {step: end, result: "{{ sum }}"}
"""
playbook("fan", 4, FAN, lambda rng: {"n": rng.randrange(1000)},
         lambda w: Expectation("complete", w["n"] * 60,
                               {**ran("start", "one", "two", "three", "quick", "first", "sum", "end"), "each": 3},
                               once("one", "two", "three", "sum")))

# ---- iterators -------------------------------------------------------------------------------------------------

ITEMS = """
workload: {items: []}
workflow:
  - step: start
    next: [all, line]
  - step: all
    type: iterator
    collection: "{{ workload.items }}"
    element: item
    mode: async
    concurrency: 4
    task:
      type: python
      args: {item: "{{ item }}", index: "{{ _loop.index }}"}
      code: |
        MARK
        def main(context, item, index):
            mark(context, index)
            return item * 2
    next: end
  - step: line
    type: iterator
    collection: "{{ workload.items }}"
    element: item
    where: item % 2 == 0
    task:
      - {name: half, type: noop, args: {n: "{{ item // 2 }}"}}
      - {type: noop, args: {n: "{{ half.n + 1 }}"}}
    next: end
  - step: end
    result: {all: "{{ all }}", line: "{{ line | map(attribute='n') | list }}"}
"""


def items_expectation(w):
    items = w["items"]
    return Expectation("complete", {"all": [i * 2 for i in items], "line": [i // 2 + 1 for i in items if i % 2 == 0]},
                       ran("start", "all", "line", "end"), {("all", 1, i): 1 for i in range(len(items))})


playbook("items", 3, ITEMS, lambda rng: {"items": [rng.randrange(100) for _ in range(rng.randrange(12))]},
         items_expectation)

# ---- attempts --------------------------------------------------------------------------------------------------

RETRY = """
workload: {fail: 0}
workflow:
  - step: start
    type: python
    args: {fail: "{{ workload.fail }}"}
    retry: {max_attempts: 4, initial_delay: 0.2, backoff_multiplier: 1.5, jitter: 0.3}
    code: |
      MARK
      def main(context, fail):
          mark(context)
          if context["attempt"] <= fail:
              raise ValueError("not yet")
          return context["attempt"]
    next: end
  - {step: end, result: "{{ start }}"}
"""


def retry_expectation(w):
    if w["fail"] < 4:
        return Expectation("complete", w["fail"] + 1, ran("start", "end"), {("start", 1, -1): w["fail"] + 1})
    return Expectation("failed", runs=ran("start"), effects={("start", 1, -1): 4}, error="not yet")


playbook("retry", 4, RETRY, lambda rng: {"fail": rng.randrange(6)}, retry_expectation)

# ---- ways back -------------------------------------------------------------------------------------------------

LOOP = """
workload: {times: 1}
workflow:
  - step: start
    next: [{step: turn, args: {n: 1}}]
  - step: turn
    type: python
    code: |
      MARK
      def main(context, n):
          mark(context)
          return {"n": n}
    next:
      - {step: turn, when: "turn.n < workload.times", args: {n: "{{ turn.n + 1 }}"}}
      - else: end
  - {step: end, result: "{{ turn.n }}"}
"""
playbook("loop", 2, LOOP, lambda rng: {"times": rng.randrange(1, 6)},
         lambda w: Expectation("complete", w["times"], {"start": 1, "turn": w["times"], "end": 1},
                               {("turn", v, -1): 1 for v in range(1, w["times"] + 1)}))

# ---- other playbooks -------------------------------------------------------------------------------------------

PARENT = """
workload: {n: 0, tag: ""}
workflow:
  - {step: start, next: [left, right]}
  - step: left
    type: playbook
    path: faults/chain
    version: CHAIN_VERSION
    args: {n: "{{ workload.n }}", tag: "{{ workload.tag }}/left"}
    next: end
  - step: right
    type: playbook
    path: faults/retry
    version: RETRY_VERSION
    args: {fail: "{{ workload.fail }}", tag: "{{ workload.tag }}/right"}
    on_error: continue
    next: end
  - {step: end, result: {left: "{{ left }}", right: "{{ right if right is number else 'failed' }}"}}
"""


def parent_children(w):
    return {"left": ("chain", {"n": w["n"]}), "right": ("retry", {"fail": w["fail"]})}


playbook("parent", 2, PARENT, lambda rng: {"n": rng.randrange(1000), "fail": rng.randrange(6)},
         lambda w: Expectation("complete", {"left": w["n"] + 3, "right": w["fail"] + 1 if w["fail"] < 4 else "failed"},
                               ran("start", "left", "right", "end")))

# ---- times and signals -----------------------------------------------------------------------------------------

WAIT = """
workload: {n: 0}
workflow:
  - {step: start, next: [never, asked]}
  - step: never
    type: signal
    name: never
    timeout: 1
    on_error: {step: late}
    next: end
  - step: late
    type: python
    code: |
      MARK
      def main(context):
          mark(context)
          return "late"
    next: end
  - step: asked
    type: signal
    name: go
    timeout: 86400
    next: end
  - {step: end, result: ["{{ late }}", "{{ asked.n }}"]}
"""
playbook("wait", 3, WAIT, lambda rng: {"n": rng.randrange(1000)},
         lambda w: Expectation("complete", ["late", w["n"]], ran("start", "never", "late", "asked", "end"),
                               once("late")),
         steer=("signal",))

CANCEL = """
workflow:
  - {step: start, next: [act, wait]}
  - step: act
    type: python
    code: |
      MARK
      def main(context):
          mark(context)
          return 1
  - step: wait
    type: signal
    name: never
    timeout: 86400
"""
playbook("cancel", 1, CANCEL, lambda rng: {},
         lambda w: Expectation("cancelled", runs=ran("start", "act"), effects=once("act"), cut_short=True),
         steer=("cancel",))

# ---- what is saved ---------------------------------------------------------------------------------------------

SAVE = """
workload: {n: 0}
workflow:
  - step: start
    type: python
    args: {n: "{{ workload.n }}"}
    retry: {max_attempts: 1000, initial_delay: 0.5, backoff_multiplier: 1.2, max_delay: 2}  # a broker ahead of time does not wait
    save:
      - {name: kept, data: "{{ result.n }}"}
      - storage: postgres
        auth: faults
        statement: INSERT INTO effect (execution_id, step, attempt) VALUES (:execution::bigint, 'start', :attempt::int)
        data: {execution: "{{ execution_id }}", attempt: "{{ attempt }}"}
    code: |
      MARK
      def main(context, n):
          mark(context)
          return {"n": n}
    next: end
  - {step: end, result: "{{ kept }}"}
"""
playbook("save", 3, SAVE, lambda rng: {"n": rng.randrange(1000)},
         lambda w: Expectation("complete", w["n"], ran("start", "end"), {("start", 1, -1): 1}, {"start": True},
                               more_attempts=True))
