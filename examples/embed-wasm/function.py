# SPDX-License-Identifier: Apache-2.0
"""What the hosts give to handler_start()."""
import handler
import histogram

calls = 0


@handler.register
def most_frequent(data):
    global calls
    calls += 1
    if not data:
        raise ValueError("nothing to count")
    byte, times = max(histogram.of(data).items(), key=lambda pair: pair[1])
    return "call %d: %r occurs %d times in %d bytes" % (calls, chr(byte), times, len(data))
