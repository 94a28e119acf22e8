# SPDX-License-Identifier: Apache-2.0
"""What the tests of `krait pack` share: a module that can have files, made by hand; a reader of packed modules after
docs/pack-format.md alone; running the command; temporary folders.
"""
import lzma
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import zlib

import packimage

KRAIT = os.environ["KRAIT"]
SLOT = 1024


def uleb(value):
    return packimage._uleb(value)


def section(kind, body):
    return bytes([kind]) + uleb(len(body)) + body


def text(value):
    return uleb(len(value)) + value.encode()


def module(version=1, slot=True, extra=b"", data_count=True, most=None, start="_start"):
    """A command that does nothing, with a slot for files; two names sections to strip."""
    limits = b"\x00" + uleb(2) if most is None else b"\x01" + uleb(2) + uleb(most)
    out = b"\0asm\x01\0\0\0" + section(1, b"\x01\x60\0\0") + section(3, b"\x01\x00")
    out += section(5, b"\x01" + limits)
    out += section(6, b"\x02\x7f\x01\x41\x05\x0b\x7f\x00\x41" + packimage._sleb(SLOT) + b"\x0b")
    exports = [text(start) + b"\0\0", text("memory") + b"\x02\0"]
    if slot:
        exports.append(text("krait_pack_slot") + b"\x03\x01")
    out += section(7, uleb(len(exports)) + b"".join(exports))
    if data_count:
        out += section(12, b"\x02")
    out += section(10, b"\x01\x02\x00\x0b")
    bytes_of_slot = b"KRTSLOT\n" + struct.pack("<4I", version, 0, 0, 0)
    segments = [(16, b"data of the program"), (SLOT, bytes_of_slot)]
    out += section(11, uleb(2) + b"".join(
        b"\0\x41" + packimage._sleb(at) + b"\x0b" + uleb(len(data)) + data for at, data in segments))
    out += section(0, text("name") + b"\0\x05\x04main" + bytes(1000))
    out += section(0, text(".debug_info") + bytes(500)) + extra
    return out


def segments(wasm):
    body = dict(s for s in packimage.sections(wasm) if s[0])[11]
    count, at = packimage._read(body, 0)
    found = []
    for _ in range(count):
        assert body[at] == 0 and body[at + 1] == 0x41
        address, at = packimage._read(body, at + 2, True)
        size, at = packimage._read(body, at + 1)
        found.append((address & 0xffffffff, body[at:at + size]))
        at += size
    assert at == len(body)
    return found


def image_of(wasm):
    """The packed image: by the last segment, as the program sees it."""
    found = segments(wasm)
    where, pointer = found[-1]
    assert where == packimage.slot(wasm) + 12 and len(pointer) == 8, "the last segment is not the slot's"
    address, size = struct.unpack("<2I", pointer)
    assert found[-2][0] == address and len(found[-2][1]) == size and address % 8 == 0
    pages = dict(s for s in packimage.sections(wasm) if s[0])[5]
    minimum = packimage._read(pages, 2)[0]
    assert address + size <= minimum << 16, "the image is outside of the memory"
    return found[-2][1]


def header_of(image):
    magic, *values = packimage.HEADER.unpack_from(image)
    assert magic == packimage.MAGIC
    header = dict(zip(packimage.FIELDS, values))
    assert header["image_size"] == len(image)
    assert zlib.crc32(image[16:header["index_size"]]) == header["index_crc"]
    return header


def block(image, header, number):
    at, size, crc, length, codec = packimage.BLOCK.unpack_from(image, header["blocks_at"] + 20 * number)
    data = image[at:at + size]
    assert zlib.crc32(data) == crc
    if codec == packimage.DEFLATE:
        data = zlib.decompress(data, -15)
    elif codec == packimage.LZMA:
        filters = [{"id": lzma.FILTER_LZMA1, "preset": 9, "lc": 3, "lp": 0, "pb": 0}]
        data = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters).decompress(data)
    assert len(data) == length
    return data


def read(wasm):
    """Everything that is packed: {path: (kind, contents or target, mtime_ns, mode)}."""
    image = image_of(wasm)
    h = header_of(image)
    names = image[h["names_at"]:h["names_at"] + h["names_size"]]
    buckets = struct.unpack_from("<%dI" % h["bucket_count"], image, h["buckets_at"])
    found, todo = {}, [(0, "")]
    while todo:
        number, path = todo.pop()
        _, mtime, mode, _, first, count, _, _ = packimage.INODE.unpack_from(image, h["inodes_at"] + 40 * number)
        found[path or "/"] = ("dir", None, mtime, mode & 0o7777)
        before = b""
        for i in range(first, first + count):
            at, length, child = struct.unpack_from("<3I", image, h["entries_at"] + 12 * i)
            name = names[at:at + length]
            assert name > before, "entries are not in order"
            before = name
            bucket = packimage.hash_name(number, name) & (len(buckets) - 1)
            for _ in range(h["probes"]):
                if buckets[bucket] == i + 1:
                    break
                assert buckets[bucket], "a name is not in the table"
                bucket = (bucket + 1) & (len(buckets) - 1)
            else:
                raise AssertionError("probes is too small")
            child_path = path + "/" + name.decode()
            size, mtime, mode, _, start, blocks, _, offset = packimage.INODE.unpack_from(
                image, h["inodes_at"] + 40 * child)
            if mode & 0o170000 == 0o040000:
                todo.append((child, child_path))
            elif mode & 0o170000 == 0o120000:
                found[child_path] = ("link", names[start:start + size].decode(), mtime, mode & 0o7777)
            else:
                data = b"".join(block(image, h, start + k) for k in range(blocks))
                assert blocks < 2 or offset == 0
                found[child_path] = ("file", data[offset:offset + size], mtime, mode & 0o7777)
                assert len(found[child_path][1]) == size
    strings = []
    for at, count in ((h["argv"], h["argv_count"]), (h["env"], h["env_count"])):
        strings.append([s.decode() for s in names[at:].split(b"\0")[:count]])
    return found, strings[0], strings[1], h


def command(args):
    """Modules made here have no library, unless a test says what they have."""
    if "--python" in args and "--stdlib" not in args:
        args = ("--stdlib", "no") + args
    return [KRAIT, "pack", *map(str, args)]


def run(*args, status=0, **more):
    """krait pack ARGS: its stdout; stderr is kept in run.errors."""
    done = subprocess.run(command(args), stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    run.errors = done.stderr.decode(errors="replace")
    if done.returncode != status:
        raise AssertionError("krait pack %s: status %d instead of %d\n%s" % (
            " ".join(map(str, args)), done.returncode, status, run.errors))
    return done.stdout


def refused(words, *args, status=None, **more):
    """krait pack has to fail, say each of the words, and leave no output."""
    done = subprocess.run(command(args), stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    said = done.stderr.decode(errors="backslashreplace")
    assert done.returncode in ((125, 126, 127, 1) if status is None else (status,)), (done.returncode, said)
    for word in words:
        assert word in said, "%r is not in %r" % (word, said)
    assert "Sanitizer" not in said and "runtime error" not in said, said
    return said


def write(path, data, mtime=None):
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)
    if mtime is not None:
        os.utime(path, ns=(mtime, mtime))
    return path


def main(cases):
    """Runs the cases that the arguments name, or all, each in a new temporary folder."""
    # A shell starts what runs in its background with SIGINT ignored, and so would krait be.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    failures = 0
    for name in sys.argv[1:] or sorted(cases):
        folder = tempfile.mkdtemp(prefix="krait-pack-test.")
        os.chmod(folder, 0o755)
        try:
            os.chdir(folder)
            write(folder + "/base.wasm", module())
            result = cases[name](folder)
            if result == 77:
                return 77
            print("%s: passed" % name)
        except Exception:       # the next case runs all the same
            import traceback
            traceback.print_exc()
            failures += 1
        finally:
            os.chdir("/")
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if failures else 0
