#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Wrong use of the programs in examples/engines: errors.py ENGINE

Each of them says what is wrong in a few lines, ends with status 125, and runs nothing.
"""
import os
import subprocess
import sys
import tempfile

import engines

# A module whose _start does nothing: what is right is not refused.
EMPTY = (b"\0asm\1\0\0\0" b"\1\4\1\x60\0\0" b"\3\2\1\0" b"\5\3\1\0\1"
         b"\7\x13\2\6memory\2\0\6_start\0\0" b"\x0a\4\1\2\0\x0b")


def main():
    try:
        command = engines.ready(sys.argv[1])
    except engines.Missing as error:
        print("engines:", error)
        return 1
    failures = 0
    with tempfile.TemporaryDirectory(prefix="krait-engine.") as folder:
        module, text = os.path.join(folder, "empty.wasm"), os.path.join(folder, "text.wasm")
        with open(module, "wb") as file:
            file.write(EMPTY)
        with open(text, "w", encoding="ascii") as file:
            file.write("no module")
        wrong = [[], ["--dir"], ["--dir", "x", module], ["--env", "=x", module], ["--bogus", module],
                 [folder + "/absent.wasm"], [text], [folder],
                 ["--dir", folder + "/absent::/x", module]]
        for arguments, wanted in [([module, "x"], 0)] + [(words, 125) for words in wrong]:
            done = subprocess.run(command + arguments, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
            said = done.stderr.decode("utf-8", "replace")
            if done.returncode != wanted or done.stdout or bool(said) != bool(wanted) or \
                    len(said.splitlines()) > 12 or "Traceback" in said or "panicked" in said:
                failures += 1
                print("failed: %s: status %d instead of %d\n%s" %
                      (arguments, done.returncode, wanted, said))
    print("%d uses on %s, %d failed" % (len(wrong) + 1, sys.argv[1], failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
