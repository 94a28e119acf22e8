#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fetches the packages of packages.txt into Krait's cache, through pip, which checks the sums.

usage: fetch.py

Prints their folder. What is in the cache is used as it is, so that after the first time no network
is needed; exit status 77 with the reason when they cannot be had.
"""
import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
LIST = os.path.join(HERE, "packages.txt")
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "spec"))
import tools  # noqa: E402


def cache():
    return tools.cache("requirements")


def download(folder):
    """None, or why the packages cannot be had."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
         "--require-hashes", "--only-binary", ":all:", "--implementation", "py", "--abi", "none",
         "--platform", "any", "--python-version", "3.13", "--dest", folder, "-r", LIST],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode == 0:
        return None
    return "\n  ".join(done.stdout.decode("utf-8", "replace").strip().splitlines()[-5:])


def main():
    with open(LIST, "rb") as file:
        folder = os.path.join(cache(), "wheels-" + hashlib.sha256(file.read()).hexdigest()[:16])
    with open(os.path.join(cache(), ".lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(folder):
            if os.environ.get("KRAIT_OFFLINE") == "1":
                print("the packages are not in the cache, and KRAIT_OFFLINE is set")
                return 77
            with tempfile.TemporaryDirectory(prefix=".fetch.", dir=cache()) as scratch:
                result = os.path.join(scratch, "wheels")
                why = download(result)
                if why is not None:
                    print("cannot fetch the packages: %s" % why)
                    return 77
                os.rename(result, folder)
    print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
