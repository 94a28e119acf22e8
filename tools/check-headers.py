#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the contract in include/krait: every function that libkrait exports has a comment
with all six labels, every parameter and the result described, only codes that exist, and a
source file that exists; every type and macro has a comment at all.

Usage: check-headers.py [ROOT]
"""
import os
import re

import csource

LABELS = ("Units", "Owner", "Errors", "Threads", "Source", "Since")
DOC_BEFORE = re.compile(r"/\*\*((?:(?!\*/).)*)\*/\s*$", re.S)
ANY_COMMENT_BEFORE = re.compile(r"\*/\s*$")
PROTOTYPE = re.compile(
    r"^(?P<head>(?!\s*(?:#|typedef|return|static|struct\s+\w+\s*\{|enum\s+\w*\s*\{))"
    r"[A-Za-z_][\w \t\n\*]*?)\b(?P<name>krait_\w+)\s*\(", re.M)


def strip_stars(comment):
    return re.sub(r"^[ \t]*\*[ \t]?", "", comment, flags=re.M)


def parameters(text):
    """Names in a parameter list."""
    if text.strip() in ("", "void"):
        return []
    depth, part, parts = 0, "", []
    for c in text:
        if c == "," and depth == 0:
            parts.append(part)
            part = ""
            continue
        depth += {"(": 1, ")": -1}.get(c, 0)
        part += c
    parts.append(part)
    names = []
    for part in parts:
        callback = re.search(r"\(\s*\*\s*(\w+)\s*\)", part)
        name = callback or re.search(r"(\w+)\s*(?:\[[^\]]*\]\s*)?$", part.strip())
        names.append(name.group(1) if name else part.strip())
    return [n for n in names if n != "..."]


def known_codes(root):
    text = csource.read(root, "include/krait/error.h")
    return set(re.findall(r"^\s*(KRAIT_E[A-Z]+)\s*=", text, re.M))


def check_labels(doc, codes, root):
    """What the six labels of one comment lack."""
    found = {}
    for m in re.finditer(r"^(%s):[ \t]*(.*(?:\n[ \t]+\S.*)*)" % "|".join(LABELS), doc, re.M):
        found[m.group(1)] = m.group(2).strip()
    for label in LABELS:
        if not found.get(label):
            yield "label '%s:' is missing (write 'none' when there is nothing)" % label
    for code in re.findall(r"\bKRAIT_E[A-Z]+\b", found.get("Errors", "")):
        if code not in codes:
            yield "'%s' is no code of error.h" % code
    for path in re.findall(r"\b(?:host|aot|pack|guest|include)/[\w./-]+\w", found.get("Source", "")):
        if not os.path.exists(os.path.join(root, path)):
            yield "Source: '%s' does not exist" % path
    since = found.get("Since", "0.0")
    if not re.match(r"\d+\.\d+$", since):
        yield "Since: '%s' is not a version" % since


def check_function(match, code, text, codes, root):
    """What is wrong with one prototype."""
    if "KRAIT_API" not in match.group("head"):
        yield "is not marked KRAIT_API"
    doc = DOC_BEFORE.search(text[:match.start()])
    if not doc:
        yield "has no /** comment right before it"
        return
    doc = strip_stars(doc.group(1))
    open_at = match.end() - 1
    for name in parameters(code[open_at + 1:csource.closing(code, open_at) - 1]):
        if not re.search(r"@param\s+(?:\w+,\s*)*%s\b" % re.escape(name), doc):
            yield "parameter '%s' is not described" % name
    returns = re.sub(r"\bKRAIT_\w+(?:\([^)]*\))?|\bextern\b", "", match.group("head")).strip()
    if returns != "void" and not re.search(r"@returns?\b", doc):
        yield "the result is not described"
    yield from check_labels(doc, codes, root)


def check_others(path, text):
    """Types and macros of a header need a comment before them or on their line."""
    code = csource.without_comments(text)
    for m in re.finditer(r"^(?:typedef\s+)?(?:struct|union|enum)\s+(krait_\w+)[^;{]*\{|"
                         r"^#[ \t]*define[ \t]+(KRAIT_\w+)", code, re.M):
        name = m.group(1) or m.group(2)
        if name.endswith("_H"):
            continue
        line_end = text.find("\n", m.end())
        beside = "/*" in text[m.end():line_end]
        # A run of macros without a blank line between shares the comment above it.
        before = re.sub(r"(?:^#[ \t]*define[^\n]*\n)+\Z", "", text[:m.start()], flags=re.M)
        if not beside and not ANY_COMMENT_BEFORE.search(before):
            yield "%s:%d: %s has no comment" % (path, csource.line_of(text, m.start()), name)


def check(root):
    codes, problems = known_codes(root), []
    for path in csource.files(root, ("include",), (".h",)):
        text = csource.read(root, path)
        if not re.search(r"\A/\* SPDX[^\n]*\n(?:/\*|\s*\*)", text):
            problems.append("%s:1: no comment that says what the header is for" % path)
        code = csource.without_directives(csource.bare_code(text))
        for m in PROTOTYPE.finditer(code):
            end = csource.closing(code, m.end() - 1)
            after = re.match(r"(?:\s*\w+(?:\([^;{]*\))?)*\s*([;{])", code[end:])
            if not after or after.group(1) != ";":
                continue                # an inline function: code, not an export
            where = "%s:%d: %s" % (path, csource.line_of(text, m.start("name")), m.group("name"))
            for problem in check_function(m, code, text, codes, root):
                problems.append("%s %s" % (where, problem))
        if os.path.basename(path) != "abi.h":   # read by programs; its fields have comments
            problems.extend(check_others(path, text))
    return problems


if __name__ == "__main__":
    csource.main(check, "headers")
