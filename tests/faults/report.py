"""What a run tells: a summary, and, if there was an anomaly, what to look at."""

import collections
import dataclasses
import os
import re
import shlex

MOST_SHOWN = 40


def list_kinds(kinds):
    for kind in kinds:
        print(f"{kind.name:24} {kind.seconds[0]:g} to {kind.seconds[1]:g} s; {kind.note}".rstrip("; "))


def sanitizer_reports(logs):
    """Of the daemons' logs: what a sanitizer, or an assert(), says."""
    found = []
    for path in sorted(logs.glob("*.log")):
        for line in path.read_text(errors="replace").splitlines():
            if re.search(r"ERROR: \w+Sanitizer|runtime error:|Assertion .* failed|ThreadSanitizer:", line):
                found.append(f"{path.name}: {line.strip()}")
    return found


def counted(counter):
    return ", ".join(f"{name} {count}" for name, count in sorted(counter.items())) or "none"


def tell_anomalies(texts):
    for text in texts[:MOST_SHOWN]:
        print(f"anomaly: {text}")
    if len(texts) > MOST_SHOWN:
        print(f"… and {len(texts) - MOST_SHOWN} more")


@dataclasses.dataclass
class Outcome:
    """What a round came to, or several."""

    faults: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    strangers: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    endings: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    executions: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    second: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    events: int = 0
    effects: int = 0
    left_over: int = 0
    unsettled: int = 0
    lost: int = 0
    replayed: int = 0
    anomalies: int = 0
    texts: list = dataclasses.field(default_factory=list)

    @staticmethod
    def of(run, found, judge, anomalies):
        return Outcome(
            run.schedule.counts, run.world.stranger.sent, run.world.endings,
            collections.Counter(rows[-1].type.removeprefix("execution_") for rows in found.log.values()), judge.second,
            sum(len(rows) for rows in found.log.values()), sum(len(marks) for marks in found.effects.values()),
            judge.left_over, judge.unsettled, judge.lost, run.replayed, len(anomalies), anomalies)

    def add(self, other):
        for field in dataclasses.fields(self):
            if field.name != "texts":
                setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    def tell(self):
        tell_anomalies(self.texts)
        print(f"executions {sum(self.executions.values())}, anomalies {self.anomalies}", flush=True)

    def tell_sum(self):
        print(f"faults: {counted(self.faults)}")
        print(f"sent by strangers: {counted(self.strangers)}")
        print(f"daemons that ended by themselves: {counted(self.endings)}")
        print(f"executions: {counted(self.executions)}")
        print(f"second effects, by the fault behind them: {counted(self.second)}")
        print(f"attempts that were lost and made again: {self.lost}")
        print(f"messages that were acknowledged and that a killed nats-server still has: {self.left_over}; that it takes "
              f"for taken: {self.unsettled}")
        print(f"events that were evaluated again and compared: {self.replayed}")
        print(f"faults {sum(self.faults.values())}, executions {sum(self.executions.values())}, events {self.events}, "
              f"effects {self.effects}, anomalies {self.anomalies}", flush=True)


def again_with():
    server = os.environ.get("NOETL_NATS_SERVER")
    return f"NOETL_NATS_SERVER={shlex.quote(server)} " if server else ""


def say_where(folder, arguments, seed, seconds):
    print(f"kept: {folder}: journal (what was done when), logs/ (what each process said), log.jsonl and events.jsonl "
          f"(the log and the stream), effects\n"
          f"an execution: grep -r EXECUTION_ID {folder}\n"
          f"judged again: tests/faults/faults --judge {folder}\n"
          f"again: {again_with()}tests/faults/faults --seed {seed} --seconds {seconds:g} --brokers {arguments.brokers} --workers "
          f"{arguments.workers}" + "".join(f" --{name} {getattr(arguments, name)}" for name in ("only", "without")
                                           if getattr(arguments, name)), flush=True)
