# SPDX-License-Identifier: Apache-2.0
#
# The CPython of the guest, but for this machine and with every module that can be had:
# what `krait test --on native=PROGRAM` compares with. Nothing else uses it.
# sources: python zlib bzip2 xz sqlite expat mpdecimal
# inputs: recipes/sqlite/amalgamation.sh
# compiler: native
#
# The libraries that the guest has are the same pinned ones, too. OpenSSL, libffi, readline,
# ncurses, libuuid, gdbm and Tk come from the system, as far as their development packages
# are installed; they are not part of the key. Plain -O2: it is tested, not measured.

unpack "$SRC_PYTHON" src --exclude=*/Doc --exclude=*/Mac --exclude=*/PC --exclude=*/PCbuild
mkdir -p dep/include dep/lib build
ar=$(command -v ar || printf %s "$AR")
flags="-O2 -g0 -fPIC -w"

# library NAME FLAGS FILE...: dep/lib/libNAME.a
library() {
    mkdir "$1-obj"
    name=$1
    command="$BUILD_CC $flags $2"
    shift 2
    printf '%s\n' "$@" | xargs -P "$JOBS" -I '{}' \
        sh -ec 'exec $1 -c "$3" -o "$2/$(basename "$3" .c).o"' sh "$command" "$name-obj" '{}'
    "$ar" rcs "dep/lib/lib$name.a" "$name-obj"/*.o
}

unpack "$SRC_ZLIB" zlib
library z -DHAVE_UNISTD_H zlib/adler32.c zlib/crc32.c zlib/deflate.c zlib/inf*.c zlib/trees.c \
    zlib/zutil.c zlib/compress.c zlib/uncompr.c zlib/gz*.c
cp zlib/zlib.h zlib/zconf.h dep/include/

unpack "$SRC_BZIP2" bzip2
(cd bzip2 && rm -f bzip2.c bzip2recover.c dlltest.c mk251.c spewG.c unzcrash.c)
library bz2 -D_FILE_OFFSET_BITS=64 bzip2/*.c
cp bzip2/bzlib.h dep/include/

mkdir sqlite
(cd sqlite && . "$KRAIT_ROOT/recipes/sqlite/amalgamation.sh")
library sqlite3 "-DSQLITE_ENABLE_FTS3 -DSQLITE_ENABLE_FTS4 -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_RTREE \
    -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_ENABLE_COLUMN_METADATA -DSQLITE_ENABLE_DBSTAT_VTAB \
    -DSQLITE_MAX_VARIABLE_NUMBER=250000 -DHAVE_USLEEP=1" sqlite/src/sqlite3.c
cp sqlite/src/sqlite3.h sqlite/src/sqlite3ext.h dep/include/

unpack "$SRC_EXPAT" expat --exclude=*/testdata
lib=expat/expat/lib
cat >dep/include/expat_config.h <<'EOT'
#define BYTEORDER 1234
#define HAVE_GETENTROPY 1
#define XML_CONTEXT_BYTES 1024
#define XML_DTD 1
#define XML_GE 1
#define XML_NS 1
EOT
library expat "-DHAVE_EXPAT_CONFIG_H -Idep/include" \
    $lib/xmlparse.c $lib/xmlrole.c $lib/xmltok.c $lib/random_getentropy.c
cp $lib/expat.h $lib/expat_external.h dep/include/

unpack "$SRC_XZ" xz
(
    cd xz
    ./configure --prefix="$WORK/dep" --disable-shared --disable-xz --disable-xzdec --disable-lzmadec \
        --disable-lzmainfo --disable-scripts --disable-doc --disable-nls CC="$BUILD_CC" CFLAGS="$flags"
    make -j "$JOBS" -C src/liblzma install
)
unpack "$SRC_MPDECIMAL" mpdecimal
(
    cd mpdecimal
    ./configure --disable-shared --disable-cxx CC="$BUILD_CC" LD="$BUILD_CC" CFLAGS="$flags"
    make -j "$JOBS" -C libmpdec libmpdec.a
    cp libmpdec/mpdecimal.h "$WORK/dep/include/"
    cp libmpdec/libmpdec.a "$WORK/dep/lib/"
)

cd build
unset PKG_CONFIG PKG_CONFIG_LIBDIR
../src/configure --prefix=/usr/local --with-system-expat --with-system-libmpdec --without-ensurepip \
    CC="$BUILD_CC" AR="$ar" OPT="-O2 -g0 -w" CPPFLAGS=-I../dep/include LDFLAGS=-L../dep/lib \
    LIBSQLITE3_CFLAGS=-I../dep/include LIBSQLITE3_LIBS="-L../dep/lib -lsqlite3 -lm"
make -j "$JOBS"
# -r 0: each file would be compiled three times.
make install DESTDIR="$WORK/root" COMPILEALL_OPTS="-r 0"

# A tree that finds itself wherever it is.
cp -R "$WORK/root/usr/local/." "$OUT/"
version=${VERSION_PYTHON%.*}
rm -f "$OUT/lib/libpython$version.a" "$OUT"/lib/python"$version"/config-*/libpython*.a
"$OUT/bin/python3" -I -c 'import _testcapi, zlib, bz2, lzma, sqlite3, decimal, pyexpat
print(sqlite3.sqlite_version, zlib.ZLIB_RUNTIME_VERSION, pyexpat.EXPAT_VERSION, decimal.__libmpdec_version__)'
# The tests have files that are meant to be wrong.
"$OUT/bin/python3" -I -m compileall -q -j "$JOBS" --invalidation-mode unchecked-hash \
    "$OUT/lib/python$version" || :
