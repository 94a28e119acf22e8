# SPDX-License-Identifier: Apache-2.0
"""What every hostile case goes through: see run.py.

A case is a program, the options that it is run with, and how it must end. Around each run
there is a folder of its own:

    grant/     what the guest may write in        --dir grant::/grant
    fixed/     what it may only read              --dir fixed::/fixed:ro
    outside/   what it must not see or change: SECRET in it, and its picture before the run

After the run nothing outside of grant/ has changed, the secret is in no output, no sanitizer
has spoken, and the host has neither crashed nor been stopped by us.
"""
import hashlib
import os
import signal
import subprocess
import tempfile

SECRET = "not-for-the-guest-4711"
# Longer than any limit in a case, and far longer than a host needs to end one.
PATIENCE_S = 300
SANITIZERS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:")


class Case:
    """status: the exit statuses that are right. text: parts that the output has."""

    def __init__(self, name, program, status, text=(), options=(), before=None, stdin=b"",
                 absent=(), after=None, args=(), limits=()):
        self.name = name
        self.program = program  # Python source, or WebAssembly text when it begins with "(module"
        self.status = status if isinstance(status, (tuple, range)) else (status,)
        self.text = (text,) if isinstance(text, str) else text
        self.absent = (absent,) if isinstance(absent, str) else absent
        self.options = tuple(options)
        self.args = tuple(args)
        self.before = before  # called with the folder, to prepare it
        self.after = after  # called with the folder; returns what is wrong, or None
        self.stdin = stdin
        # Of time, in place of LIMIT in the options: longer ones when the guest had no time to do what it is to do.
        self.limits = limits or (None,)

    def is_module(self):
        return self.program.lstrip().startswith("(module")


def picture(root):
    """Everything below a folder that a guest could have changed."""
    lines = []
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(folders + files):
            path = os.path.join(folder, name)
            s = os.lstat(path)
            what = oct(s.st_mode), s.st_uid, s.st_size, s.st_mtime_ns, s.st_nlink
            if os.path.islink(path):
                what += (os.readlink(path),)
            elif os.path.isfile(path):
                with open(path, "rb") as f:
                    what += (hashlib.sha256(f.read()).hexdigest(),)
            lines.append((os.path.relpath(path, root), what))
    return lines


def prepare(folder):
    for name in ("grant", "fixed", "outside"):
        os.mkdir(os.path.join(folder, name))
    for name in ("outside/secret", "fixed/text"):
        with open(os.path.join(folder, name), "w", encoding="ascii") as f:
            f.write(SECRET if "secret" in name else "fixed text\n")
    os.mkdir(os.path.join(folder, "outside", "deep"))


def command(krait, case, folder, limit):
    options = [limit if word == "LIMIT" else word for word in case.options]
    grants = ["--dir", os.path.join(folder, "grant") + "::/grant",
              "--dir", os.path.join(folder, "fixed") + "::/fixed:ro"]
    if not case.is_module():
        return [krait, "run", *grants, *options, "-c", case.program, *case.args]
    text = os.path.join(folder, "module.wat")
    module = os.path.join(folder, "module.wasm")
    with open(text, "w", encoding="ascii") as f:
        f.write(case.program)
    subprocess.run(["wat2wasm", "--enable-threads", "--no-check", text, "-o", module], check=True)
    return [krait, "run", *grants, *options, module, *case.args]


def execute(argv, stdin):
    """(status, output): a status below 0 is a signal, None is our own end of patience."""
    hang = stdin is None
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, start_new_session=True) as process:
        try:
            if not hang:
                output, _ = process.communicate(stdin, timeout=PATIENCE_S)
            else:
                # stdin stays open and never says anything.
                output = process.stdout.read()
                process.wait(timeout=PATIENCE_S)
            return process.returncode, output
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            return None, output


def faults(case, status, text, folder, was):
    """What is wrong with a run, one line each."""
    found = []
    if status is None:
        found.append("it did not end within %d s" % PATIENCE_S)
    elif status not in case.status:
        found.append("exit status %s, not %s" % (status, " or ".join(map(str, case.status))))
    for part in case.text:
        if part not in text:
            found.append("the output lacks %r" % part)
    for part in case.absent + SANITIZERS:
        if part in text:
            found.append("the output has %r" % part)
    if SECRET in text:
        found.append("the guest read what is outside of its grants")
    for name in ("outside", "fixed"):
        if picture(os.path.join(folder, name)) != was[name]:
            found.append("the guest changed what is in %s/" % name)
    wrong = case.after(folder) if case.after else None
    return found + ([wrong] if wrong else [])


def run_case(krait, case):
    """The lines of what is wrong; none: passed."""
    for limit in case.limits:
        found = run_once(krait, case, limit)
        if not found:
            break
    return found


def run_once(krait, case, limit):
    folder = tempfile.mkdtemp(prefix="krait-hostile.")
    try:
        prepare(folder)
        if case.before:
            case.before(folder)
        was = {name: picture(os.path.join(folder, name)) for name in ("outside", "fixed")}
        status, output = execute(command(krait, case, folder, limit), case.stdin)
        text = output.decode("utf-8", "replace")
        found = faults(case, status, text, folder, was)
        if found:
            found.append("output: " + (text if len(text) < 3000 else text[-3000:]))
        return found
    finally:
        # A guest may have left folders without permissions.
        subprocess.run(["chmod", "-R", "u+rwX", folder], check=False, stderr=subprocess.DEVNULL)
        subprocess.run(["rm", "-rf", folder], check=False)
