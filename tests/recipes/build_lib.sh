# SPDX-License-Identifier: Apache-2.0
# For tests of recipes/build: recipes of a few lines, and stand-ins for the compilers.
#   one   made from the source "s" and a file that tests change
#   two   needs one
#   three nothing
. "$KRAIT_SOURCE_DIR/tests/recipes/lib.sh"
R=$T/recipes
mkdir -p "$R/one/patches" "$R/two" "$R/three"
cp "$KRAIT_SOURCE_DIR/recipes/lib.sh" "$R/"
KRAIT_RECIPES=$R
KRAIT_OFFLINE=1
KRAIT_JOBS=2
TEST_T=$T # where the recipes leave their traces
export KRAIT_RECIPES KRAIT_OFFLINE KRAIT_JOBS TEST_T
built=$KRAIT_CACHE/build

cat >"$R/one/build.sh" <<'EOF'
# sources: s
# inputs: @MORE@
echo "flags $wasm_cflags" | sed "s:$WORK:W:" >"$OUT/flags"
cat "$SRC_S" >"$OUT/source"
echo one >>"$TEST_T/ran"
[ ! -f "$TEST_T/hook" ] || . "$TEST_T/hook"
EOF
cat >"$R/two/build.sh" <<'EOF'
# needs: one
# knobs: TEST_KNOB
echo "${TEST_KNOB:-}" >"$OUT/knob"
cat "$DEP_ONE/source" >"$OUT/copy"
echo two >>"$TEST_T/ran"
EOF
cat >"$R/three/build.sh" <<'EOF'
# compiler: none
echo three >"$OUT/three"
echo three >>"$TEST_T/ran"
[ ! -f "$TEST_T/hook3" ] || . "$TEST_T/hook3"
EOF
# A folder beside the recipes that one reads, too.
mkdir "$T/more"
echo more >"$T/more/file"
sed -i "s:@MORE@:$(realpath --relative-to="$KRAIT_SOURCE_DIR" "$T/more"):" "$R/one/build.sh"
printf 'a patch\n' >"$R/one/patches/1.patch"
make_file s.tar
line_up s 1 s.tar >"$R/sources.lock"
mkdir -p "$src"
cp "$up/s.tar" "$src/"

# A compiler that knows what recipes/tools.sh asks.
cat >"$bin/fakecc" <<EOF
#!/bin/sh
for a; do
    case \$a in
    -dumpversion) cat "$T/version"; exit ;;
    -print-prog-name=*) echo "$bin/\${a#*=}"; exit ;;
    -print-libgcc-file-name) echo "$T/builtins.a"; exit ;;
    --version) echo "fakecc version \$(cat "$T/version")"; exit ;;
    -o) next=out ;;
    *) [ "\${next:-}" != out ] || { next=; printf '#!/bin/sh\nexit 0\n' >"\$a"; chmod +x "\$a"; } ;;
    esac
done
EOF
for tool in wasm-ld llvm-ar llvm-nm llvm-ranlib; do
    printf '#!/bin/sh\necho fake %s\n' "$tool" >"$bin/$tool"
done
chmod +x "$bin"/*
echo 19.1.7 >"$T/version"
echo builtins >"$T/builtins.a"
CC=fakecc
export CC

build() {
    "$KRAIT_SOURCE_DIR/recipes/build" "$@" >"$T/out" 2>"$T/err"
    rc=$?
    out=$(cat "$T/out")
    err=$(cat "$T/err")
}
ran() { cat "$T/ran" 2>/dev/null | tr '\n' ' '; }
forget() { rm -f "$T/ran"; }
temporaries() { ls "$built/tmp" 2>/dev/null; }
# wait_for FILE: until something made it.
wait_for() {
    waited=0
    while [ ! -e "$1" ] && [ $waited -lt 400 ]; do
        sleep 0.05
        waited=$((waited + 1))
    done
}
