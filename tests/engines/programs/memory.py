# SPDX-License-Identifier: Apache-2.0
"""Memory that grows by a quarter of a gigabyte."""
blocks = [bytearray(16 << 20) for _ in range(16)]
for number, block in enumerate(blocks):
    block[-1] = block[1 << 20] = number
print(len(blocks), sum(block[-1] + block[1 << 20] for block in blocks))
del blocks
print(len(bytes(32 << 20)))
