# SPDX-License-Identifier: Apache-2.0
"""Time zones (recipes/wasi-libc/patches): POSIX strings and TZif files below argv[1]."""
import os
import struct
import sys
import time

JANUARY, JULY = 1735732800, 1751371200  # noon UTC on the first of the month, 2025


def zone(tz):
    os.environ["TZ"] = tz
    time.tzset()


def hours(seconds):
    local = time.localtime(seconds)
    return local.tm_hour, local.tm_isdst, local.tm_zone, local.tm_gmtoff


zone("EST+05EDT,M3.2.0,M11.1.0")
assert time.tzname == ("EST", "EDT") and time.timezone == 18000 and time.daylight == 1
assert hours(JANUARY) == (7, 0, "EST", -18000), hours(JANUARY)
assert hours(JULY) == (8, 1, "EDT", -14400), hours(JULY)
assert time.mktime(time.localtime(JULY)) == JULY
assert time.strftime("%Z %z", time.localtime(JULY)) == "EDT -0400"
zone("<+0545>-5:45")
assert hours(JULY) == (17, 0, "+0545", 20700), hours(JULY)
zone("AEST-10AEDT,M10.1.0,M4.1.0/3")
assert hours(JANUARY) == (23, 1, "AEDT", 39600) and hours(JULY) == (22, 0, "AEST", 36000)
zone("UTC")
assert hours(JULY) == (12, 0, "UTC", 0)
zone("Nowhere/None")
assert hours(JULY) == (12, 0, "UTC", 0)

# One change, in April 2025, from one hour to two, and a footer for the time after it.
body = struct.pack(">q", 1743469200) + bytes([1])
types = struct.pack(">iBB", 3600, 0, 0) + struct.pack(">iBB", 7200, 1, 4)
head = b"TZif2" + bytes(15) + struct.pack(">6l", 0, 0, 0, 1, 2, 8)
first = b"TZif2" + bytes(15) + struct.pack(">6l", 0, 0, 0, 0, 1, 1) + struct.pack(">iBB", 0, 0, 0) + b"\0"
path = sys.argv[1] + "/Test"
with open(path, "wb") as f:
    f.write(first + head + body + types + b"AAA\0BBB\0" + b"\nAAA-1BBB,M3.5.0,M10.5.0\n")
zone(":" + path)
assert hours(JANUARY) == (13, 0, "AAA", 3600), hours(JANUARY)
assert hours(JULY) == (14, 1, "BBB", 7200), hours(JULY)
with open(path, "wb") as f:
    f.write(b"TZif" + bytes(10))
zone(":" + sys.argv[1] + "/./Test")
assert hours(JULY)[0] == 12
