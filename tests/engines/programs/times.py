# SPDX-License-Identifier: Apache-2.0
"""Times of files, to the nanosecond."""
import os

os.chdir("/data")
with open("file", "wb"):
    pass
os.utime("file", ns=(1_000_000_000_123_456_789, 1_600_000_000_987_654_321))
print(os.stat("file").st_atime_ns, os.stat("file").st_mtime_ns)
