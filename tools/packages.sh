# SPDX-License-Identifier: Apache-2.0
#
# Which tools a checkout needs and which are missing: functions for tools/bootstrap and
# tools/setup-debian, over the list in packages.txt. POSIX sh, to be sourced; the caller
# sets pk_dir (this folder) and defines say(), which prints a line for the user.

pk_newest=40 # where the search for versions of clang starts
. "$pk_dir/../recipes/tools.sh"
pk_oldest=$tools_oldest

# True when one complete toolchain is there: the recipes decide what that is. CC and the like
# are the host compiler's here.
pk_have_toolchain() (
    unset CC AR NM RANLIB
    tools_candidates | {
        while IFS= read -r pk_cc; do
            ! tools_try "$pk_cc" || exit 0
        done
        exit 1
    }
)

# True when something compiles for this machine; the chosen clang does, a wasi-sdk may not.
pk_have_host_compiler() {
    [ -n "${WASI_SDK_PATH:-}" ] || return 0
    command -v cc || command -v gcc || command -v clang
} >/dev/null

# True when some clang here can link libFuzzer.
pk_have_fuzzer() {
    for pk_file in /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a; do
        [ -e "$pk_file" ] && return 0
    done
    return 1
}

# Prints the newest clang version for which apt offers all four packages; empty when none.
pk_offered() {
    pk_names=
    pk_n=$pk_newest
    while [ "$pk_n" -ge "$pk_oldest" ]; do
        pk_names="$pk_names clang-$pk_n lld-$pk_n llvm-$pk_n libclang-rt-$pk_n-dev-wasm32"
        pk_n=$((pk_n - 1))
    done
    # shellcheck disable=SC2086 # a list of names
    LC_ALL=C apt-cache policy $pk_names 2>/dev/null | awk -v oldest="$pk_oldest" -v newest="$pk_newest" '
        /^[a-z]/ { name = $1; sub(/:$/, "", name) }
        /^  Candidate:/ && $2 != "(none)" { have[name] = 1 }
        END {
            for (n = newest; n >= oldest; n--)
                if (have["clang-" n] && have["lld-" n] && have["llvm-" n] &&
                    have["libclang-rt-" n "-dev-wasm32"]) { print n; exit }
        }'
}

# pk_found HOW: true when what a line of packages.txt asks for is there.
pk_found() {
    case $1 in
    cmd:*)
        pk_alts=${1#cmd:},
        while [ -n "$pk_alts" ]; do
            command -v "${pk_alts%%,*}" >/dev/null && return 0
            pk_alts=${pk_alts#*,}
        done
        return 1
        ;;
    file:*) [ -e "${1#file:}" ] ;;
    toolchain) [ "$pk_toolchain" = yes ] ;;
    hostcc) pk_have_host_compiler ;;
    fuzzer) pk_have_fuzzer ;;
    *)
        say "packages.txt: '$1' is not a way to find something"
        return 1
        ;;
    esac
}

# pk_list_missing STAGES: prints "package | why" for each missing package of the stages
# (a list such as "build test"). @N@ is left as it is: which N is known comes later.
pk_list_missing() {
    if pk_have_toolchain; then pk_toolchain=yes; else pk_toolchain=no; fi
    while IFS='|' read -r pk_name pk_stage pk_how pk_why pk_licence; do
        case $pk_name in '#'* | '') continue ;; esac
        pk_name=${pk_name% }
        pk_stage=${pk_stage# }
        pk_how=${pk_how# }
        pk_why=${pk_why# }
        case " $1 " in *" ${pk_stage% } "*) ;; *) continue ;; esac
        pk_found "${pk_how% }" || printf '%s | %s\n' "$pk_name" "${pk_why% }"
    done <"$pk_dir/packages.txt"
}

# True when apt has package lists at all: a fresh container has none. Tests name another folder.
pk_have_lists() {
    for pk_file in "${KRAIT_APT_LISTS:-/var/lib/apt/lists}"/*_Packages*; do
        [ -e "$pk_file" ] && return 0
    done
    return 1
}

# The version of clang that this system's distribution is known to have, for a machine
# that cannot be asked (no lists, no root).
pk_guess() {
    pk_id=$(. /etc/os-release 2>/dev/null && printf '%s-%s' "${ID:-}" "${VERSION_ID:-}")
    case $pk_id in
    ubuntu-24.04) echo 18 ;;
    *) echo 19 ;;
    esac
}

# pk_apt COMMAND...: apt-get that neither asks nor leaves a progress bar.
pk_apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 \
        -o Dpkg::Use-Pty=0 -o APT::Color=0 --no-install-recommends "$@" </dev/null >&2
}

# pk_pick A,B...: the first of these packages that apt offers, else the last.
pk_pick() {
    pk_alts=$1,
    while [ -n "$pk_alts" ]; do
        pk_alt=${pk_alts%%,*}
        pk_alts=${pk_alts#*,}
        LC_ALL=C apt-cache policy "$pk_alt" 2>/dev/null |
            grep -q '^  Candidate: [^(]' && break
    done
    printf '%s\n' "$pk_alt"
}

# pk_names LIST N: the names of a list from pk_list_missing, with N filled in.
pk_names() {
    printf '%s\n' "$1" | sed -e 's/ |.*//' -e "s/@N@/$2/g" | while IFS= read -r pk_entry; do
        case $pk_entry in
        *,*) pk_pick "$pk_entry" ;;
        *) printf '%s\n' "$pk_entry" ;;
        esac
    done | tr '\n' ' ' | sed 's/ $//'
}

pk_no_clang() {
    say "apt knows no clang, lld, llvm and wasm32 builtins of version $pk_oldest or newer"
    say "bring its lists up to date, or install a wasi-sdk and set WASI_SDK_PATH to its folder"
}

# pk_install LIST: installs what pk_list_missing printed. Root only. The lists are brought
# up to date when there are none, when they lack a package, or when a download failed.
pk_install() {
    pk_updated=no
    if ! pk_have_lists; then
        say "apt has no package lists: apt-get update"
        pk_apt update || return 1
        pk_updated=yes
    fi
    pk_version=
    case $1 in
    *@N@*)
        pk_version=$(pk_offered)
        if [ -z "$pk_version" ] && [ $pk_updated = no ]; then
            say "apt knows no clang-$pk_oldest or newer: apt-get update"
            pk_apt update || return 1
            pk_updated=yes
            pk_version=$(pk_offered)
        fi
        if [ -z "$pk_version" ]; then
            pk_no_clang
            return 1
        fi
        ;;
    esac
    pk_todo=$(pk_names "$1" "$pk_version")
    say "apt-get install --no-install-recommends $pk_todo"
    # shellcheck disable=SC2086 # a list of names
    pk_apt install $pk_todo && return 0
    [ $pk_updated = no ] || return 1
    say "that failed: once more after apt-get update"
    pk_apt update || return 1
    # shellcheck disable=SC2086
    pk_apt install $pk_todo
}

# pk_command LIST: prints the command line that installs the list, for the user to type.
pk_command() {
    pk_version=
    case $1 in *@N@*) pk_version=$(pk_offered) ;; esac
    pk_todo=$(pk_names "$1" "${pk_version:-$(pk_guess)}")
    if pk_have_lists; then
        printf 'sudo apt-get install --no-install-recommends %s\n' "$pk_todo"
    else
        printf 'sudo apt-get update && sudo apt-get install --no-install-recommends %s\n' "$pk_todo"
    fi
}
