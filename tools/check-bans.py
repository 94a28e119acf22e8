#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Refuses calls and habits that the house style bans, and says what to use instead.

Usage: check-bans.py [ROOT]
"""
import re

import csource

LIBRARY = ("host/", "aot/", "pack/", "process/")
OURS = ("include/", "host/", "aot/", "pack/", "process/", "cli/", "guest/", "examples/", "bench/")
FORKED = ("aot/spawn.c",)               # its own children, between fork and exec
PROGRAMS = ("host/worker/stream.c",     # processes of our own, which end when nobody wants them
            "host/front/heap.c",        # or when their heap is damaged
            "process/program/main.c", "process/program/stop.c")
CALL = r"(?<![\w.>])(?:%s)\s*\("


def call(names):
    return re.compile(CALL % "|".join(names.split()))


class Ban:
    """A pattern, where it holds, where it does not, and the reason that is printed."""

    def __init__(self, pattern, where, reason, but=(), strings=False):
        self.pattern = pattern
        self.where = where
        self.reason = reason
        self.but = but
        self.strings = strings          # look into string literals too


BANS = (
    Ban(call("strcpy strcat sprintf vsprintf stpcpy gets strncat"), OURS,
        "no bound on what is written: use snprintf"),
    Ban(call("strtok"), OURS, "hidden state: use strchr, or strtok_r in the cli"),
    Ban(call("atoi atol atoll atof"), OURS, "cannot report an error: use a parser that can"),
    Ban(call("strtol strtoul strtoll strtoull sscanf"), LIBRARY,
        "overflow and trailing text are easily missed: use base/parse.h",
        but=("host/base/parse.c",)),
    Ban(call("malloc calloc realloc reallocarray free strdup strndup asprintf vasprintf getline "
             "posix_memalign aligned_alloc"), ("host/",),
        "allocations are counted and limited: use base/alloc.h", but=("host/base/alloc.c", "host/front/heap.c")),
    Ban(call("printf vprintf puts putchar perror fprintf vfprintf fputs fputc dprintf"), ("host/",),
        "a library does not print: return an error"),
    Ban(re.compile(CALL % "printf|vprintf|puts|putchar|perror" +
                   r"|(?<!\w)fprintf\s*\(\s*std|(?<!\w)fputs\s*\([^;]*,\s*std"),
        ("aot/",), "a library does not print: return an error"),
    Ban(call("exit _exit _Exit quick_exit abort"), LIBRARY,
        "a library does not end its caller's process: return an error", but=FORKED + PROGRAMS),
    Ban(call("system popen"), OURS, "a shell between us and a program: use posix_spawn or exec"),
    Ban(re.compile(r"(?<![\w.>])signal\s*\((?![^;]*\bSIG_(?:IGN|DFL)\s*\))"), OURS,
        "with a handler its meaning differs between systems: use sigaction",
        but=("guest/native/signal.c", "guest/module/standin_signal.c")),
    Ban(call("setenv putenv unsetenv setlocale chdir fchdir umask"), LIBRARY,
        "state of the whole process belongs to the embedder",
        but=FORKED + ("process/program/main.c",)),
    Ban(call("alloca"), OURS, "the stack has no bound: use an array with a limit or the heap"),
    Ban(call("creat mktemp tmpnam tempnam"), OURS, "races or no O_CLOEXEC: use openat or mkostemp"),
    Ban(call("pipe dup dup2 accept epoll_create inotify_init"), LIBRARY,
        "the descriptor leaks into children: use pipe2, F_DUPFD_CLOEXEC, accept4 and the like",
        but=FORKED),
    Ban(re.compile(r"(?<![\w.>])(?:mkstemp|mkstemps)\s*\("), LIBRARY,
        "the descriptor leaks into children: use mkostemp with O_CLOEXEC"),
)

OPENS = re.compile(r"(?<![\w.>])(?:open|openat|open64|openat64|memfd_create|socket|socketpair|"
                   r"eventfd|epoll_create1|timerfd_create|signalfd|fopen|popen|fdopen)\s*\(")
ASSERT = re.compile(r"(?<!\w)assert\s*\(")
TODO = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b(?![^\n]{0,20}#\d)")


def opens(path, text, code):
    """Descriptors that are inherited by children."""
    if not path.startswith(LIBRARY + ("cli/",)):
        return
    for m in OPENS.finditer(code):
        name = m.group().rstrip(" (\t\n")
        end = csource.closing(code, m.end() - 1)
        arguments = text[m.end():end - 1]
        if name == "fopen":
            if re.search(r'"[^"]*e[^"]*"\s*$', arguments):
                continue
            yield m.start(), "fopen without 'e' in its mode: the descriptor leaks into children"
        elif name in ("fdopen",):
            continue
        elif "CLOEXEC" not in arguments and not re.search(r"\bflags\b|\bhow\b", arguments):
            yield m.start(), "%s without CLOEXEC: the descriptor leaks into children" % name


def asserts(code):
    """Conditions of assert() that change something: they vanish with NDEBUG."""
    for m in ASSERT.finditer(code):
        end = csource.closing(code, m.end() - 1)
        inside = code[m.end():end - 1]
        if re.search(r"\+\+|--|(?<![=!<>])=(?!=)", inside):
            yield m.start(), "assert with a side effect: it is gone with NDEBUG"


def check_file(path, raw):
    text, code = csource.without_comments(raw), csource.bare_code(raw)
    for ban in BANS:
        if not path.startswith(ban.where) or path in ban.but:
            continue
        for m in ban.pattern.finditer(code):
            yield m.start(), "'%s' is banned: %s" % (
                m.group().strip(" (\t\n"), ban.reason)
    yield from opens(path, text, code)
    yield from asserts(code)
    for m in TODO.finditer(raw):
        yield m.start(), "'%s' without an issue number (#42)" % m.group()


def check_first_line(root, folders):
    """Every source file says its licence in the first line, scripts in the first two."""
    endings = (".c", ".h", ".S", ".sh", ".py", ".cmake", "CMakeLists.txt")
    for path in csource.files(root, folders, endings):
        head = csource.read(root, path).split("\n", 2)[:2]
        if not any("SPDX-License-Identifier: Apache-2.0" in line for line in head):
            yield "%s:1: no SPDX-License-Identifier: Apache-2.0" % path


def check(root):
    problems = []
    for path in csource.files(root, csource.C_FOLDERS):
        raw = csource.read(root, path)
        for offset, why in check_file(path, raw):
            problems.append("%s:%d: %s" % (path, csource.line_of(raw, offset), why))
    problems.extend(check_first_line(root, csource.C_FOLDERS + ("recipes", "tools", "cmake")))
    return problems


if __name__ == "__main__":
    csource.main(check, "bans")
