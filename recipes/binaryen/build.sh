# SPDX-License-Identifier: Apache-2.0
#
# wasm-opt of binaryen, as Debian built it for this machine: compiling it takes longer than
# everything else together, and its output is what counts, which has a checksum, too.
# sources: binaryen-@MACHINE@
# compiler: none
#
# The oldest that Debian serves: programs that were linked there run on every newer system.

for archive in "${SRC_BINARYEN_AMD64:-}" "${SRC_BINARYEN_ARM64:-}"; do
    [ -n "$archive" ] || continue
    "$AR" p "$archive" data.tar.xz | xz -dc | tar -xf - --no-same-owner \
        ./usr/bin/wasm-opt ./usr/lib ./usr/share/doc/binaryen/copyright
done
mkdir "$OUT/bin" "$OUT/lib"
cp usr/bin/wasm-opt "$OUT/bin/"
find usr/lib -name 'libbinaryen*' -exec cp {} "$OUT/lib/" \;
licences usr/share/doc/binaryen/copyright
LD_LIBRARY_PATH=$OUT/lib "$OUT/bin/wasm-opt" --version
