#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a program on a terminal, types each line of stdin when a prompt stands there, then Ctrl-D,
and prints what the terminal showed.

usage: prompt.py COMMAND...
"""
import os
import pty
import sys
import time

PROMPT = b">>> "
PATIENCE = 600  # seconds for one prompt; the first run of a module translates it


def main():
    lines = sys.stdin.read().splitlines()
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(sys.argv[1], sys.argv[1:])
    shown = b""
    answered = 0
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            data = os.read(fd, 4096)
        except OSError:  # Linux: EIO when the program is gone
            break
        if not data:
            break
        shown += data
        if shown.endswith(PROMPT) and shown.count(PROMPT) > answered:
            answered += 1
            os.write(fd, lines.pop(0).encode() + b"\n" if lines else b"\x04")
    os.close(fd)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    sys.stdout.write(shown.decode("utf-8", "replace").replace("\r\n", "\n"))
    return status


if __name__ == "__main__":
    sys.exit(main())
