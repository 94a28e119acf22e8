# SPDX-License-Identifier: Apache-2.0
"""Attribute access and method calls on instances of three classes."""
EXPECTED = 400000


class Account:
    def __init__(self):
        self.balance = 0

    def put(self, amount):
        self.balance += amount

    def amount(self):
        return self.balance


class Saver(Account):
    def put(self, amount):
        super().put(amount * 2)


class Counter(Account):
    __slots__ = ("calls",)

    def __init__(self):
        super().__init__()
        self.calls = 0

    def put(self, amount):
        self.calls += 1
        Account.put(self, amount)


def run():
    accounts = [Account(), Saver(), Counter()]
    for _ in range(20000):
        for account in accounts:
            account.put(5)
    return sum(account.amount() for account in accounts)
