# SPDX-License-Identifier: Apache-2.0
"""Long integers: multiplication, division, conversion to decimal."""
EXPECTED = 2568


def run():
    product = 1
    for i in range(1, 1001):
        product *= i
    text = str(product)
    power = pow(3, 2000, product)
    for _ in range(20):
        quotient, rest = divmod(product * product + power, product + 1)
        power = quotient ^ rest
    return len(text) + power * 0
