# SPDX-License-Identifier: Apache-2.0
#
# python.wasm: recipes/libpython linked with guest/main, beside the library and the standard
# library. A change of guest/main costs a link. The portable one can have files inside
# (guest/pack, as a library also for other programs): docs/packing.md.
# sources: python
# needs: libpython wasi-libc zlib bzip2 xz sqlite expat mpdecimal build-python
# inputs: guest/main guest/pack include/krait/guest.h include/krait/pack_format.h tests/guest/imports.txt
#
# This is the portable flavour, for every engine. Other recipes set, and source this file:
#   flavor=native DEP_LIBPYTHON    with imports that only Krait's host can serve

flavor=${flavor:-portable}
imports=$KRAIT_ROOT/tests/guest/imports.txt
main_flags=-DNDEBUG
session=
wadup=
wraps=Py_FinalizeEx
if [ "$flavor" = native ]; then
    imports=$KRAIT_ROOT/tests/guest/imports-native.txt
    # The structures inside of CPython are those that its own headers make.
    main_flags="$main_flags -DKRAIT_NATIVE=1 -I$KRAIT_ROOT/guest/native/include"
    session=$KRAIT_ROOT/guest/session
    wadup=$KRAIT_ROOT/guest/wadup
    # What guest/session/end.c leaves out, what fresh.c makes anew, and what state.c counts.
    wraps="$wraps PyImport_ImportModule _Py_write uuid_generate_time_safe $(sed -n 's/^SKIPPED(\([A-Za-z_]*\),.*/\1/p; s/^__wrap_\(_Py[A-Za-z_]*\)(.*/\1/p' "$session/end.c" | tr '\n' ' ')"
fi
wrap_flags=
for name in $wraps; do
    wrap_flags="$wrap_flags -Wl,--wrap=$name"
done
version=${VERSION_PYTHON%.*}
build_python=$DEP_BUILD_PYTHON/bin/python3
for part in "$DEP_LIBPYTHON"/*/; do
    cp -R --preserve=mode,timestamps,links --reflink=auto "${part%/}" "$OUT/"
done
. "$OUT/link/flags"
export SOURCE_DATE_EPOCH

# No -O here: with it the driver runs a wasm-opt that is on PATH, which drops the names.
mkdir "$OUT/bin"
pack_flags=
if [ "$flavor" = portable ]; then
    wasm_objects "-D_GNU_SOURCE -I$KRAIT_ROOT/include -I$DEP_ZLIB/include" "$KRAIT_ROOT"/guest/pack/*.c
    archive "$OUT/lib/wasm32-wasi/libkrait_pack.a" obj/*.o
    rm obj/*.o
    pack_flags="-Wl,--export=krait_pack_slot -lkrait_pack"
fi
wasm_objects "$main_flags -I$OUT/include/python$version$abi -I$KRAIT_ROOT/include" "$KRAIT_ROOT"/guest/main/*.c \
    ${session:+"$session"/*.c "$wadup"/*.c}
$wasm_cc $link_flags $wrap_flags -Wl,--strip-debug -o "$OUT/bin/python.wasm" \
    obj/*.o "-L$OUT/lib/wasm32-wasi" $pack_flags "-lpython$version$abi" $libs
rm -rf "$OUT/link"
"$build_python" -I "$RECIPE/check_wasm.py" --stack "$stack" "$OUT/bin/python.wasm" "$imports"
"$build_python" -E -s "$RECIPE/manifest.py" "$OUT" "$DEP_LIBPYTHON/link/configure-args" "$link_flags" \
    "$wasm_cflags" "$flavor" "$prefix"
