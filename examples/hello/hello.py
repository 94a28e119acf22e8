# SPDX-License-Identifier: Apache-2.0
"""Greets whoever is named on the command line."""
import sys

print("Hello, %s!" % (" and ".join(sys.argv[1:]) or "world"))
