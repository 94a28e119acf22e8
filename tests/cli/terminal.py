# SPDX-License-Identifier: Apache-2.0
"""A terminal: the prompt, isatty, end of input, exit status, and an interrupt."""
import os
import pty
import select
import signal
import sys
import termios
import time

KRAIT = os.environ["KRAIT"]
failures = []


def check(name, ok, detail=""):
    if not ok:
        failures.append(name)
        print(f"failed: {name} {detail}")


class Terminal:
    """A krait process on a pseudo-terminal."""

    def __init__(self, *args):
        self.text = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "dumb"
            os.execv(KRAIT, [KRAIT, "run", *args])

    def wait_for(self, part, seconds=60):
        end = time.monotonic() + seconds
        while part not in self.text and time.monotonic() < end:
            ready, _, _ = select.select([self.fd], [], [], 0.1)
            if ready:
                try:
                    data = os.read(self.fd, 4096)
                except OSError:
                    break
                if not data:
                    break
                self.text += data.decode("utf-8", "replace")
        found = part in self.text
        before, _, self.text = self.text.partition(part) if found else (self.text, "", self.text)
        check(f"wait for {part!r}", found, repr(before[-300:]))
        return before

    def send(self, text):
        os.write(self.fd, text.encode())

    def status(self):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            # A full terminal would keep the child from ending.
            ready, _, _ = select.select([self.fd], [], [], 0.05)
            if ready:
                try:
                    os.read(self.fd, 4096)
                except OSError:
                    pass
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                return status
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        check("ends", False)
        return None


def prompt():
    terminal = Terminal()
    terminal.wait_for("Python 3.13")
    terminal.wait_for(">>> ")
    terminal.send("print(6 * 7)\n")
    terminal.wait_for("42")
    terminal.wait_for(">>> ")
    terminal.send("import sys; print(sys.stdin.isatty(), sys.stdout.isatty())\n")
    terminal.wait_for("True True")
    terminal.wait_for(">>> ")
    terminal.send("def f():\n")
    terminal.wait_for("... ")
    terminal.send("    return 'lines'\n\n")
    terminal.wait_for(">>> ")
    terminal.send("f()\n")
    terminal.wait_for("'lines'")
    terminal.send("1/0\n")
    terminal.wait_for("ZeroDivisionError")
    terminal.wait_for(">>> ")
    terminal.send("raise SystemExit(3)\n")
    status = terminal.status()
    check("exit status of the prompt", status is not None and os.waitstatus_to_exitcode(status) == 3,
          str(status))


def end_of_input():
    terminal = Terminal("-q")
    terminal.wait_for(">>> ")
    terminal.send("\x04")
    status = terminal.status()
    check("end of input ends the prompt", status == 0, str(status))


def ask():
    terminal = Terminal("-c", "print('hello', input('name? '))")
    terminal.wait_for("name? ")
    terminal.send("krait\n")
    terminal.wait_for("hello krait")
    check("input()", terminal.status() == 0)


def interrupted(name, code, ready):
    terminal = Terminal("-c", code)
    terminal.wait_for(ready)
    time.sleep(0.2)
    terminal.send("\x03")
    terminal.wait_for("KeyboardInterrupt")
    status = terminal.status()
    check(f"an interrupt ends {name}", status is not None and
          os.waitstatus_to_exitcode(status) == -signal.SIGINT, str(status))


def interrupt():
    interrupted("a loop", "print('ready', flush=True)\nwhile True: pass", "ready")
    interrupted("a sleep", "import time\nprint('ready', flush=True)\ntime.sleep(100)", "ready")
    interrupted("a read", "input('ready')", "ready")
    terminal = Terminal("-c", "try:\n    print('ready', flush=True)\n    while True: pass\n"
                        "except KeyboardInterrupt: print('caught')\nfinally: print('finally')")
    terminal.wait_for("ready")
    terminal.send("\x03")
    terminal.wait_for("caught")
    terminal.wait_for("finally")
    check("a caught interrupt", terminal.status() == 0)
    terminal = Terminal("-q")
    terminal.wait_for(">>> ")
    terminal.send("while True: pass\n\n")
    time.sleep(0.5)
    terminal.send("\x03")
    terminal.wait_for("KeyboardInterrupt")
    terminal.wait_for(">>> ")
    terminal.send("print('still here')\n")
    terminal.wait_for("still here\r\n")
    terminal.send("exit()\n")
    check("the prompt after an interrupt", terminal.status() == 0)


def settings():
    """However a program ends that has switched the echo off, the terminal is as it was."""
    off = ("import os, sys, termios, time\nt = termios.tcgetattr(0)\nt[3] &= ~(termios.ECHO | termios.ICANON)\n"
           "termios.tcsetattr(0, termios.TCSANOW, t)\nprint('rea' + 'dy', flush=True)\n")
    endings = {"the end": ("pass", ()), "an exit": ("os._exit(3)", ()), "a trap": ("os.abort()", ()),
               "a limit": ("while True: print('x' * 999)", ("--max-output", "64K")), "Ctrl-C": ("time.sleep(100)", ())}
    for name, (code, options) in endings.items():
        # This one keeps the terminal when the program has ended.
        master, slave = pty.openpty()
        before = termios.tcgetattr(slave)
        child = os.fork()
        if child == 0:
            os.login_tty(slave)
            os.execv(KRAIT, [KRAIT, "run", *options, "-c", off + code])
        text = b""
        while b"ready" not in text:
            text += os.read(master, 4096)
        if name == "Ctrl-C":
            os.kill(child, signal.SIGINT)
        os.set_blocking(master, False)
        while os.waitpid(child, os.WNOHANG)[0] == 0:
            select.select([master], [], [], 0.05)
            try:
                os.read(master, 4096)
            except BlockingIOError:
                pass
        check(f"the terminal's settings after {name}", termios.tcgetattr(slave) == before)
        os.close(master)
        os.close(slave)


# A shell starts what runs in its background with SIGINT ignored, and so would krait be.
signal.signal(signal.SIGINT, signal.default_int_handler)
for case in (prompt, end_of_input, ask, interrupt, settings):
    case()
print("failed" if failures else "ok")
sys.exit(1 if failures else 0)
