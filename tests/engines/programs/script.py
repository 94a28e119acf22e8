# SPDX-License-Identifier: Apache-2.0
"""A script with arguments, variables, three streams and a status."""
import os
import sys

import helper

print(sys.argv[1:], sys.path[0])
print(os.environ["FIRST"], os.environ["SECOND"], "ABSENT" in os.environ)
lines = sys.stdin.read().splitlines()
print(len(lines), lines[0], lines[-1], helper.shout(lines[1]))
print("to the other stream", file=sys.stderr)
sys.stdout.write("without an end of line")
sys.exit(7)
