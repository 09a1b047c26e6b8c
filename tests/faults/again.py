"""What `noetl replay --check --all` says of the log that is left: whether every execution would be decided so again."""

import json
import os
import signal
import subprocess
import time

import processes

UNAVAILABLE = 5  # the exit code while the render part is not there yet


def check_all(world, env, seconds):
    until = time.monotonic() + seconds
    while True:
        done = subprocess.run([world.binary, "replay", "--check", "--all", "-o", "jsonl"], env=env, capture_output=True,
                              text=True, check=False, timeout=600)
        if done.returncode != UNAVAILABLE or time.monotonic() > until:
            return done
        time.sleep(0.1)


def judge(done, executions):
    """The anomalies, and how many events were evaluated again."""
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    found = [f"replay: execution {line['execution_id']} ({line['path']}) is decided otherwise now: {json.dumps(line['difference'])}"
             for line in lines if line.get("difference")]
    if done.returncode not in (0, 1) or not lines or "executions" not in lines[-1]:
        return found + [f"replay ended with {done.returncode}: {done.stderr.strip()}"], 0
    if lines[-1]["executions"] != executions:
        found.append(f"replay has seen {lines[-1]['executions']} executions, and the log has {executions}")
    return found, lines[-1]["events"]


def replay(world, executions):
    """Starts a render part for it, straight at the servers."""
    env = {**world.clean_env(), "NOETL_NATS_URL": f"nats://127.0.0.1:{world.nats.port}",
           "NOETL_POSTGRES_URL": world.postgres.url, "HOME": os.devnull}
    render = processes.start([world.binary, "serve", "render"], env=env, log=world.logs / "render-1.log")
    try:
        return judge(check_all(world, env, 20), executions)
    finally:
        processes.end(render, polite=signal.SIGTERM)
