#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""On a terminal, krait run shows how far a translation is, and takes the line away again;
a second run, and a run with stderr elsewhere, show nothing of it."""
import os
import pty
import subprocess
import sys
import tempfile


def on_terminal(command, env):
    """What a command writes to a terminal, and its status."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(command[0], command, env)
    output = b""
    while True:
        try:
            data = os.read(fd, 4096)
        except OSError:         # Linux: EIO at the end
            break
        if not data:
            break
        output += data
    os.close(fd)
    return output, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main():
    krait = os.environ["KRAIT"]
    tools = os.path.join(os.environ["KRAIT_SOURCE_DIR"], "tests/modules/hostile.py")
    with tempfile.TemporaryDirectory(prefix="krait-test.") as folder:
        env = dict(os.environ, KRAIT_CACHE=os.path.join(folder, "cache"), TMPDIR=folder)
        module = os.path.join(folder, "m.wasm")
        subprocess.run([sys.executable, tools, "straight", "10", module], check=True)
        first, status = on_terminal([krait, "run", module], env)
        assert status == 0, (status, first)
        shown = b"translating '%s': step 1 of " % module.encode()
        assert shown in first, first
        assert first.endswith(b"\r\x1b[K"), first
        second, status = on_terminal([krait, "run", module], env)
        assert (second, status) == (b"", 0), (second, status)
        env["KRAIT_CACHE"] += "2"
        third = subprocess.run([krait, "run", module], env=env, capture_output=True)
        assert (third.stdout, third.stderr, third.returncode) == (b"", b"", 0), third
    print("fine")


main()
