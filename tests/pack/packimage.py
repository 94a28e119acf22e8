# SPDX-License-Identifier: Apache-2.0
"""Images of packed files for tests, after docs/pack-format.md and nothing else: image(tree)
makes the bytes of one, splice(module, image) puts it into a module, find(module) takes it out.

A tree is a dict from paths without a leading slash to File, Link, or None (a directory). A
File that is there twice has two names. Directories on the way are made.
"""
import lzma
import struct
import zlib

MAGIC, SLOT_MAGIC, VERSION = b"KRTPACK\n", b"KRTSLOT\n", 1
HEADER = struct.Struct("<8s22I")
INODE = struct.Struct("<Qq6I")
BLOCK = struct.Struct("<5I")
STORED, DEFLATE, LZMA = 0, 1, 2
S_IFDIR, S_IFREG, S_IFLNK = 0o040000, 0o100000, 0o120000
# Fields of the header behind the magic, in order.
FIELDS = ("version index_crc index_size image_size block_log2 memory_limit inodes_at inode_count entries_at "
          "entry_count buckets_at bucket_count probes blocks_at block_count names_at names_size argv "
          "argv_count env env_count reserved").split()


class File:
    """codec is tried; together: files of equal codec that follow each other may share a block."""

    def __init__(self, data=b"", mtime=1600000000123456789, mode=0o644, codec=DEFLATE, together=False):
        self.data, self.mtime, self.mode, self.codec, self.together = data, mtime, mode, codec, together


class Link:
    def __init__(self, target, mtime=1500000000000000000):
        self.target, self.mtime = target, mtime


def hash_name(directory, name):
    h = 2166136261 ^ (directory * 2654435761 & 0xFFFFFFFF)
    for b in name:
        h = (h ^ b) * 16777619 & 0xFFFFFFFF
    return h ^ (h >> 15)


class _Names:
    def __init__(self):
        self.data, self.known = bytearray(), {}

    def add(self, text):
        if text not in self.known:
            self.known[text] = len(self.data)
            self.data += text
        return self.known[text]


def _tree(tree):
    """Inodes in order, as [object, parent, {name: number}]; links to the same File share one."""
    nodes, numbers = [[None, 0, {}]], {}
    for path in sorted(tree):
        what, at = tree[path], 0
        parts = path.encode().split(b"/")
        for i, part in enumerate(parts):
            leaf = i == len(parts) - 1
            names = nodes[at][2]
            if part not in names:
                thing = what if leaf else None
                if thing is not None and id(thing) in numbers:
                    names[part] = numbers[id(thing)]
                else:
                    names[part] = len(nodes)
                    if thing is not None:
                        numbers[id(thing)] = len(nodes)
                    nodes.append([thing, at if thing is None else 0, {}])
            at = names[part]
    return nodes


def _pack(piece, codec):
    """(codec, bytes): as it is when that is no longer."""
    if codec == DEFLATE:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = packer.compress(piece) + packer.flush()
    elif codec == LZMA:
        packed = lzma.compress(piece, lzma.FORMAT_RAW, filters=[
            {"id": lzma.FILTER_LZMA1, "preset": 9, "lc": 3, "lp": 0, "pb": 0}])
    return (codec, packed) if codec != STORED and len(packed) < len(piece) else (STORED, piece)


class _Contents:
    """Blocks: add() says where a file is, pieces are [codec, bytes], the last one open for more."""

    def __init__(self, log2):
        self.most, self.pieces, self.is_open = 1 << log2, [], False

    def add(self, file):
        """(first block, count, offset)."""
        data, first = file.data, len(self.pieces)
        if not data:
            return 0, 0, 0
        if (file.together and self.is_open and self.pieces[-1][0] == file.codec
                and len(self.pieces[-1][1]) + len(data) <= self.most):
            offset = len(self.pieces[-1][1])
            self.pieces[-1][1] += data
            return first - 1, 1, offset
        for i in range(0, len(data), self.most):
            self.pieces.append([file.codec, data[i:i + self.most]])
        self.is_open = file.together and len(data) < self.most
        return first, len(self.pieces) - first, 0

    def table(self, at):
        rows, contents = [], bytearray()
        for codec, piece in self.pieces:
            used, stored = _pack(piece, codec)
            rows.append((at + len(contents), len(stored), zlib.crc32(stored), len(piece), used))
            contents += stored
        return rows, bytes(contents)


def _buckets(entries):
    """Entries are (directory, name): the table and how far a search goes."""
    count = 1
    while count < 2 * len(entries) + 1:
        count *= 2
    table = [0] * count
    for number, (directory, name) in enumerate(entries):
        at = hash_name(directory, name) & (count - 1)
        while table[at]:
            at = (at + 1) & (count - 1)
        table[at] = number + 1
    probes = run = 1
    for used in table + table:
        run = run + 1 if used else 1
        probes = max(probes, min(run, count))
    return table, probes


def image(tree, argv=(), env=(), memory_limit=0, log2=17, dir_mtime=1400000000000000007):
    nodes, names = _tree(tree), _Names()
    nlink, subdirs = {}, {}
    for thing, parent, children in nodes:
        for child in children.values():
            nlink[child] = nlink.get(child, 0) + 1
    for number, (thing, parent, children) in enumerate(nodes):
        subdirs[number] = sum(1 for c in children.values() if nodes[c][0] is None)
    inodes, entries, keys, contents = [], [], [], _Contents(log2)
    for number, (thing, parent, children) in enumerate(nodes):
        if thing is None:
            inodes.append((0, dir_mtime, S_IFDIR | 0o755, 2 + subdirs[number], len(entries), len(children),
                           parent, 0))
            for name in sorted(children):
                entries.append((names.add(name), len(name), children[name]))
                keys.append((number, name))
        elif isinstance(thing, Link):
            target = thing.target.encode()
            inodes.append((len(target), thing.mtime, S_IFLNK | 0o777, nlink[number], names.add(target), 0, 0, 0))
        else:
            first, count, offset = contents.add(thing)
            inodes.append((len(thing.data), thing.mtime, S_IFREG | thing.mode, nlink[number], first, count, 0, offset))
    strings = [b"".join(s.encode() + b"\0" for s in some) for some in (argv, env)]
    argv_at, env_at = (names.add(s) if s else 0 for s in strings)
    buckets, probes = _buckets(keys)
    rows = contents.table(0)[0]
    parts = [b"".join(INODE.pack(*i) for i in inodes), b"".join(struct.pack("<3I", *e) for e in entries),
             struct.pack("<%dI" % len(buckets), *buckets), bytes(BLOCK.size * len(rows)), bytes(names.data)]
    at, places = HEADER.size, []
    for part in parts:
        places.append(at)
        at += (len(part) + 7) // 8 * 8
    rows, stored = contents.table(at)
    parts[3] = b"".join(BLOCK.pack(*row) for row in rows)
    header = dict(version=VERSION, index_crc=0, index_size=at, image_size=at + len(stored), block_log2=log2,
                  memory_limit=memory_limit, inodes_at=places[0], inode_count=len(inodes), entries_at=places[1],
                  entry_count=len(entries), buckets_at=places[2], bucket_count=len(buckets), probes=probes,
                  blocks_at=places[3], block_count=len(rows), names_at=places[4], names_size=len(names.data),
                  argv=argv_at, argv_count=len(argv), env=env_at, env_count=len(env), reserved=0)
    index = bytearray(HEADER.pack(MAGIC, *(header[f] for f in FIELDS)))
    for part in parts:
        index += part + bytes(-len(part) % 8)
    return bytes(seal(index)) + stored


def seal(image):
    """The image with the right checksum over its index."""
    image = bytearray(image)
    size = struct.unpack_from("<I", image, 16)[0]
    struct.pack_into("<I", image, 12, zlib.crc32(image[16:size]))
    return image


def field(name):
    """Offset of a field of the header."""
    return 8 + 4 * FIELDS.index(name)


# The module.

def _uleb(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _sleb(value):
    out = bytearray()
    while not -64 <= value < 64:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value & 127)
    return bytes(out)


def _read(data, at, signed=False):
    value = shift = 0
    while True:
        b = data[at]
        at += 1
        value |= (b & 127) << shift
        shift += 7
        if b < 128:
            return (value - (1 << shift) if signed and b & 64 else value), at


def sections(module):
    at, found = 8, []
    while at < len(module):
        kind = module[at]
        size, at = _read(module, at + 1)
        found.append([kind, bytes(module[at:at + size])])
        at += size
    return found


def _name(data, at):
    size, at = _read(data, at)
    return data[at:at + size], at + size


def slot(module):
    """Address of the slot: the value of the exported global."""
    number, parts = None, dict(s for s in sections(module) if s[0])
    count, at = _read(parts[7], 0)
    for _ in range(count):
        name, at = _name(parts[7], at)
        kind = parts[7][at]
        index, at = _read(parts[7], at + 1)
        if kind == 3 and name == b"krait_pack_slot":
            number = index
    count, at = _read(parts[6], 0)
    for i in range(count):
        assert parts[6][at + 2] == 0x41, "a global that is not i32.const"
        value, at = _read(parts[6], at + 3, True)
        at += 1
        if i == number:
            return value & 0xFFFFFFFF
    raise ValueError("the module has no krait_pack_slot")


def splice(module, image):
    """The module with an image behind its memory. One memory, no image yet."""
    out, where = bytearray(module[:8]), slot(module)
    pages = start = 0
    for kind, body in sections(module):
        if kind == 5:
            flags = body[1]
            pages, at = _read(body, 2)
            start = pages << 16
            body = body[:2] + _uleb(pages + (len(image) + 65535 >> 16)) + body[at:]
            assert body[0] == 1 and not flags
        elif kind == 12:
            body = _uleb(_read(body, 0)[0] + 2)
        elif kind == 11:
            count, at = _read(body, 0)
            body = _uleb(count + 2) + body[at:]
            for address, data in ((start, image), (where + 12, struct.pack("<2I", start, len(image)))):
                address -= (address & 1 << 31) << 1
                body += b"\0\x41" + _sleb(address) + b"\x0b" + _uleb(len(data)) + data
        out += bytes([kind]) + _uleb(len(body)) + body
    return bytes(out)
