# SPDX-License-Identifier: Apache-2.0
"""Runs a program on a terminal of its own."""
import os
import pty
import subprocess
import tty


def run(command, stdin):
    """Its exit status, and what it wrote to the terminal; `stdin` is typed at once."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave) as child:
        os.close(slave)
        os.write(master, stdin)
        output = b""
        while True:
            try:
                chunk = os.read(master, 65536)
            except OSError:
                break
            if not chunk:
                break
            output += chunk
        child.wait()
    os.close(master)
    return child.returncode, output
