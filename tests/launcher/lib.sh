# SPDX-License-Identifier: Apache-2.0
# For tests of ./krait: a copy of the launcher in a small checkout of its own, a PATH on
# which only listed tools exist, and stand-ins for those that build or install.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
unset KRAIT_BUILD KRAIT_CACHE KRAIT_SOURCES KRAIT_OFFLINE KRAIT_JOBS WASI_SDK_PATH CI
for tool in flock setsid mkfifo; do
    command -v $tool >/dev/null || skip "no $tool"
done

bin=$T/bin
co="$T/check out" # the checkout: a path with a space, always
mkdir "$bin" "$co"

# real TOOL...: the system's own.
real() {
    for tool in "$@"; do
        path=$(command -v "$tool") && ln -sf "$path" "$bin/$tool"
    done
}
# fake TOOL: a stand-in, its text is stdin.
fake() {
    rm -f "$bin/$1"
    cat >"$bin/$1"
    chmod +x "$bin/$1"
}

real sh sed awk find readlink mkdir rm mv cp touch date sleep cat tail head tr dirname mkfifo \
    env chmod nproc grep flock setsid kill stty ls printf ps tty

mkdir -p "$co/tools"
cp "$KRAIT_SOURCE_DIR/krait" "$co/"
cp "$KRAIT_SOURCE_DIR/tools/bootstrap" "$KRAIT_SOURCE_DIR/tools/packages.sh" \
    "$KRAIT_SOURCE_DIR/tools/packages.txt" "$KRAIT_SOURCE_DIR/tools/setup-debian" "$co/tools/"
mkdir "$co/recipes"
cp "$KRAIT_SOURCE_DIR/recipes/tools.sh" "$co/recipes/"
for folder in cmake include/krait host/base aot pack process cli guest recipes; do
    mkdir -p "$co/$folder"
    echo x >"$co/$folder/file.c"
done
echo x >"$co/CMakeLists.txt"

# The program that the stand-in builds: shows arguments, stdin and where it runs.
cat >"$T/program" <<'EOF'
#!/bin/sh
printf 'cwd=%s\n' "$PWD"
printf 'argc=%d\n' $#
for a; do printf 'arg=[%s]\n' "$a"; done
[ "${1:-}" != stdin ] || cat
[ "${1:-}" != exit ] || exit "$2"
EOF
chmod +x "$T/program"

# cmake: says what it was asked, runs a hook of the test, and "builds" the program.
export FAKE_LOG="$T/calls" FAKE_PROGRAM="$T/program" FAKE_HOOK="$T/hook"
fake_tools() {
    fake cmake <<'EOF'
#!/bin/sh
case $1 in --version) echo 'cmake version 3.25.1'; exit ;; esac
echo "cmake $*" >>"$FAKE_LOG"
case $1 in
-S) shift; [ "$2" != -B ] || mkdir -p "$3"; exit 0 ;;
--build)
    [ ! -e "$FAKE_HOOK" ] || . "$FAKE_HOOK"
    mkdir -p "$2/bin" && cp "$FAKE_PROGRAM" "$2/bin/krait"
    ;;
esac
EOF
    for tool in make curl xz bzip2 patch musl-gcc tclsh clang-19 wasm-ld-19 llvm-ar-19 \
        llvm-nm-19 llvm-ranlib-19 python3 mandoc \
        pkg-config wast2json clang-format-19 cargo pip3 go node; do
        fake $tool <<'EOF'
#!/bin/sh
for a; do
    case $a in
    -print-libgcc-file-name) echo "${0%/bin/*}/builtins.a" ;;
    -print-prog-name=*) echo "${a#*=}" ;;
    -dumpversion) echo 19.1.7 ;;
    esac
done
EOF
    done
    touch "$T/builtins.a"
    fake id <<'EOF'
#!/bin/sh
echo "${FAKE_UID:-1000}"
EOF
    fake ctest <<'EOF'
#!/bin/sh
echo "ctest $*" >>"$FAKE_LOG"
echo "1/1 Test #1: a.b ...   Passed"
echo
echo "100% tests passed, 0 tests failed out of 1"
echo
echo "Total Test time (real) =   0.01 sec"
exit "${FAKE_CTEST:-0}"
EOF
}
fake_tools

# krait ARG...: runs the launcher; out, err and rc are what came back.
krait() {
    (PATH=$bin exec "$co/krait" "$@") >"$T/out" 2>"$T/err"
    rc=$?
    out=$(cat "$T/out")
    err=$(cat "$T/err")
}
calls() { cat "$T/calls" 2>/dev/null; }
forget() { rm -f "$T/calls"; }
