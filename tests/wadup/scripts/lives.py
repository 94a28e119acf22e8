# SPDX-License-Identifier: Apache-2.0
"""One interpreter for all calls: /data.bin says what this one does."""
import io
import sys

import wadup

try:
    count += 1
except NameError:
    count = 1

with open("/data.bin", encoding="utf-8") as file:
    what = file.read().strip()
with open("/data.bin", encoding="utf-8") as file:
    assert file.read().strip() == what
folder = __file__[:-len("/lives.py")]
assert __name__ == "__main__" and folder in ("/case", "/app") and sys.path[0] == folder, (__name__, __file__, sys.path)
assert sys.argv == [__file__, "argument"][:1 + (folder == "/case")], sys.argv
assert sys.executable.startswith("/usr/local/bin/python3"), sys.executable
if what == "stdout-back":
    sys.stdout = sys.__stdout__
wadup.define_table("calls", [("count", "Int64"), ("what", "String")])
wadup.insert_row("calls", [count, what])
print("out", count)
print("err", count, file=sys.stderr)


def fail():
    raise ValueError("no \u20ac " + what)


class Stubborn(Exception):
    def __str__(self):
        raise SystemExit(9)


def hook(*_):
    raise SystemExit(8)


if what == "raise":
    fail()
elif what == "exit-none":
    sys.exit()
elif what == "exit-0":
    sys.exit(0)
elif what == "exit-false":
    sys.exit(False)
elif what == "exit-3":
    sys.exit(3)
elif what == "exit-text":
    sys.exit("a reason")
elif what == "exit-huge":
    sys.exit(1 << 100)
elif what == "stubborn":
    raise Stubborn
elif what == "hook":
    sys.excepthook = hook
    fail()
elif what == "hook-back":
    sys.excepthook = sys.__excepthook__
elif what == "deep":
    def deep():
        deep()
    deep()
elif what == "parser":
    compile("(" * 100000, "deep", "exec")
elif what == "interrupt":
    raise KeyboardInterrupt
elif what == "no-stdout":
    sys.stdout = None
elif what == "closed-stdout":
    sys.stdout = io.StringIO()
    sys.stdout.close()
elif what == "bad-stdout":
    class Bad:
        def write(self, text):
            return len(text)

        def flush(self):
            raise OSError("the stream is full")
    sys.stdout = Bad()
elif what == "signals":
    import signal
    signal.signal(signal.SIGTERM, lambda *_: print("handler"))
    assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGABRT, signal.SIGSEGV):
        signal.raise_signal(number)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.raise_signal(signal.SIGTERM)
    assert signal.strsignal(signal.SIGTERM) == "Terminated", signal.strsignal(signal.SIGTERM)
elif what == "last":
    assert not hasattr(sys, "last_exc") and not hasattr(sys, "last_value")
elif what and what != "stdout-back":
    raise AssertionError("what is " + what)
print("end", count)
