# SPDX-License-Identifier: Apache-2.0
"""Size, colours and embedded texts of pictures: PNG, JPEG with EXIF, GIF, WebP and BMP, without any library.

Nothing is decoded but headers and texts, so a picture of any size takes the same time.  A picture that is damaged
has what could be read, and a row that says what is wrong.
"""
import struct
import zlib

import wadup

MOST_TEXT = 1 << 16
MOST_TAGS = 1000
MOST_PARTS = 100_000        # chunks, segments, blocks


class Damaged(Exception):
    pass


class Picture:
    def __init__(self, kind, width=None, height=None, bits=None, colour=None, alpha=False, frames=1):
        self.kind, self.width, self.height, self.bits = kind, width, height, bits
        self.colour, self.alpha, self.frames = colour, alpha, frames
        self.tags, self.problem = [], None

    def tag(self, name, value):
        if len(self.tags) < MOST_TAGS and value not in (None, ""):
            self.tags.append((name[:200], str(value)[:MOST_TEXT]))


class Reader:
    """Bytes of a file with bounds: what is not there is damage."""

    def __init__(self, stream):
        self.stream = stream
        self.size = stream.seek(0, 2)
        stream.seek(0)

    def take(self, size):
        data = self.stream.read(size)
        if len(data) != size:
            raise Damaged("it ends at byte %d, in the middle of something" % self.size)
        return data

    def unpack(self, layout):
        return struct.unpack(layout, self.take(struct.calcsize(layout)))

    def skip(self, size):
        if self.stream.tell() + size > self.size:
            raise Damaged("it ends at byte %d, before what it announces" % self.size)
        self.stream.seek(size, 1)

    def at_end(self):
        return self.stream.tell() >= self.size


def latin(data):
    return data.decode("latin-1")


def text(data):
    return data.decode("utf-8", "replace").strip("\0 \r\n")


def inflate(data):
    unpacker = zlib.decompressobj()
    try:
        return unpacker.decompress(data, MOST_TEXT)
    except zlib.error as e:
        raise Damaged("compressed text: %s" % e) from None


# ---- PNG (W3C, third edition) ---------------------------------------------------------------

PNG_COLOURS = {0: "grey", 2: "RGB", 3: "palette", 4: "grey", 6: "RGB"}


def png_text(picture, kind, data):
    keyword, _, rest = data.partition(b"\0")
    name = "text:" + latin(keyword)
    if kind == b"tEXt":
        picture.tag(name, latin(rest))
    elif kind == b"zTXt" and rest:
        picture.tag(name, latin(inflate(rest[1:])))
    elif kind == b"iTXt" and len(rest) > 2:
        packed = rest[0] == 1
        _, _, rest = rest[2:].partition(b"\0")
        _, _, rest = rest.partition(b"\0")
        picture.tag(name, text(inflate(rest) if packed else rest))


def png_chunk(picture, kind, data):
    if kind in (b"tEXt", b"zTXt", b"iTXt"):
        png_text(picture, kind, data)
    elif kind == b"pHYs" and len(data) == 9:
        x, y, unit = struct.unpack(">IIB", data)
        picture.tag("resolution", "%d x %d per %s" % (x, y, "metre" if unit == 1 else "unit"))
    elif kind == b"tIME" and len(data) == 7:
        picture.tag("modified", "%04d-%02d-%02dT%02d:%02d:%02d" % struct.unpack(">HBBBBB", data))
    elif kind == b"gAMA" and len(data) == 4:
        picture.tag("gamma", struct.unpack(">I", data)[0] / 100000)
    elif kind == b"iCCP":
        picture.tag("profile", latin(data.partition(b"\0")[0]))
    elif kind == b"acTL" and len(data) == 8:
        picture.frames = struct.unpack(">I", data[:4])[0]
    elif kind == b"tRNS":
        picture.alpha = True
    elif kind == b"eXIf":
        exif(picture, data)


def png(reader, picture):
    reader.skip(8)
    for _ in range(MOST_PARTS):
        size, kind = reader.unpack(">I4s")
        wanted = kind != b"IDAT" and size <= MOST_TEXT * 4
        data = reader.take(size) if wanted else reader.skip(size)
        crc, = reader.unpack(">I")
        if wanted and zlib.crc32(data, zlib.crc32(kind)) != crc:
            raise Damaged("chunk %s has a wrong checksum" % ascii(latin(kind)))
        if kind == b"IHDR" and size == 13:
            picture.width, picture.height, picture.bits, colour = struct.unpack(">IIBB", data[:10])
            picture.colour, picture.alpha = PNG_COLOURS.get(colour, str(colour)), colour in (4, 6)
        elif kind == b"IEND":
            return
        elif wanted:
            png_chunk(picture, kind, data)


# ---- JPEG (ITU-T T.81) and EXIF (CIPA DC-008) -----------------------------------------------

JPEG_COLOURS = {1: "grey", 3: "YCbCr", 4: "CMYK"}
TYPES = {1: "B", 2: "s", 3: "H", 4: "I", 5: "II", 6: "b", 7: "s", 8: "h", 9: "i", 10: "ii", 11: "f", 12: "d"}
TAGS = {0x010e: "ImageDescription", 0x010f: "Make", 0x0110: "Model", 0x0112: "Orientation", 0x011a: "XResolution",
        0x011b: "YResolution", 0x0128: "ResolutionUnit", 0x0131: "Software", 0x0132: "DateTime", 0x013b: "Artist",
        0x8298: "Copyright", 0x829a: "ExposureTime", 0x829d: "FNumber", 0x8822: "ExposureProgram",
        0x8827: "ISOSpeedRatings", 0x9000: "ExifVersion", 0x9003: "DateTimeOriginal", 0x9004: "DateTimeDigitized",
        0x9201: "ShutterSpeedValue", 0x9202: "ApertureValue", 0x9204: "ExposureBiasValue", 0x9207: "MeteringMode",
        0x9209: "Flash", 0x920a: "FocalLength", 0x9286: "UserComment", 0xa001: "ColorSpace", 0xa002: "PixelXDimension",
        0xa003: "PixelYDimension", 0xa405: "FocalLengthIn35mmFilm", 0xa432: "LensSpecification", 0xa433: "LensMake",
        0xa434: "LensModel"}
GPS = {1: "GPSLatitudeRef", 2: "GPSLatitude", 3: "GPSLongitudeRef", 4: "GPSLongitude", 5: "GPSAltitudeRef",
       6: "GPSAltitude", 7: "GPSTimeStamp", 29: "GPSDateStamp"}
FOLDERS = {0x8769: TAGS, 0x8825: GPS}


def tag_value(data, order, kind, count, at):
    """The value of a directory entry as text; None for what cannot be read."""
    layout = TYPES.get(kind)
    if layout is None or count > MOST_TEXT:
        return None
    size = struct.calcsize("=" + layout) * count
    if size > 4:
        at, = struct.unpack_from(order + "I", data, at)
    if at + size > len(data):
        return None
    if layout == "s":
        raw = data[at:at + count]
        return text(raw) if kind == 2 else raw.rstrip(b"\0").decode("latin-1")
    values = struct.unpack_from(order + layout * count, data, at)
    if len(layout) == 2:
        values = ["%g" % (a / b) if b else "%d/0" % a for a, b in zip(values[::2], values[1::2])]
    return " ".join(map(str, values))


def exif(picture, data):
    """A TIFF structure: directories of entries, which name further directories.  Each is read once."""
    if data[:4] not in (b"II*\0", b"MM\0*") or len(data) < 8:
        raise Damaged("EXIF without its head")
    order = "<" if data[:2] == b"II" else ">"
    waiting, seen = [(struct.unpack_from(order + "I", data, 4)[0], TAGS)], set()
    while waiting:
        at, names = waiting.pop(0)
        if at in seen or at + 2 > len(data):
            continue
        seen.add(at)
        count, = struct.unpack_from(order + "H", data, at)
        for number in range(min(count, MOST_TAGS)):
            entry = at + 2 + 12 * number
            if entry + 12 > len(data):
                raise Damaged("EXIF ends in the middle of a directory")
            tag, kind, items = struct.unpack_from(order + "HHI", data, entry)
            if tag in FOLDERS and names is TAGS:
                waiting.append((struct.unpack_from(order + "I", data, entry + 8)[0], FOLDERS[tag]))
            elif tag in names:
                picture.tag("exif:" + names[tag], tag_value(data, order, kind, items, entry + 8))


def jpeg_segment(picture, marker, data):
    if marker == 0xfe:
        picture.tag("comment", text(data))
    elif marker == 0xe0 and data[:5] == b"JFIF\0" and len(data) >= 12:
        unit, x, y = struct.unpack(">BHH", data[7:12])
        picture.tag("resolution", "%d x %d per %s" % (x, y, ("unit", "inch", "centimetre")[unit] if unit < 3 else unit))
    elif marker == 0xe1 and data[:6] == b"Exif\0\0":
        exif(picture, data[6:])
    elif marker == 0xe1 and data.startswith(b"http://ns.adobe.com/xap/1.0/\0"):
        picture.tag("xmp", text(data[29:]))
    elif marker == 0xe2 and data[:12] == b"ICC_PROFILE\0":
        picture.tag("profile", "ICC, %d bytes" % (len(data) - 14))


def jpeg(reader, picture):
    reader.skip(2)
    for _ in range(MOST_PARTS):
        mark, = reader.unpack("B")
        while mark == 0xff:
            mark, = reader.unpack("B")
        if mark in (0x00, 0x01) or 0xd0 <= mark <= 0xd8:
            continue
        if mark in (0xd9, 0xda):
            break       # end, or the picture itself
        size, = reader.unpack(">H")
        data = reader.take(size - 2) if size >= 2 else b""
        if 0xc0 <= mark <= 0xcf and mark not in (0xc4, 0xc8, 0xcc) and len(data) >= 6:
            picture.bits, picture.height, picture.width, components = struct.unpack(">BHHB", data[:6])
            picture.colour = JPEG_COLOURS.get(components, str(components))
            picture.tag("coding", "progressive" if mark in (0xc2, 0xc6, 0xca, 0xce) else "sequential")
        else:
            jpeg_segment(picture, mark, data)
    if picture.width is None:
        raise Damaged("no frame")


# ---- GIF89a ---------------------------------------------------------------------------------


def gif_blocks(reader, wanted=0):
    data = b""
    for _ in range(MOST_PARTS):
        size, = reader.unpack("B")
        if size == 0:
            return data
        block = reader.take(size)
        if len(data) < wanted:
            data += block
    raise Damaged("blocks without an end")


def gif(reader, picture):
    version = reader.take(6)
    picture.tag("version", latin(version))
    picture.width, picture.height, flags, _, _ = reader.unpack("<HHBBB")
    picture.colour, picture.bits, picture.frames = "palette", (flags & 7) + 1, 0
    if flags & 0x80:
        reader.skip(3 << (flags & 7) + 1)
    for _ in range(MOST_PARTS):
        kind, = reader.unpack("B")
        if kind == 0x3b:
            return
        if kind == 0x2c:
            flags = reader.unpack("<4HB")[4]
            if flags & 0x80:
                reader.skip(3 << (flags & 7) + 1)
            reader.skip(1)
            gif_blocks(reader)
            picture.frames += 1
        elif kind == 0x21:
            label, = reader.unpack("B")
            data = gif_blocks(reader, MOST_TEXT)
            if label == 0xfe:
                picture.tag("comment", text(data))
            elif label == 0xf9 and data[:1] and data[0] & 1:
                picture.alpha = True
            elif label == 0xff and data[:11] == b"NETSCAPE2.0" and len(data) >= 14:
                picture.tag("loops", struct.unpack("<H", data[12:14])[0])
        else:
            raise Damaged("block of the kind %#x" % kind)


# ---- WebP (RFC 9649) ------------------------------------------------------------------------


def webp_chunk(picture, kind, data):
    if kind == b"VP8 " and len(data) >= 10 and data[3:6] == b"\x9d\x01\x2a":
        if picture.width is None:
            width, height = struct.unpack("<HH", data[6:10])
            picture.width, picture.height = width & 0x3fff, height & 0x3fff
        picture.tag("coding", "lossy")
    elif kind == b"VP8L" and len(data) >= 5 and data[0] == 0x2f:
        size, = struct.unpack("<I", data[1:5])
        if picture.width is None:
            picture.width, picture.height = (size & 0x3fff) + 1, (size >> 14 & 0x3fff) + 1
        picture.alpha = picture.alpha or bool(size >> 28 & 1)
        picture.tag("coding", "lossless")
    elif kind == b"VP8X" and len(data) >= 10:
        picture.alpha = bool(data[0] & 0x10)
        picture.width = int.from_bytes(data[4:7], "little") + 1
        picture.height = int.from_bytes(data[7:10], "little") + 1
        picture.frames = 0 if data[0] & 2 else 1
    elif kind == b"ANMF":
        picture.frames += 1
    elif kind == b"ANIM" and len(data) >= 6:
        picture.tag("loops", struct.unpack("<H", data[4:6])[0])
    elif kind == b"EXIF":
        exif(picture, data[6:] if data[:6] == b"Exif\0\0" else data)
    elif kind == b"XMP ":
        picture.tag("xmp", text(data))
    elif kind == b"ICCP":
        picture.tag("profile", "ICC, %d bytes" % len(data))


def webp(reader, picture):
    picture.colour, picture.bits = "RGB", 8
    _, size, _ = reader.unpack("<4sI4s")
    if size + 8 > reader.size:
        raise Damaged("%d bytes of %d are there" % (reader.size, size + 8))
    for _ in range(MOST_PARTS):
        if reader.at_end():
            break
        kind, size = reader.unpack("<4sI")
        # Of the picture itself the head is enough.
        head = reader.take(min(size, MOST_TEXT))
        reader.skip(size - len(head))
        webp_chunk(picture, kind, head)
        if size & 1 and not reader.at_end():
            reader.skip(1)
    if picture.width is None:
        raise Damaged("no picture in it")


# ---- BMP ------------------------------------------------------------------------------------

BMP_CODINGS = {0: "none", 1: "RLE8", 2: "RLE4", 3: "bit fields", 4: "JPEG", 5: "PNG", 6: "alpha bit fields"}


def bmp(reader, picture):
    reader.skip(14)
    size, = reader.unpack("<I")
    if size == 12:
        picture.width, picture.height, _, picture.bits = reader.unpack("<HHHH")
    elif 40 <= size <= 1024:
        picture.width, height, _, picture.bits, coding, _, x, y, _, _ = reader.unpack("<iiHHIIiiII")
        picture.height = abs(height)
        picture.tag("coding", BMP_CODINGS.get(coding, coding))
        picture.tag("order", "top to bottom" if height < 0 else "bottom to top")
        if x > 0 and y > 0:
            picture.tag("resolution", "%d x %d per metre" % (x, y))
        picture.alpha = picture.bits == 32 and (size >= 56 or coding == 6)
    else:
        raise Damaged("a header of %d bytes" % size)
    picture.colour = "palette" if picture.bits <= 8 else "RGB"


# ---- all ------------------------------------------------------------------------------------


def kind_of(head):
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG", png
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG", jpeg
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF", gif
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP", webp
    if head[:2] == b"BM" and len(head) >= 18 and struct.unpack_from("<I", head, 14)[0] in (12, 40, 52, 56, 64, 108, 124):
        return "BMP", bmp
    return None


def main():
    wadup.define_table("images", [
        ("format", "String"), ("width", "Int64"), ("height", "Int64"), ("bits", "Int64"), ("colour", "String"),
        ("has_alpha", "Boolean"), ("frames", "Int64"), ("problem", "String")])
    wadup.define_table("image_tags", [("name", "String"), ("value", "String")])
    with open("/data.bin", "rb") as stream:
        found = kind_of(stream.read(32))
        if found is None:
            return
        picture = Picture(found[0])
        try:
            found[1](Reader(stream), picture)
        except (Damaged, struct.error) as e:
            picture.problem = str(e)
    wadup.insert_row("images", [picture.kind, picture.width, picture.height, picture.bits, picture.colour,
                                picture.alpha, picture.frames, picture.problem])
    for name, value in picture.tags:
        wadup.insert_row("image_tags", [name, value])


if __name__ == "__main__":
    main()
