# SPDX-License-Identifier: Apache-2.0
"""Members of zip archives as sub-content: each becomes a document of its own.

Members that are stored without compression are emitted as slices of the archive, which copies nothing; others
are decompressed.  An archive may be a bomb: what is decompressed is limited, for one member and for all, and what the
directory says of sizes is not believed.  A member that is left out has a row that says why.
"""
import datetime
import lzma
import struct
import zipfile
import zlib

import wadup

MOST_MEMBERS = 10_000
MOST_BYTES = 64 << 20       # of one member
MOST_TOTAL = 256 << 20      # of all
MOST_RATIO = 200            # times its compressed size, beyond the first megabyte
FREE_BYTES = 1 << 20
PIECE = 1 << 16

METHODS = {0: "stored", 8: "deflate", 9: "deflate64", 12: "bzip2", 14: "lzma", 93: "zstd", 95: "xz"}


class LeftOut(Exception):
    """Why a member is not emitted."""


def modified(member):
    try:
        return datetime.datetime(*member.date_time).isoformat()
    except (ValueError, TypeError):
        return None


def slice_of(archive_file, member):
    """Where the bytes of a stored member begin, behind its local header."""
    archive_file.seek(member.header_offset)
    header = archive_file.read(30)
    if len(header) < 30 or header[:4] != b"PK\3\4":
        raise LeftOut("no local header")
    name_size, extra_size = struct.unpack_from("<HH", header, 26)
    return member.header_offset + 30 + name_size + extra_size


def check_slice(archive_file, start, member):
    crc, left = 0, member.file_size
    archive_file.seek(start)
    while left > 0:
        piece = archive_file.read(min(PIECE, left))
        if not piece:
            raise LeftOut("not complete")
        crc = zlib.crc32(piece, crc)
        left -= len(piece)
    if crc != member.CRC:
        raise LeftOut("wrong checksum")


def unpack(archive, member, limit):
    """The member's bytes; no more than `limit` are ever held."""
    parts, size = [], 0
    allowed = min(limit, max(FREE_BYTES, member.compress_size * MOST_RATIO))
    with archive.open(member) as stream:
        while True:
            piece = stream.read(PIECE)
            if not piece:
                return b"".join(parts)
            size += len(piece)
            if size > allowed:
                raise LeftOut("unpacks to more than %d bytes from %d" % (allowed, member.compress_size))
            parts.append(piece)


def emit(archive, archive_file, member, left):
    """Bytes that were decompressed for it."""
    if member.flag_bits & 1:
        raise LeftOut("encrypted")
    if member.compress_type == zipfile.ZIP_STORED and member.file_size == member.compress_size:
        start = slice_of(archive_file, member)
        check_slice(archive_file, start, member)
        wadup.emit_slice(start, member.file_size, member.filename)
        return 0
    data = unpack(archive, member, min(MOST_BYTES, left))
    wadup.emit_bytes(data, member.filename)
    return len(data)


def read(archive, archive_file):
    left = MOST_TOTAL
    members = archive.infolist()
    for number, member in enumerate(members):
        if member.is_dir():
            continue
        reason = None
        try:
            if number >= MOST_MEMBERS:
                raise LeftOut("more than %d members" % MOST_MEMBERS)
            left -= emit(archive, archive_file, member, left)
        except LeftOut as e:
            reason = str(e)
        except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError,
                ValueError, RuntimeError, struct.error) as e:
            # RuntimeError: also what the host does not take, a name that is too long, say.
            reason = "%s: %s" % (type(e).__name__, e)
        except NotImplementedError as e:
            reason = str(e)
        wadup.insert_row("zip_members", [
            member.filename, member.file_size, member.compress_size,
            METHODS.get(member.compress_type, str(member.compress_type)), modified(member), reason is None, reason])
        if number >= MOST_MEMBERS:
            break


def main():
    wadup.define_table("zip_members", [
        ("name", "String"), ("size", "Int64"), ("compressed_size", "Int64"), ("method", "String"),
        ("modified", "String"), ("emitted", "Boolean"), ("left_out", "String")])
    with open("/data.bin", "rb") as archive_file:
        # Formats that are archives by accident of their tail (a picture with a zip behind it) are not meant.
        if archive_file.read(4) not in (b"PK\3\4", b"PK\5\6"):
            return
        try:
            archive = zipfile.ZipFile(archive_file)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, UnicodeDecodeError) as e:
            wadup.insert_row("zip_members", [None, None, None, None, None, False, "no archive: %s" % e])
            return
        with archive:
            read(archive, archive_file)


if __name__ == "__main__":
    main()
