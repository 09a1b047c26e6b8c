"""What a round was judged by, kept in its folder, so that it can be judged again once the checker knows better: the servers'
data go."""

import dataclasses
import json
import pickle
import sys

import playbooks
from checker import Checker
from journal import History


def keep(folder, found, asked, journal, workers):
    """As lines to be read, and as it is."""
    with open(folder / "log.jsonl", "w") as f:
        for execution_id, rows in found.log.items():
            for row in rows:
                f.write(json.dumps({"execution_id": execution_id, **vars(row)}) + "\n")
    with open(folder / "events.jsonl", "w") as f:
        for fact in found.facts:
            f.write(json.dumps(vars(fact)) + "\n")
    named = {tag: dataclasses.replace(a, playbook=a.playbook.name) for tag, a in asked.items()}
    with open(folder / "judged", "wb") as f:
        pickle.dump((found, named, History(journal.entries, journal.offset), workers), f)


def judge_again(folder):
    """The anomalies that the checker finds in what was kept, of executions and streams. Only for what the suite kept itself."""
    path = folder / "judged"
    if not path.is_file():
        sys.exit(f"{path} is missing: this is no folder that the fault suite has kept")
    with open(path, "rb") as f:
        found, named, journal, workers = pickle.load(f)
    asked = {tag: dataclasses.replace(a, playbook=playbooks.PLAYBOOKS[a.playbook]) for tag, a in named.items()}
    return Checker(found, asked, journal, workers).check()
