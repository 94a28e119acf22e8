# SPDX-License-Identifier: Apache-2.0
"""zip, tar and the three compressions; a module out of a zip."""
import bz2
import hashlib
import io
import lzma
import sys
import tarfile
import zipfile
import zlib

DATA = b"".join(b"%d squared is %d\n" % (n, n * n) for n in range(20000))

for module in (zlib, bz2, lzma):
    packed = module.compress(DATA)
    print(module.__name__, len(packed), hashlib.sha256(packed).hexdigest()[:16],
          module.decompress(packed) == DATA)
print("crc", zlib.crc32(DATA), zlib.adler32(DATA))

with zipfile.ZipFile("/data/out.zip", "w") as archive:
    for name, method in (("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED),
                         ("bzip2", zipfile.ZIP_BZIP2), ("lzma", zipfile.ZIP_LZMA)):
        entry = zipfile.ZipInfo(name + ".txt", (2020, 2, 2, 2, 2, 2))
        archive.writestr(entry, DATA, method)
    archive.writestr(zipfile.ZipInfo("inside.py", (2020, 2, 2, 2, 2, 2)), "answer = 6 * 7\n")
with zipfile.ZipFile("/data/out.zip") as archive:
    print(archive.testzip(), [(i.filename, i.compress_size) for i in archive.infolist()])

sys.path.insert(0, "/data/out.zip")
import inside  # noqa: E402
print("imported", inside.answer, inside.__file__)

with tarfile.open("/data/out.tar.xz", "w:xz") as archive:
    member = tarfile.TarInfo("data/numbers.txt")
    member.size = len(DATA)
    archive.addfile(member, io.BytesIO(DATA))
with tarfile.open("/data/out.tar.xz") as archive:
    print(archive.getnames(), archive.extractfile("data/numbers.txt").read() == DATA)
