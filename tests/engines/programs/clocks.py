# SPDX-License-Identifier: Apache-2.0
"""Clocks that go, sleeps that wait, numbers that differ. Prints no time."""
import os
import random
import time
import uuid

before = time.time(), time.monotonic(), time.perf_counter()
time.sleep(0.02)
after = time.time(), time.monotonic(), time.perf_counter()
print("clocks went on", [b > a for a, b in zip(before, after)])
print("the sleep waited", after[1] - before[1] >= 0.02)
print("after 2024", before[0] > 1_704_067_200)
print("random", os.urandom(16) != os.urandom(16), random.random() != random.random(),
      uuid.uuid4() != uuid.uuid4())
with open("/data/random.txt", "w") as file:
    file.write(os.urandom(16).hex())
with open("/data/random.txt") as file:
    print(len(file.read()))
os.unlink("/data/random.txt")
