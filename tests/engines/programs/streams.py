# SPDX-License-Identifier: Apache-2.0
"""A megabyte of bytes through the standard streams."""
import hashlib
import sys

data = sys.stdin.buffer.read()
print(len(data), hashlib.sha256(data).hexdigest(), file=sys.stderr)
sys.stdout.buffer.write(data[::-1])
