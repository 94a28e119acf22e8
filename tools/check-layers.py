#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Refuses an #include against the arrows of host/layers.txt.

Usage: check-layers.py [ROOT]
"""
import os
import re

import csource

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
AOT_PUBLIC = ("krait/error.h", "krait/abi.h", "krait/aot.h")
PACK_PUBLIC = ("krait/error.h", "krait/pack.h", "krait/pack_format.h")


def read_layers(root):
    """layers.txt as {layer: set of layers it may include}, and what is wrong with it."""
    layers, problems = {}, []
    for number, line in enumerate(csource.read(root, "host/layers.txt").split("\n"), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        name, colon, below = line.partition(":")
        if not colon or name.strip() in layers:
            problems.append("host/layers.txt:%d: not 'layer: layers' or named twice" % number)
            continue
        # Order is the proof that there is no circle: a layer names only earlier ones.
        for other in below.split():
            if other not in layers:
                problems.append("host/layers.txt:%d: '%s' uses '%s', which is not above it"
                                % (number, name, other))
        layers[name.strip()] = set(below.split())
    return layers, problems


def owner(path):
    """(area, layer) of a file: ("host", "vfs"), ("aot", None), ..."""
    parts = path.split("/")
    if parts[0] == "host":
        return "host", parts[1] if len(parts) > 2 else None
    return parts[0], None


def allowed(path, kind, target, layers, root):
    """None when the file may include the target, else the reason why not."""
    area, layer = owner(path)
    if ".." in target.split("/"):
        return "a path with '..' hides the layer"
    first = target.split("/")[0] if "/" in target else None
    if first == "krait":
        if area == "aot" and target not in AOT_PUBLIC:
            return "aot may include only <%s> of the public headers" % "> and <".join(AOT_PUBLIC)
        if area == "pack" and target not in PACK_PUBLIC:
            return "pack may include only <%s> of the public headers" % "> and <".join(PACK_PUBLIC)
        return None
    if path == "aot/prelude.h" and target == "krait_abi.h":
        return None                     # stands in front of emitted code, beside a copy of abi.h
    beside = os.path.exists(os.path.join(root, os.path.dirname(path), target))
    if first is None:
        if kind == '"' and not beside:
            return "there is no such file beside it"
        return None
    if first not in layers and first not in ("aot", "pack", "host", "cli", "guest",
                                           "process"):
        return None                     # a system header such as <sys/mman.h>
    if area == "host":
        if first == layer or first in layers.get(layer, ()):
            return None
        return "layer '%s' may include %s" % (
            layer, " ".join(sorted(layers.get(layer, ()))) or "no other layer")
    if area == "aot":
        return None if first in ("aot", "base") else "aot stands on host/base only"
    if area == "pack":
        return None if first in ("pack", "base") else "pack stands on host/base only"
    if area == "process":
        if first in ("process", "base") or (path.startswith("process/program/") and
                                            target == "cli/cli.h"):
            return None
        return "process stands on host/base and <krait/...> only"
    if area == "cli":
        return "cli includes only <krait/...> and its own headers"
    return "%s includes only <krait/...>" % area


def check(root):
    layers, problems = read_layers(root)
    for path in csource.files(root, ("include", "host", "aot", "pack", "process", "cli", "examples")):
        area, layer = owner(path)
        if area == "host" and layer not in layers:
            problems.append("%s:1: host/layers.txt has no layer '%s'" % (path, layer))
            continue
        text = csource.without_comments(csource.read(root, path))
        for m in INCLUDE.finditer(text):
            why = allowed(path, m.group(1), m.group(2), layers, root)
            if why:
                problems.append("%s:%d: includes '%s': %s"
                                % (path, csource.line_of(text, m.start()), m.group(2), why))
    return problems


if __name__ == "__main__":
    csource.main(check, "layers")
