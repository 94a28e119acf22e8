# SPDX-License-Identifier: Apache-2.0
"""Float arithmetic: five planets, symplectic Euler steps."""
from math import sqrt

EXPECTED = -0.167


def bodies():
    return [[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 39.47], [4.84, -1.16, -0.10, 0.6, 2.81, -0.02, 0.037],
            [8.34, 4.12, -0.4, -1.01, 1.81, 0.008, 0.011], [12.89, -15.11, -0.22, 1.08, 0.86, -0.01, 0.0017],
            [15.37, -25.9, 0.17, 0.97, 0.59, -0.03, 0.002]]


def advance(system, step, count):
    pairs = [(a, b) for i, a in enumerate(system) for b in system[i + 1:]]
    for _ in range(count):
        for a, b in pairs:
            dx, dy, dz = a[0] - b[0], a[1] - b[1], a[2] - b[2]
            square = dx * dx + dy * dy + dz * dz
            pull = step / (square * sqrt(square))
            a[3] -= dx * b[6] * pull
            a[4] -= dy * b[6] * pull
            a[5] -= dz * b[6] * pull
            b[3] += dx * a[6] * pull
            b[4] += dy * a[6] * pull
            b[5] += dz * a[6] * pull
        for body in system:
            body[0] += step * body[3]
            body[1] += step * body[4]
            body[2] += step * body[5]


def energy(system):
    total = 0.0
    for i, a in enumerate(system):
        total += a[6] * (a[3] ** 2 + a[4] ** 2 + a[5] ** 2) / 2
        for b in system[i + 1:]:
            total -= a[6] * b[6] / sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2)
    return total


def run():
    system = bodies()
    advance(system, 0.01, 1000)
    return round(energy(system), 3)
