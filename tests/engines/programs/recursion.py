# SPDX-License-Identifier: Apache-2.0
"""Python's own limits of recursion come before the end of any stack."""
import ast
import copy
import json
import pickle
import re


def attempt(what, call, *args):
    try:
        call(*args)
        print(what, "ended")
    except (RecursionError, MemoryError) as error:
        print(what, type(error).__name__)


def deeper(n):
    return deeper(n + 1)


class Chain:
    def __init__(self, inner):
        self.inner = inner

    def __repr__(self):
        return "Chain(%r)" % (self.inner,)

    def __eq__(self, other):
        return self.inner == other.inner


def nest(make, depth):
    value = make(None)
    for _ in range(depth):
        value = make(value)
    return value


attempt("function", deeper, 0)
attempt("repr of lists", repr, nest(lambda inner: [inner], 50000))
attempt("repr of objects", repr, nest(Chain, 50000))
attempt("comparison", lambda a, b: a == b, nest(Chain, 50000), nest(Chain, 50000))
attempt("json", json.loads, "[" * 50000 + "]" * 50000)
attempt("pickle", pickle.dumps, nest(lambda inner: [inner], 50000))
attempt("deepcopy", copy.deepcopy, nest(lambda inner: [inner], 50000))
attempt("source", ast.parse, "(" * 190 + "1" + ")" * 190)
attempt("long source", ast.parse, "-" * 50000 + "1")
attempt("compile", compile, "+".join(["1"] * 3000), "x", "eval")
attempt("pattern", re.compile, "(?:" * 90 + "a" + ")" * 90)
print("well")
