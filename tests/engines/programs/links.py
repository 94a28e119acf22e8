# SPDX-License-Identifier: Apache-2.0
"""Symbolic and hard links of the host."""
import errno
import os


def attempt(what, call, *args):
    try:
        result = call(*args)
    except OSError as error:
        result = errno.errorcode.get(error.errno, error.errno)
    print(what, result)


def whole(path):
    with open(path, "rb") as file:
        return file.read()


os.chdir("/data")
os.mkdir("sub")
with open("sub/target", "wb") as target:
    target.write(b"contents")
attempt("symlink", os.symlink, "sub/target", "link")
attempt("readlink", os.readlink, "link")
attempt("through it", whole, "link")
print("lstat", os.path.islink("link"), os.path.isfile("link"))
attempt("dangling", os.symlink, "nowhere", "dangling")
attempt("through that", whole, "dangling")
attempt("hard link", os.link, "sub/target", "hard")
attempt("its count", lambda: os.stat("hard").st_nlink)
attempt("remove a link", os.unlink, "link")
attempt("what it led to", whole, "sub/target")
