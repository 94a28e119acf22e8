# SPDX-License-Identifier: Apache-2.0
"""What the checkers share: which files are ours, and C text without comments and strings.

No parser: text is blanked in place, so offsets and line numbers stay, and braces are
matched. That is enough for house rules, and it needs nothing but Python.
"""
import os
import re
import sys

C_FOLDERS = ("include", "host", "aot", "pack", "process", "cli", "guest", "examples", "tests", "bench")


def root_from_args(argv):
    """The tree to check: the argument, or the checkout that this file is in."""
    if len(argv) > 1:
        return os.path.abspath(argv[1])
    return os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def files(root, folders=C_FOLDERS, endings=(".c", ".h")):
    """Our files below the folders as sorted relative paths."""
    found = []
    for folder in folders:
        for here, dirs, names in os.walk(os.path.join(root, folder)):
            dirs[:] = sorted(d for d in dirs if d not in ("__pycache__", "corpus"))
            for name in sorted(names):
                if name.endswith(endings):
                    found.append(os.path.relpath(os.path.join(here, name), root))
    return found


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="surrogateescape") as f:
        return f.read()


_TOKENS = re.compile(
    r"""(?P<comment>/\*.*?\*/|//(?:\\\n|[^\n])*)
      | (?P<string>"(?:\\.|[^"\\\n])*")
      | (?P<char>'(?:\\.|[^'\\\n])*')""",
    re.S | re.X)


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def without_comments(text):
    """Comments become spaces."""
    return _TOKENS.sub(lambda m: _blank(m.group()) if m.group("comment") else m.group(), text)


def bare_code(text):
    """Comments become spaces, and the insides of strings and characters too."""
    def replace(m):
        if m.group("comment"):
            return _blank(m.group())
        inside = m.group()
        return inside[0] + _blank(inside[1:-1]) + inside[-1]
    return _TOKENS.sub(replace, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def closing(code, start, pair="()"):
    """The offset behind the bracket that closes the one at start, or len(code)."""
    depth = 0
    for i in range(start, len(code)):
        if code[i] == pair[0]:
            depth += 1
        elif code[i] == pair[1]:
            depth -= 1
            if depth == 0:
                return i + 1
    return len(code)


def without_directives(code):
    """Preprocessor lines become spaces; of #if ... #else only the first branch stays."""
    out, skip_depth, depth = [], [], 0
    continued = False
    for line in code.split("\n"):
        directive = re.match(r"\s*#\s*(\w+)", line)
        if directive and not continued:
            word = directive.group(1)
            if word in ("if", "ifdef", "ifndef"):
                depth += 1
            elif word in ("else", "elif") and (not skip_depth or skip_depth[-1] < depth):
                skip_depth.append(depth)
            elif word == "endif":
                if skip_depth and skip_depth[-1] == depth:
                    skip_depth.pop()
                depth -= 1
        blank = bool(directive) or continued or bool(skip_depth)
        continued = (bool(directive) or continued) and line.endswith("\\")
        out.append(" " * len(line) if blank else line)
    return "\n".join(out)


def functions(text):
    """Function definitions as (name, first line, last line, body)."""
    code = without_directives(bare_code(text))
    found, depth, i = [], 0, 0
    while i < len(code):
        c = code[i]
        if c == "{" and depth == 0:
            head = code[max(code.rfind(";", 0, i), code.rfind("}", 0, i)) + 1:i]
            end = closing(code, i, "{}")
            name = re.search(r"(\w+)\s*\(", head)
            if name and "=" not in head and head.rstrip().endswith(")"):
                begin = i - len(head) + len(head) - len(head.lstrip())
                found.append((name.group(1), line_of(code, begin), line_of(code, end - 1),
                              code[i:end]))
                i = end
                continue
            # extern "C" { and the like hold definitions; structs and initialisers do not.
            if re.search(r'extern\s*"\s*"\s*$', head):
                i += 1
                continue
            i = end
            continue
        i += 1
    return found


def report(problems, what):
    """Prints the problems, and gives the exit status."""
    for problem in problems:
        print(problem)
    if problems:
        print("%s: %d problem%s" % (what, len(problems), "" if len(problems) == 1 else "s"))
        return 1
    print("%s: fine" % what)
    return 0


def main(check, what):
    """A checker's main(): check(root) gives a list of problems."""
    sys.exit(report(check(root_from_args(sys.argv)), what))
