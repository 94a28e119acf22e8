# SPDX-License-Identifier: Apache-2.0
#
# A CPython of the same version for this machine. The cross build needs it to freeze modules
# and to describe itself; it also makes the .pyc files and the zip of the standard library.
# sources: python zlib
# compiler: native
#
# As quick to build as it can be: -O1, only the modules that those jobs use, all of them
# inside. zlib is the pinned one, so that the zip has the same bytes on every machine.

unpack "$SRC_PYTHON" src --exclude=*/Lib/test --exclude=*/Lib/idlelib --exclude=*/Lib/tkinter \
    --exclude=*/Doc --exclude=*/Mac --exclude=*/PC --exclude=*/PCbuild \
    --exclude=*/lib2to3/tests
unpack "$SRC_ZLIB" zlib

mkdir zobj build
for f in adler32 compress crc32 deflate infback inffast inflate inftrees trees uncompr zutil; do
    printf '%s\n' "$f"
done | xargs -P "$JOBS" -I '{}' $BUILD_CC -O2 -c "zlib/{}.c" -o "zobj/{}.o"
ar=$(command -v ar || printf %s "$AR")
version=${VERSION_PYTHON%.*}
case $version in
3.11)
    sha2_library=
    sha2='_sha256 sha256module.c
_sha512 sha512module.c'
    ;;
*)
    sha2_library=Modules/_hacl/libHacl_Hash_SHA2.a
    sha2="_sha2 sha2module.c -I\$(srcdir)/Modules/_hacl -I\$(srcdir)/Modules/_hacl/include $sha2_library"
    ;;
esac
"$ar" rcs zobj/libz.a zobj/*.o

cd build
libc=$($BUILD_CC -print-file-name=libc.so.6)
libm=$($BUILD_CC -print-file-name=libm.so.6)
function_answers ../src/configure -D "$libc" "$libm" >functions.site
CONFIG_SITE=$PWD/functions.site ../src/configure --prefix=/usr/local --disable-test-modules --without-ensurepip \
    --without-doc-strings --disable-shared CC="$BUILD_CC" AR="$ar" CFLAGS="-O1 -g0 -w" \
    ZLIB_CFLAGS="-I$WORK/zlib" ZLIB_LIBS="$WORK/zobj/libz.a"
cat >Modules/Setup.local <<EOF
*static*
_bisect _bisectmodule.c
_heapq _heapqmodule.c
_json _json.c
_opcode _opcode.c
_random _randommodule.c
$sha2
_struct _struct.c
binascii binascii.c
math mathmodule.c
select selectmodule.c
unicodedata unicodedata.c
zlib zlibmodule.c -I$WORK/zlib $WORK/zobj/libz.a
EOF
[ -z "$sha2_library" ] || make -j "$JOBS" "$sha2_library"
make -j "$JOBS" python

# A tree that finds itself wherever it is.
mkdir -p "$OUT/bin" "$OUT/lib/python$version/lib-dynload"
cp python "$OUT/bin/python$version"
ln -s "python$version" "$OUT/bin/python3"
cp -R ../src/Lib/. "$OUT/lib/python$version/"
cd "$OUT"
bin/python3 -I -c 'import zlib, json, zipfile, sysconfig, compileall'
bin/python3 -I -m compileall -q --invalidation-mode unchecked-hash "lib/python$version"
