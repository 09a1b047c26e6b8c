"""The other half of the python tool: a warm process that runs one task after another.

Descriptor 0 is a socket to the worker: each message is four bytes of length (big-endian) and JSON. 1 and 2 are a pipe
that the worker reads as the task's log. Before the first task the socket moves out of the user's way, and
0 becomes /dev/null.

  request   {"name", "code" | "file", "args", "context", "idempotency_key", "traceparent", "limit"}
  answer    {"ok": true, "restart": bool, "data": …}
            {"ok": false, "restart": bool, "error": {"kind", "message", …}}

`restart` says that the task left threads or child processes behind: the worker then kills this process and its group.
Each task gets fresh globals, standard streams, environment, folder and sys.path; imported modules stay.
"""
import sys

if sys.path and sys.path[0] == "":
    del sys.path[0]  # the worker's folder is no place to import from

# What only some tasks need (inspect, traceback, asyncio) is imported then: it is half the time of a start.
import json
import os
import signal
import struct
import types

OWN_FILE = __noetl_file__  # the name that this text was compiled under
OWN_PID = os.getpid()
TRACEBACK_MAX = 16 << 10
CODE_CACHE_MAX = 256
MODULE = "noetl_step"
NOT_INJECTED = ("main", "result")  # names by which a task answers
OFFERED = ("os", "json", "datetime", "uuid")  # modules that code may use without importing them
VARARGS, VARKEYWORDS = 4, 8  # flags of a code object


class Refused(Exception):
    """What is wrong with the step, in words for its author."""

    def __init__(self, kind, message, **more):
        super().__init__(message)
        self.error = {"kind": kind, "message": message, **more}


# ---- messages ------------------------------------------------------------------------------------------


def read_exactly(fd, count):
    parts = []
    while count > 0:
        part = os.read(fd, min(count, 1 << 20))
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def receive(fd):
    head = read_exactly(fd, 4)
    body = read_exactly(fd, struct.unpack(">I", head)[0]) if head else None
    return json.loads(body) if body is not None else None


def send(fd, body):
    rest = memoryview(struct.pack(">I", len(body)) + body)
    while rest:
        rest = rest[os.write(fd, rest):]


# ---- results -------------------------------------------------------------------------------------------


def explain(value, path, above):
    """Why json.dumps() refused a value: the first culprit, depth first, or None."""
    if value is None or isinstance(value, (bool, int)):
        return None
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return f"{path} is text with a lone surrogate, which is no Unicode character"
        return None
    if isinstance(value, float):
        return None if value - value == 0 else f"{path} is {value!r}, which JSON has no number for"
    if isinstance(value, (dict, list, tuple)):
        if id(value) in above:
            return f"{path} contains itself"
        above = above | {id(value)}
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            if isinstance(value, dict) and not isinstance(key, (str, int, float, bool, type(None))):
                return f"{path} has the key {key!r} of type {type(key).__name__}; keys must be text"
            step = f".{key}" if isinstance(value, dict) else f"[{key}]"
            reason = explain(item, path + step, above)
            if reason:
                return reason
        return None
    return f"{path} is a {type(value).__name__}, which is no JSON value"


def encode(value, limit):
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as e:
        try:
            reason = explain(value, "result", frozenset())
        except RecursionError:
            reason = "result is nested too deeply"
        raise Refused("invalid", f"{reason or f'result cannot be written as JSON: {e}'}",
                      hint="Return text, numbers, booleans, None, lists and dicts of these.") from None
    if len(text) > limit:
        raise Refused("limit", f"the result has {len(text)} bytes of JSON, more than the limit of {limit}",
                      hint="Return less, or raise worker.result_limit.")
    return text


# ---- errors --------------------------------------------------------------------------------------------


def trim(report):
    """Leaves out the frames of this file, here and in the exceptions behind it."""
    seen = set()
    while report is not None and id(report) not in seen:
        seen.add(id(report))
        report.stack[:] = [frame for frame in report.stack if frame.filename != OWN_FILE]
        report = report.__cause__ or report.__context__


def text_of(e):
    try:
        text = str(e)
    except BaseException:
        text = "<its text cannot be made>"
    name = type(e).__qualname__
    return f"{name}: {text}" if text else name


def describe(e, filename, source):
    import linecache
    import traceback
    if source is not None:
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    report = traceback.TracebackException.from_exception(e)
    trim(report)
    text = "".join(report.format())
    if len(text) > TRACEBACK_MAX:
        text = text[:TRACEBACK_MAX // 4] + "\n  …\n" + text[-TRACEBACK_MAX // 4 * 3:]
    error = {"kind": "exception", "type": type(e).__qualname__, "message": text_of(e), "traceback": text}
    lines = [frame.lineno for frame in report.stack if frame.filename == filename]
    if lines:
        error["line"] = lines[-1]
    return error


# ---- running -------------------------------------------------------------------------------------------

codes = {}


def compiled(source, filename):
    key = (filename, source)
    if key not in codes:
        if len(codes) >= CODE_CACHE_MAX:
            codes.clear()
        codes[key] = compile(source, filename, "exec", dont_inherit=True)
    return codes[key]


def load(request):
    if "file" not in request:
        return request["code"], f"<step {request['name']}>"
    filename = request["file"]
    try:
        with open(filename, encoding="utf-8") as f:
            source = f.read()
    except (OSError, UnicodeDecodeError) as e:
        raise Refused("not_found", f"the file {filename}: {e}") from None
    sys.path.insert(0, os.path.dirname(os.path.abspath(filename)))
    return source, filename


class Parameters:
    """What main() can be called with: names by position only, other names, names with a default, **."""

    def __init__(self, main):
        if type(main) is types.FunctionType and not hasattr(main, "__wrapped__"):
            self.from_code(main)
        else:
            self.from_signature(main)

    def from_code(self, main):
        code = main.__code__
        named = code.co_varnames[:code.co_argcount + code.co_kwonlyargcount]
        plain = named[:code.co_argcount]
        self.positional = named[:code.co_posonlyargcount]
        self.named = named[code.co_posonlyargcount:]
        defaults = main.__defaults__ or ()
        self.defaults = dict(zip(plain[len(plain) - len(defaults):], defaults), **(main.__kwdefaults__ or {}))
        self.has_rest = bool(code.co_flags & VARKEYWORDS)
        self.is_single = len(named) == 1 and not code.co_flags & (VARARGS | VARKEYWORDS)

    def from_signature(self, main):
        import inspect
        try:
            found = list(inspect.signature(main).parameters.values())
        except (TypeError, ValueError):  # a builtin: no way to ask it
            found = [inspect.Parameter("args", inspect.Parameter.VAR_KEYWORD)]
        self.positional = tuple(p.name for p in found if p.kind is p.POSITIONAL_ONLY)
        self.named = tuple(p.name for p in found if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY))
        self.defaults = {p.name: p.default for p in found if p.default is not p.empty}
        self.has_rest = any(p.kind is p.VAR_KEYWORD for p in found)
        self.is_single = len(found) == 1


def arguments(main, args, context):
    """What main() is called with: the args it names, all of them for **kwargs or a lone `input_data`."""
    p = Parameters(main)
    scope = {"context": context, "input_data": args, **args}
    if p.is_single and "input_data" in p.positional + p.named:
        return [scope["input_data"]], {}
    missing = [n for n in p.positional + p.named if n not in scope and n not in p.defaults]
    if missing:
        raise Refused("invalid", f"main() wants {', '.join(missing)}, and the step's args have "
                      f"{', '.join(args) or 'nothing'}",
                      hint="Add it to the step's args, or give the parameter a default.")
    positional = [scope[n] if n in scope else p.defaults[n] for n in p.positional]
    named = {n: scope[n] for n in p.named if n in scope}
    if p.has_rest:
        named.update((k, v) for k, v in args.items() if k not in p.positional + p.named)
    return positional, named


def call(main, args, context):
    positional, named = arguments(main, args, context)
    value = main(*positional, **named)
    if isinstance(value, types.CoroutineType):
        import asyncio
        value = asyncio.run(value)
    return value


def run(request):
    """The answer to one request, without `restart`."""
    filename = source = None
    try:
        source, filename = load(request)
        args, context = request["args"], request["context"]
        os.environ["NOETL_IDEMPOTENCY_KEY"] = request["idempotency_key"]
        os.environ.pop("TRACEPARENT", None)  # of the task before
        if request["traceparent"]:
            os.environ["TRACEPARENT"] = request["traceparent"]
        module = types.ModuleType(MODULE)
        module.__file__ = filename
        module.__dict__.update((name, __import__(name)) for name in OFFERED if name in source)
        module.__dict__.update(context=context, input_data=args)
        module.__dict__.update((k, v) for k, v in args.items() if k not in NOT_INJECTED)
        sys.modules[MODULE] = module
        code = compiled(source, filename)
        exec(code, module.__dict__)
        main = module.__dict__.get("main")
        value = call(main, args, context) if callable(main) else module.__dict__.get("result")
        return True, encode(value, request["limit"])
    except Refused as e:
        return False, e.error
    except BaseException as e:  # SystemExit and KeyboardInterrupt are the task's end as well
        return False, describe(e, filename, source)


# ---- between tasks -------------------------------------------------------------------------------------


class Surroundings:
    """What a task may change and the next one finds as it was."""

    def __init__(self):
        self.log = os.dup(1)
        self.null = os.open(os.devnull, os.O_RDWR)
        self.environment = dict(os.environ)
        self.folder = os.getcwd()
        self.path = list(sys.path)
        self.recursion = sys.getrecursionlimit()
        self.out = self.error = self.input = None

    def restore(self):
        os.dup2(self.null, 0)
        os.dup2(self.log, 1)
        os.dup2(self.log, 2)
        if self.out is None or self.out.closed:
            self.out = open(1, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
        if self.error is None or self.error.closed:
            self.error = open(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
        if self.input is None or self.input.closed:
            self.input = open(0, encoding="utf-8", closefd=False)
        sys.stdout = sys.__stdout__ = self.out
        sys.stderr = sys.__stderr__ = self.error
        sys.stdin = sys.__stdin__ = self.input
        sys.argv = [MODULE]
        sys.path[:] = self.path
        sys.setrecursionlimit(self.recursion)
        signal.setitimer(signal.ITIMER_REAL, 0)
        if dict(os.environ) != self.environment:
            os.environ.clear()
            os.environ.update(self.environment)
        os.chdir(self.folder)


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass  # closed or replaced by the task: what it had not written is its loss


def left_behind():
    """Whether threads or child processes of the task are still there."""
    if len(sys._current_frames()) > 1:
        return True
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
        return True
    except ChildProcessError:
        return False


def answer(request, surroundings):
    ok, content = run(request)
    flush()
    if os.getpid() != OWN_PID:
        os._exit(0)  # a fork of the task that came back from main(): the parent answers
    try:
        restart = "true" if left_behind() else "false"
        surroundings.restore()
    except BaseException:
        restart = "true"  # the task broke what restoring needs
    if not ok:
        content = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    head = f'{{"ok":{"true" if ok else "false"},"restart":{restart},"{"data" if ok else "error"}":'
    return head.encode() + content + b"}"


def serve():
    worker = os.dup(0)
    surroundings = Surroundings()
    surroundings.restore()
    send(worker, json.dumps({"version": sys.version.split()[0]}).encode())
    while True:
        request = receive(worker)
        if request is None:
            os._exit(0)
        send(worker, answer(request, surroundings))
        sys.modules.pop(MODULE, None)


serve()
