# SPDX-License-Identifier: Apache-2.0
#
# Which compiler the recipes use. POSIX sh, to be sourced; the caller provides say().
#
# A clang for wasm32 with its wasm-ld, llvm-ar and compiler builtins, version 19 or newer:
# the one in WASI_SDK_PATH, the one that CC names, else the newest of clang-N on PATH, else
# plain clang. AR, NM and RANLIB override what belongs to it. BUILD_CC (else that clang, else
# cc, gcc) compiles the few programs that run on this machine during the build.
# tools_find sets CC AR NM RANLIB BUILD_CC TARGET BUILTINS CC_ID BUILD_CC_ID and exports them.

tools_oldest=19
tools_newest=40

# tools_builtins CC TRIPLE: prints the library of compiler builtins that CC would link.
tools_builtins() {
    tools_file=$($1 --target="$2" --rtlib=compiler-rt -print-libgcc-file-name 2>/dev/null) &&
        [ -f "$tools_file" ] && printf '%s' "$tools_file"
}

tools_major() {
    $1 -dumpversion 2>/dev/null | sed -n '1s/^\([0-9][0-9]*\).*/\1/p'
}

# tools_prog CC NAME: the program of CC's own installation, or one of that name on PATH.
tools_prog() {
    tools_p=$($1 -print-prog-name="$2" 2>/dev/null)
    case $tools_p in
    /*) [ -x "$tools_p" ] || return 1 ;;
    *) tools_p=$(command -v "$2-$(tools_major "$1")" || command -v "$2") || return 1 ;;
    esac
    printf '%s' "$tools_p"
}

# tools_try CC: 0 when it is complete. Otherwise what it lacks is in tools_lack, as the name
# of the Debian package, and 1.
tools_try() {
    tools_lack=
    tools_n=$(tools_major "$1")
    if [ -z "$tools_n" ]; then
        tools_lack="clang-19"
        return 1
    fi
    if [ "$tools_n" -lt $tools_oldest ]; then
        tools_lack="clang-$tools_oldest or newer ('$1' is version $tools_n)"
        return 1
    fi
    tools_prog "$1" wasm-ld >/dev/null || tools_lack="$tools_lack lld-$tools_n"
    for tools_x in "${AR:-llvm-ar}" "${NM:-llvm-nm}" "${RANLIB:-llvm-ranlib}"; do
        case $tools_x in
        llvm-*) tools_prog "$1" "$tools_x" >/dev/null ;;
        *) command -v "$tools_x" >/dev/null || { tools_lack="$tools_lack '$tools_x'" && break; } ;;
        esac || { tools_lack="$tools_lack llvm-$tools_n"; break; }
    done
    # clang 19 looks for the builtins of wasm32-wasip1 where Debian does not put them, but
    # finds them under the older name of the same target.
    TARGET=
    for tools_t in wasm32-wasip1 wasm32-wasi; do
        if BUILTINS=$(tools_builtins "$1" $tools_t); then
            TARGET=$tools_t
            break
        fi
    done
    [ -n "$TARGET" ] || tools_lack="$tools_lack libclang-rt-$tools_n-dev-wasm32"
    tools_lack=${tools_lack# }
    [ -z "$tools_lack" ]
}

# The compilers to look at, best first.
tools_candidates() {
    if [ -n "${WASI_SDK_PATH:-}" ]; then
        printf '%s\n' "$WASI_SDK_PATH/bin/clang"
    elif [ -n "${CC:-}" ]; then
        printf '%s\n' "$CC"
    else
        tools_i=$tools_newest
        while [ $tools_i -ge $tools_oldest ]; do
            ! command -v clang-$tools_i >/dev/null || printf 'clang-%s\n' "$tools_i"
            tools_i=$((tools_i - 1))
        done
        ! command -v clang >/dev/null || printf 'clang\n'
    fi
}

tools_explain() {
    say "no complete compiler for WebAssembly: clang $tools_oldest or newer with lld, llvm-ar and the wasm32 builtins"
    if [ -s "$1" ]; then sed 's/^/krait:   /' "$1" >&2; else
        say "  no clang on PATH; Debian packages: clang-19 lld-19 llvm-19 libclang-rt-19-dev-wasm32"
    fi
    say "  or set WASI_SDK_PATH to the folder of a wasi-sdk"
}

# tools_native DIR CC: 0 when it links programs for this machine. (They are not run: DIR may
# be on a file system that does not allow it.)
tools_native() {
    printf '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n' >"$1/t.c"
    $2 -o "$1/t" "$1/t.c" 2>/dev/null
}

# tools_find DIR: DIR is for temporary files. 1: something is missing, and it was said what.
tools_find() {
    tools_candidates >"$1/candidates"
    : >"$1/lacking"
    tools_cc=
    while IFS= read -r tools_c; do
        if tools_try "$tools_c"; then
            tools_cc=$tools_c
            break
        fi
        printf '%s: missing %s\n' "$tools_c" "$tools_lack" >>"$1/lacking"
    done <"$1/candidates"
    if [ -z "$tools_cc" ]; then
        tools_explain "$1/lacking"
        return 1
    fi
    CC=$tools_cc
    AR=${AR:-$(tools_prog "$CC" llvm-ar)}
    NM=${NM:-$(tools_prog "$CC" llvm-nm)}
    RANLIB=${RANLIB:-$(tools_prog "$CC" llvm-ranlib)}
    tools_found=
    for tools_c in "${BUILD_CC:-$CC}" cc gcc clang; do
        if tools_native "$1" "$tools_c"; then
            tools_found=$tools_c
            break
        fi
        [ -z "${BUILD_CC:-}" ] || break
    done
    if [ -z "$tools_found" ]; then
        say "'${BUILD_CC:-$CC}' makes no programs for this machine; Debian package: libc6-dev"
        return 1
    fi
    BUILD_CC=$tools_found
    tools_programs || return 1
    tools_ld=$(tools_prog "$CC" wasm-ld)
    CC_ID="$($CC --version | head -n 1); $($tools_ld --version | head -n 1); builtins $(sha256sum <"$BUILTINS" | cut -c1-16)"
    BUILD_CC_ID="$($BUILD_CC --version | head -n 1), $(uname -m)"
    export CC AR NM RANLIB BUILD_CC TARGET BUILTINS CC_ID BUILD_CC_ID
}

# The other programs that recipes call.
tools_programs() {
    tools_rc=0
    for tools_x in make:make cmake:cmake tar:tar xz:xz-utils gzip:gzip \
        patch:patch sha256sum:coreutils flock:util-linux setsid:util-linux; do
        command -v "${tools_x%%:*}" >/dev/null && continue
        say "'${tools_x%%:*}' is missing; Debian package: ${tools_x#*:}"
        tools_rc=1
    done
    return $tools_rc
}
