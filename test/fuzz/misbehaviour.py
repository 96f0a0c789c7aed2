# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""User Python that misbehaves: what it does before, how it ends, and in which role it runs."""

from __future__ import annotations

import random
import textwrap
from itertools import product

from judgement import Input

__all__ = ["ENDINGS", "MISDEEDS", "ROLES", "SOURCES", "generator", "source"]

# What is done while the code runs, each a few lines of a function body.
MISDEEDS = {
    # Streams and descriptors
    "prints": "print('said \\x1b]0;title\\x07'); print('x' * 100, file=sys.stderr)",
    "prints a lot": "print('y' * 5_000_000)",
    "writes to descriptor 1": "os.write(1, b'\\xff\\xfe\\0' * 1000)",
    "writes to descriptor 2": "os.write(2, b'\\xff\\xfe\\0' * 1000)",
    "closes 0": "os.close(0)",
    "closes 1": "os.close(1)",
    "closes 2": "os.close(2)",
    "closes all standard streams": "os.closerange(0, 3)",
    "closes every other descriptor": "os.closerange(3, 200)",
    "closes every descriptor": "os.closerange(0, 200)",
    "closes sys.stdout": "sys.stdout.close()",
    "closes sys.stderr": "sys.stderr.close()",
    "has no sys.stdout": "sys.stdout = None",
    "has no sys.stderr": "sys.stderr = None",
    "replaces sys.stderr": "sys.stderr = object()",
    "opens a file as 1": "os.dup2(os.open(os.devnull, os.O_RDONLY), 1)",
    "opens many files": "kept = [os.open(os.devnull, os.O_RDONLY) for _ in range(500)]; sys.kept = kept",
    # The process
    "changes the working directory": "os.chdir('/')",
    "has no working directory": "os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')",
    "sets umask": "os.umask(0o777)",
    "clears the environment": "os.environ.clear()",
    "spoils the environment": "os.environ.update(PATH='', LD_PRELOAD='x.so', PYTHONHOME='/x', TMPDIR='/x')",
    "has no os.environ": "os.environ = None",
    "ignores signals": "for s in range(1, 32):\n    if s not in (9, 19): signal.signal(s, signal.SIG_IGN)",
    "handles signals": "for s in (2, 11, 15, 17): signal.signal(s, lambda *a: print('caught'))",
    "blocks signals": "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))",
    "sets an alarm": "signal.signal(signal.SIGALRM, lambda *a: (_ for _ in ()).throw(ValueError('alarm'))); "
    "signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)",
    "dies of an alarm": "signal.setitimer(signal.ITIMER_REAL, 0.001)",
    "may open no file": "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))",
    "may write no byte": "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))",
    "has little memory": "import resource; resource.setrlimit(resource.RLIMIT_AS, (1, 1))",
    "has little stack": "import resource; resource.setrlimit(resource.RLIMIT_STACK, (8192, 8192))",
    "leaves its session": "os.setsid()",
    # Processes and threads
    "forks, and both go on": "os.fork()",
    "forks a child that stays": "if os.fork() == 0: time.sleep(1000)",
    "starts a process": "import subprocess; subprocess.Popen(['sleep', '1000'])",
    "starts a thread": "threading.Thread(target=time.sleep, args=(1000,)).start()",
    "starts a busy thread": "threading.Thread(target=lambda: [None for _ in iter(int, 1)], daemon=True).start()",
    "starts a thread that fails": "threading.Thread(target=lambda: 1 / 0).start()",
    "leaves an exit handler": "import atexit; atexit.register(os.abort)",
    "leaves a finalizer": "class F:\n    def __del__(self): raise ValueError('late')\nsys.finalized = F(); "
    "f = F(); del f",
    # The interpreter
    "traces": "sys.settrace(lambda *a: 1 / 0)",
    "profiles": "sys.setprofile(lambda *a: None)",
    "audits": "def hook(event, args):\n    if event == 'open': raise ValueError('not here')\nsys.addaudithook(hook)",
    "limits recursion": "sys.setrecursionlimit(60)",
    "has no exception hook": "sys.excepthook = None; threading.excepthook = None",
    "clears sys.path": "sys.path.clear()",
    "spoils sys.path": "sys.path[:] = [3, None, '\\0', b'x']",
    "clears sys.modules": "sys.modules.clear()",
    "forgets modules": "for m in ('os', 'json', 'mlir', 'mlir.ir', 'lighthouse_build.errors', 'pickle'): "
    "sys.modules.pop(m, 0)",
    "blocks modules": "for m in ('json', 'pickle', 'traceback', 'difflib'): sys.modules[m] = None",
    "has no finders": "sys.meta_path.clear(); sys.path_hooks.clear()",
    "has no argv": "del sys.argv",
    "replaces open": "import builtins; builtins.open = None",
    "replaces len": "import builtins; builtins.len = lambda *a: 1 / 0",
    "replaces isinstance": "import builtins; builtins.isinstance = lambda *a: True",
    "replaces print": "import builtins; builtins.print = None",
    "replaces import": "import builtins; builtins.__import__ = None",
    "replaces exceptions": "import builtins; builtins.Exception = builtins.BaseException = int",
    "deletes builtins": "import builtins; [delattr(builtins, n) for n in dir(builtins) if n.islower()]",
    "replaces functions of os": "os.getcwd = os.path.join = os.path.abspath = os.write = os.getpid = os._exit = None",
    "replaces functions of os.path": "os.path.exists = os.path.isfile = lambda *a: 1 / 0",
    "replaces modules' functions": "import json, pickle, re, traceback\n"
    "json.dumps = pickle.dumps = re.sub = traceback.format_exc = None",
    "replaces time": "time.time = time.monotonic = time.perf_counter = lambda: 'now'",
    "disables collection": "import gc; gc.disable(); gc.freeze()",
    "sets the locale": "import locale; locale.setlocale(locale.LC_ALL, 'C')",
    # MLIR
    "opens a context": "c = ir.Context(); c.__enter__(); ir.Location.unknown(c).__enter__()",
    "leaves the context": "ir.Location.current.__exit__(None, None, None); "
    "ir.Context.current.__exit__(None, None, None)",
    "allows anything": "ir.Context.current.allow_unregistered_dialects = True",
    "threads the context": "ir.Context.current.enable_multithreading(True)",
    "handles diagnostics": "ir.Context.current.attach_diagnostic_handler(lambda d: 1 / 0)",
    "emits an error": "ir.Location.file('\\x1b[31mx', 1, 1).emit_error('emitted \\x1b[2J\\0')",
    "emits warnings": "for i in range(200): ir.Location.unknown().emit_error('warned %d' % i)",
    "parses nonsense": "try: ir.Module.parse('nonsense')\nexcept Exception: pass",
    "replaces the bindings": "ir.Module = ir.Operation = ir.StringAttr = None",
    "unloads the bindings": "for m in [m for m in sys.modules if 'mlir' in m]: del sys.modules[m]",
    "reloads the bindings": "import importlib; importlib.reload(ir)",
    # Files
    "deletes its file": "os.remove(__file__)",
    "overwrites its file": "open(__file__, 'wb').write(b'\\0')",
    "makes its file a directory": "os.remove(__file__); os.mkdir(__file__)",
    "deletes everything": "import shutil; shutil.rmtree('.', ignore_errors=True)",
    "reads a device": "open('/dev/urandom', 'rb').read(10)",
    "reads a directory": "os.listdir('/proc'); os.listdir('.')",
    "spoils the driver": "import lighthouse_build.errors as e\ne.render = e.SourceLocation = None",
}

# How it ends; `good` is what its role asks for.
ENDINGS = {
    "well": "return good()",
    "with None": "return None",
    "with a number": "return 3",
    "with text": "return 'module {}'",
    "with a class": "return ir.Module",
    "with an operation": "return good().body.operations[0] if len(good().body.operations) else good().operation",
    "with a module of another context": "with ir.Context(), ir.Location.unknown(): return ir.Module.create()",
    "with a module without sequences": "return ir.Module.create()",
    "with a module that does not verify": "m = ir.Module.parse('func.func @f() { return }')\n"
    "del m.body.operations[0].attributes['function_type']\nreturn m",
    "with a module of odd operations": "ir.Context.current.allow_unregistered_dialects = True\n"
    "return ir.Module.parse('\"a.b\"() : () -> ()')",
    "with an empty operation": "m = good(); m.operation.regions[0].blocks[0].operations[0].erase(); return m",
    "with a coroutine": "async def f(): return 3\nreturn f()",
    "with something that fails": "class X:\n    def __getattr__(self, n): raise ValueError(n)\nreturn X()",
    "with something that kills": "class X:\n    @property\n    def operation(self): os.abort()\nreturn X()",
    "with something that lies": "class X(object):\n    operation = property(lambda self: self)\n"
    "    name = 'builtin.module'\nreturn X()",
    "raises": "raise ValueError('raised')",
    "raises a chain": "try:\n    try: 1 / 0\n    except Exception as e: raise KeyError('a') from e\n"
    "except Exception: raise OSError(2, 'b', 'c')",
    "raises with notes": "e = ValueError('raised')\nif hasattr(e, 'add_note'): e.add_note('noted \\x1b[31m\\n"
    "' * 3)\nraise e",
    "raises a circle": "a, b = ValueError('a'), ValueError('b')\na.__cause__, b.__cause__ = b, a\nraise a",
    "raises a group": "g = getattr(__builtins__, 'ExceptionGroup', None) or (lambda m, e: ValueError(m))\n"
    "raise g('many', [ValueError(1), KeyError(2)])",
    "raises what has no text": "class E(Exception):\n    def __str__(self): raise ValueError('no text')\nraise E()",
    "raises what exits": "class E(Exception):\n    def __str__(self): sys.exit(0)\nraise E()",
    "raises something huge": "raise ValueError('z' * 3_000_000)",
    "raises control characters": "raise ValueError('\\x1b[31m\\0\\x07\\u202e\\ud800')",
    "raises a base exception": "class E(BaseException): pass\nraise E('base')",
    "raises a class that is none": "raise 3",
    "raises StopIteration": "raise StopIteration",
    "raises GeneratorExit": "raise GeneratorExit",
    "raises MemoryError": "raise MemoryError",
    "raises a syntax error": "e = SyntaxError('odd'); e.filename, e.lineno, e.offset, e.text = 7, 'x', -3, 4\nraise e",
    "raises a bare syntax error": "raise SyntaxError",
    "raises a Unicode error": "b'\\xff'.decode()",
    "raises in made up code": "exec(compile('def f():\\n  raise ValueError(1)\\nf()', '/no/such/file.py', 'exec'))",
    "raises a Lighthouse error": "import lighthouse_build.errors as e\n"
    "raise e.InputError('mine', e.SourceLocation('x', -3, 10**30))",
    "exits with 0": "sys.exit(0)",
    "exits with None": "sys.exit()",
    "exits with text": "sys.exit('text \\x1b[31m')",
    "exits with a large status": "sys.exit(10**20)",
    "exits with an object": "sys.exit(object())",
    "is interrupted": "raise KeyboardInterrupt",
    "leaves with 0": "os._exit(0)",
    "leaves with 3": "os._exit(3)",
    "aborts": "os.abort()",
    "kills itself": "os.kill(os.getpid(), 9)",
    "stops itself": "os.kill(os.getpid(), signal.SIGSTOP)",
    "interrupts itself": "os.kill(os.getpid(), signal.SIGINT); time.sleep(5)",
    "terminates itself": "os.kill(os.getpid(), signal.SIGTERM); time.sleep(5)",
    "dies by ctypes": "import ctypes; ctypes.string_at(0)",
    "recurses": "def f(): return f()\nreturn f()",
    "recurses in C": "sys.setrecursionlimit(10**9)\nx = []\nfor _ in range(10**6): x = [x]\nreturn repr(x)",
    "runs for ever": "while True: pass",
    "sleeps for ever": "time.sleep(10**6)",
    "waits for ever": "threading.Event().wait()",
    "takes all memory": "x = []\nwhile True: x.append(bytearray(1 << 28))",
}

_ENDLESS = {"stops itself", "runs for ever", "sleeps for ever", "waits for ever"}

_SCHEDULE = """\
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%r: !transform.any_op {transform.readonly}) {
    transform.yield
  }
}
"""
_PAYLOAD = "func.func @f(%a: i32) -> i32 {\n  return %a : i32\n}\n"
_HEAD = f"""\
import os, signal, sys, threading, time
from mlir import ir
SCHEDULE = '''{_SCHEDULE}'''
PAYLOAD = '''{_PAYLOAD}'''
"""

# Role to the code around a body, what `good()` is, and the arguments.
ROLES = {
    "schedule": ("def create_schedule():", "ir.Module.parse(SCHEDULE)", ["f.mlir", "--stage=g.py"]),
    "schedule, resolved": ("def create_schedule():", "ir.Module.parse(SCHEDULE)", ["--stage=g.py"]),
    "payload": ("def create_payload():", "ir.Module.parse(PAYLOAD)", ["g.py", "--stage=cse"]),
    "payload-aware": ("def create_schedule(payload):", "ir.Module.parse(SCHEDULE)", ["f.mlir", "--stage=g.py"]),
    "stage class": ("class S:\n  def apply(self, module):", "None", ["f.mlir", "--stage=g.py[stage=S]"]),
    "constructor": (
        "class S:\n  def apply(self, module): pass\n  def __init__(self):",
        "None",
        ["f.mlir", "--stage=g.py[stage=S]"],
    ),
    "import": ("def at_import():", "None", ["f.mlir", "--stage=g.py"]),
}
_ON_PAYLOADS = {
    "erases the payload": "payload.operation.erase()",
    "empties the payload": "[o.erase() for o in list(payload.body.operations)]",
    "breaks the payload": "del payload.body.operations[0].attributes['function_type']",
}


def _code(role: str, misdeeds: list[str], ending: str) -> str:
    head, good, _ = ROLES[role]
    known = MISDEEDS | {k: v.replace("payload.", f"{_payload(role)}.") for k, v in _ON_PAYLOADS.items()}
    body = "\n".join([f"def good(): return {good}", *(known[m] for m in misdeeds), ENDINGS[ending]])
    indent = " " * (4 if "class" in head else 2)
    code = f"{_HEAD}{head}\n{textwrap.indent(body, indent)}\n"
    if role == "import":
        code += "at_import()\ndef create_schedule(): return ir.Module.parse(SCHEDULE)\n"
    return code


def _payload(role: str) -> str:
    return "module" if role == "stage class" else "payload"


def generator(seed: str, index: int) -> Input:
    """The `index`th of a series in which every misdeed, ending and role comes up, then combinations at random."""
    rng = random.Random(seed)
    systematic = [*product(MISDEEDS, ("well",)), *product(("prints",), ENDINGS)]
    role = list(ROLES)[index % len(ROLES)] if index >= len(systematic) else rng.choice(list(ROLES))
    if index < len(systematic):
        misdeed, ending = systematic[index]
        misdeeds = [misdeed]
    else:
        known = [*MISDEEDS, *(_ON_PAYLOADS if role in ("payload-aware", "stage class") else ())]
        misdeeds = rng.sample(known, rng.randrange(0, 3))
        ending = rng.choice(["well", *ENDINGS])
    arguments = [*ROLES[role][2], f"--timeout={3 if ending in _ENDLESS else 30}"]
    files = {"g.py": _code(role, misdeeds, ending).encode(errors="surrogatepass"), "f.mlir": _PAYLOAD.encode()}
    emits = "stage" if role == "schedule, resolved" else "mlir"
    name = f"{seed}: {role}: {', '.join(misdeeds)}; ends {ending}"
    return Input(f"Python, {role}", name, files, arguments, "", emits, vandal=True)


_GOOD = f"{_HEAD}def create_schedule(): return ir.Module.parse(SCHEDULE)\n".encode()
# Sources that are odd before they run.
SOURCES = {
    "empty": b"",
    "NUL": _GOOD + b"\0",
    "NUL in a string": _GOOD + b"x = '\0'\n",
    "not UTF-8": _GOOD + b"x = '\xff'\n",
    "not UTF-8 in a comment": b"# \xff\n" + _GOOD,
    "Latin-1, and says so": b"# -*- coding: latin-1 -*-\nx = '\xe9'\n" + _GOOD,
    "unknown encoding": b"# -*- coding: klingon -*-\n" + _GOOD,
    "UTF-16": _GOOD.decode().encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + _GOOD,
    "carriage returns": _GOOD.replace(b"\n", b"\r"),
    "form feeds": b"\f" + _GOOD,
    "cut off": _GOOD[:-10],
    "tabs and spaces": _GOOD + b"def f():\n\tx = 1\n        y = 2\n",
    "deep parentheses": _GOOD + b"x = " + b"(" * 5000 + b")" * 5000,
    "deep unary": _GOOD + b"x = " + b"-" * 100_000 + b"1",
    "deep blocks": _GOOD + b"".join(b" " * i + b"if 1:\n" for i in range(200)) + b" " * 200 + b"pass\n",
    "long sum": _GOOD + b"x = 1" + b" + 1" * 20_000,
    "huge integer": _GOOD + b"x = " + b"9" * 100_000,
    "huge line": _GOOD + b"x = '" + b"y" * 2_000_000 + b"'\n",
    "asynchronous": _HEAD.encode() + b"async def create_schedule(): return ir.Module.parse(SCHEDULE)\n",
    "generator function": _HEAD.encode() + b"def create_schedule(): yield ir.Module.parse(SCHEDULE)\n",
    "lambda": _HEAD.encode() + b"create_schedule = lambda: ir.Module.parse(SCHEDULE)\n",
    "partial": _HEAD.encode() + b"import functools\ncreate_schedule = functools.partial(ir.Module.parse, SCHEDULE)\n",
    "builtin": b"create_schedule = print\n",
    "odd signature": _GOOD + b"create_schedule.__signature__ = 3\n",
    "failing signature": _HEAD.encode() + b"class G:\n  def __call__(self): return ir.Module.parse(SCHEDULE)\n"
    b"  @property\n  def __signature__(self): 1 / 0\ncreate_schedule = G()\n",
    "failing attribute": _HEAD.encode() + b"def __getattr__(name): raise ValueError(name)\n",
    "positional only": _HEAD.encode() + b"def create_schedule(x=1, /): return ir.Module.parse(SCHEDULE)\n",
    "imports itself": b"import g\n" + _GOOD,
    "imports nothing there": b"import no_such_module\n" + _GOOD,
    "relative import": b"from . import x\n" + _GOOD,
    "future": b"from __future__ import no_such_feature\n" + _GOOD,
    "nonlocal": b"nonlocal x\n" + _GOOD,
    "shadows its module": b"__name__ = None; __file__ = 3; __builtins__ = {}\n" + _GOOD,
    "no module of its own": _GOOD + b"import sys\nsys.modules[__name__] = None\n",
}


def source(name: str) -> Input:
    """The odd source `name`."""
    files = {"g.py": SOURCES[name], "f.mlir": _PAYLOAD.encode()}
    arguments = ["f.mlir", "--stage=g.py", "--timeout=30"]
    return Input("Python, source", name, files, arguments, "", vandal=True)
