#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the Markdown documents: links inside the repository lead to a file and a heading,
every fenced block names its language, and blocks that can be run are marked so that a test
runs them. README has at most 200 lines.

The word after the language says what a test does with a block:
  sh, console    `run`: tests/docs runs it and compares the output; `no-run`: it is not run
                 (it installs packages, or takes minutes), and says so
  c              `build`: tests/docs compiles it; `no-build`: a fragment
Other languages (text, ini, ...) need no mark.

Usage: check-docs.py [ROOT]
"""
import os
import re

import csource

MARKS = {"sh": ("run", "no-run"), "console": ("run", "no-run"), "c": ("build", "no-build")}
LINK = re.compile(r"(?<!\!)\[[^\]\n]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)|!\[[^\]\n]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(\s*)(```+)(.*)$")


def documents(root):
    """All Markdown files, except below build folders and hidden ones."""
    for here, dirs, names in os.walk(root):
        dirs[:] = sorted(d for d in dirs if not d.startswith((".", "build")))
        for name in sorted(names):
            if name.endswith(".md"):
                yield os.path.relpath(os.path.join(here, name), root)


def split_blocks(text):
    """(prose with blocks blanked, [(line, language, mark)], unclosed line or None)"""
    prose, blocks, fence, opened = [], [], None, None
    for number, line in enumerate(text.split("\n"), 1):
        m = FENCE.match(line)
        if m and fence is None:
            fence, opened = m.group(2), number
            words = m.group(3).split()
            blocks.append((number, words[0] if words else "", words[1] if len(words) > 1 else ""))
            prose.append("")
        elif m and m.group(2).startswith(fence) and not m.group(3).strip():
            fence = None
            prose.append("")
        else:
            prose.append("" if fence else line)
    return "\n".join(prose), blocks, opened if fence else None


def anchors(text):
    """The names that a forge gives to headings."""
    prose, _, _ = split_blocks(text)
    names = set()
    for m in re.finditer(r"^#+\s+(.*?)\s*#*$", prose, re.M):
        plain = re.sub(r"[^\w\- ]", "", m.group(1).replace("`", "").lower())
        names.add(plain.replace(" ", "-"))
    return names


def check_link(root, path, target):
    if re.match(r"[a-z]+:", target):
        return None
    file, _, anchor = target.partition("#")
    full = os.path.normpath(os.path.join(root, os.path.dirname(path), file)) if file \
        else os.path.join(root, path)
    if not os.path.exists(full):
        return "link to '%s': no such file" % target
    if anchor and full.endswith(".md") and anchor not in anchors(csource.read(root, full)):
        return "link to '%s': no such heading" % target
    return None


def check_document(root, path):
    text = csource.read(root, path)
    prose, blocks, unclosed = split_blocks(text)
    if unclosed:
        yield "%s:%d: the block is not closed" % (path, unclosed)
    for line, language, mark in blocks:
        if not language:
            yield "%s:%d: the block names no language" % (path, line)
        elif language in MARKS and mark not in MARKS[language]:
            yield "%s:%d: the %s block is marked neither '%s' nor '%s'" % (
                (path, line, language) + MARKS[language])
    plain = re.sub(r"`[^`\n]*`", lambda m: " " * len(m.group()), prose)
    for m in LINK.finditer(plain):
        problem = check_link(root, path, m.group(1) or m.group(2))
        if problem:
            yield "%s:%d: %s" % (path, csource.line_of(plain, m.start()), problem)
    if path == "README.md" and text.count("\n") > 200:
        yield "README.md:1: %d lines, at most 200" % text.count("\n")


def check(root):
    return [problem for path in documents(root) for problem in check_document(root, path)]


if __name__ == "__main__":
    csource.main(check, "docs")
