# SPDX-License-Identifier: Apache-2.0
#
# What `krait build-python` was asked for: options, the environment variables that other builds of
# CPython for WASI have, and what goes together. POSIX sh, sourced by make-python.
#
# An option wins over a variable. Variables that hold yes or no take 1, yes, true, on and their
# opposites; NO_OPT and DEBUG mean yes with any value, as in the build that they come from.

command=
python=
sha256=
source=
archive=
flavor=
stdlib=
compile=
tests=
prefix=
out=
jobs=${KRAIT_JOBS:-}
sources=${KRAIT_SOURCES:-}
offline=${KRAIT_OFFLINE:-}
from=
dist=
verify=
anew=
verbose=
dry=
debug=${DEBUG:-}
no_opt=${NO_OPT:-}

print_usage() {
    cat <<END
usage: krait build-python [OPTION...]
       krait build-python --from FILE|DIR [--sha256 SUM] [OPTION...]
       krait build-python clean | dist-clean | reset

Builds CPython for WebAssembly from pinned sources, lays it out as a tree, and runs it
once. What was built before from the same inputs comes from the cache.

  --python VERSION      $(versions_lines | paste -s -d '|' | sed 's/|/, /g'), or a release of these (default: $versions_default)
  --sha256 SUM          of a release that is not in the lock; with --from: of the file
  --source DIR          build this source tree of CPython; it is not changed
  --flavor FLAVOR       portable: for every engine (default);  native: for krait's own host;
                        debug: portable with --with-pydebug;  test: with the modules that
                        CPython's own tests need
  --stdlib MODE         zip: beside the program (default);  tree: as files;  packed: inside
                        the program;  none
  --tests               with --stdlib tree: CPython's own tests, too
  --compile-stdlib WORD yes: byte code (default);  no: sources only
  --prefix DIR          where the program looks for its library (default: /usr/local)
  --out DIR             the tree (default: build-output/python/vVERSION here)
  --from FILE|DIR       take a python.wasm that was built elsewhere, check and run it
  --dist                also write an archive of the tree, with NOTICE and SBOM
  --verify              build a second time in another place and compare every byte
  --clean               build anew what the cache has
  --sources DIR         archives of the sources; --offline: fetch nothing
  --jobs N              parallel jobs (default: all processors)
  --verbose             show what compilers and configure scripts print
  --dry-run             say what would be built
  -h, --help            print this

  clean                 remove everything that was built from the cache
  dist-clean            the downloaded archives, too
  reset                 leave only archives as they were downloaded

Environment: NO_OPT (any value: no wasm-opt), DEBUG (any value: --flavor debug), CC, AR, NM, RANLIB or
RL, WASI_SDK_PATH or WASI_SDK_ROOT, PYTHON_VER, INCLUDE_STDLIB, COMPILE_STDLIB, INSTALL_PREFIX,
BUILD_PYTHON_DIR (the Python of the cross build is copied there), KRAIT_CACHE, KRAIT_CACHE_DAYS,
KRAIT_SOURCES, KRAIT_OFFLINE, KRAIT_JOBS.
END
}

# word_of NAME VALUE: yes or no.
word_of() {
    case $2 in
    1 | y | Y | yes | Yes | YES | true | True | TRUE | on | ON) printf yes ;;
    0 | n | N | no | No | NO | false | False | FALSE | off | OFF) printf no ;;
    *) wrong "$1 is yes or no, not '$2'" ;;
    esac
}

read_environment() {
    [ -z "${PYTHON_VER:-}" ] || [ -n "$python$source" ] || python=${PYTHON_VER#v}
    [ -z "${INSTALL_PREFIX:-}" ] || [ -n "$prefix" ] || prefix=$INSTALL_PREFIX
    if [ -n "${COMPILE_STDLIB:-}" ] && [ -z "$compile" ]; then
        compile=$(word_of COMPILE_STDLIB "$COMPILE_STDLIB") || exit 125
    fi
    # Not inside the program: then as files, for whoever maps them.
    if [ -n "${INCLUDE_STDLIB:-}" ] && [ -z "$stdlib" ]; then
        include=$(word_of INCLUDE_STDLIB "$INCLUDE_STDLIB") || exit 125
        if [ "$include" = yes ]; then stdlib=packed; else stdlib=tree; fi
    fi
    [ -z "${RL:-}" ] || [ -n "${RANLIB:-}" ] || RANLIB=$RL
    [ -z "${WASI_SDK_ROOT:-}" ] || [ -n "${WASI_SDK_PATH:-}" ] || WASI_SDK_PATH=$WASI_SDK_ROOT
    [ -z "${RANLIB:-}" ] || export RANLIB
    [ -z "${WASI_SDK_PATH:-}" ] || export WASI_SDK_PATH
}

options() {
    while [ $# -gt 0 ]; do
        option=$1
        case $1 in
        --python | --sha256 | --source | --flavor | --stdlib | --compile-stdlib | --prefix | --out | \
            --from | --jobs | --sources)
            [ $# -ge 2 ] && [ -n "$2" ] || wrong "$1 wants a value"
            value=$2
            shift
            ;;
        --*=*)
            option=${1%%=*}
            value=${1#*=}
            [ -n "$value" ] || wrong "$option wants a value"
            ;;
        esac
        case $option in
        --python) python=${value#v} ;;
        --sha256) sha256=$value ;;
        --source) source=$value ;;
        --flavor | --flavour) flavor=$value ;;
        --stdlib) stdlib=$value ;;
        --compile-stdlib) compile=$(word_of --compile-stdlib "$value") || exit 125 ;;
        --prefix) prefix=$value ;;
        --out) out=$value ;;
        --from) from=$value ;;
        --jobs) jobs=$value ;;
        --sources) sources=$value ;;
        --offline) offline=1 ;;
        --tests) tests=yes ;;
        --dist) dist=yes ;;
        --verify) verify=yes ;;
        --clean) anew=yes ;;
        --verbose) verbose=yes ;;
        --dry-run) dry=yes ;;
        -h | --help)
            print_usage
            exit 0
            ;;
        clean | dist-clean | reset)
            [ $# -eq 1 ] && [ -z "$command" ] || wrong "'$option' stands alone"
            command=$option
            ;;
        -*) wrong "unknown option '$option'" ;;
        *) wrong "'$option' is no option: the commands are clean, dist-clean and reset" ;;
        esac
        shift
    done
    read_environment
    check_options
}

check_options() {
    asked=$stdlib
    [ "$flavor" != portable ] || debug=
    case ${flavor:=${debug:+debug}} in
    '') flavor=portable ;;
    portable | native | debug | test) ;;
    *) wrong "there is no flavor '$flavor'; known are portable, native, debug, test" ;;
    esac
    # krait shows its own Python no zip.
    [ "$flavor" != native ] || : "${stdlib:=tree}"
    case ${stdlib:=zip} in
    packed | zip | tree | none) ;;
    *) wrong "--stdlib is packed, zip, tree or none, not '$stdlib'" ;;
    esac
    : "${compile:=yes}"
    [ -z "$tests" ] || [ "$stdlib" = tree ] || wrong "--tests goes with --stdlib tree"
    case ${prefix:=/usr/local} in
    / | */ | *//* | */./* | */../* | */. | */.. | *[!A-Za-z0-9_./+-]*) wrong "--prefix wants a plain absolute path, not '$prefix'" ;;
    /*) ;;
    *) wrong "--prefix wants an absolute path, not '$prefix'" ;;
    esac
    case $jobs in '') ;; *[!0-9]* | 0*) wrong "--jobs wants a number, not '$jobs'" ;; esac
    [ -z "$sources" ] || [ -d "$sources" ] || wrong "'$sources' is not a folder (--sources, KRAIT_SOURCES)"
    case $sources in '' | /*) ;; *) sources=$PWD/$sources ;; esac
    # What follows the name of the folder is put behind it.
    while [ "$out" != "${out%/}" ]; do
        out=${out%/}
        [ -n "$out" ] || wrong "--out is a folder of its own, not the root"
    done
    case $out in
    '' | /*) ;;
    *) out=$PWD/$out ;;
    esac
    # No option of the programs that get them.
    case $from in -*) from=./$from ;; esac
    case $source in -*) source=./$source ;; esac
    if [ -n "$from" ]; then
        [ -z "$python$source$verify" ] || wrong "--from takes what is there: not with --python, --source or --verify"
        return 0
    fi
    [ -z "$source" ] || [ -z "$python$sha256" ] || wrong "--source says the version itself: not with --python or --sha256"
    [ -z "$sha256" ] || [ -n "$python" ] || wrong "--sha256 needs the version: --python X.Y.Z"
    [ -n "$source" ] || : "${python:=$versions_default}"
    [ -z "$debug" ] || [ "$flavor" != native ] ||
        wrong "DEBUG: the native flavor has no debug build; --flavor debug is the portable one"
}

# choose_target: the recipe of the flavor; the version is known here.
choose_target() {
    known_line
    known_release
    if [ "$flavor" = native ]; then
        [ "$line" = $versions_default ] ||
            wrong "--flavor native is there for Python $versions_default only: it knows the inside of that version; portable runs on krait as a module (krait run python.wasm)"
        [ "$prefix" = /usr/local ] || wrong "--flavor native looks for its library in /usr/local only"
        [ "$stdlib" != zip ] || wrong "--flavor native reads its library from a tree: not with --stdlib zip"
        [ "$stdlib" != packed ] || wrong "--flavor native runs on krait's host alone, which has the library beside it: not with --stdlib packed"
        target=cpython-native
        return 0
    fi
    [ "$prefix" = /usr/local ] || { KRAIT_PYTHON_PREFIX=$prefix && export KRAIT_PYTHON_PREFIX; }
    if [ -n "$debug" ] || [ "$flavor" = debug ]; then
        KRAIT_PYTHON_DEBUG=1
        export KRAIT_PYTHON_DEBUG
    fi
    target=cpython
    [ "$flavor" != test ] || target=cpython-portable-test
    if [ -n "$no_opt" ]; then return 0; fi
    case $(uname -m) in
    x86_64 | aarch64) ;;
    *) die "there is no pinned wasm-opt for $(uname -m): NO_OPT=1 builds without" ;;
    esac
    if [ $target = cpython ]; then target=python-opt; else target=python-opt-test; fi
}

# The line of $python.
known_line() {
    line=${python%.*}
    case $python in *.*.*) ;; *) line=$python ;; esac
    versions_lines | grep -qxF -- "$line" ||
        wrong "there is no recipe for Python $python; known are $(versions_known)"
}

# Its archive has a checksum, from the lock or from the user.
known_release() {
    case $python in
    *[!0-9.]* | *.*.*.*) wrong "'$python' is no version of Python; known are $(versions_known)" ;;
    *.*.*)
        [ -n "$sha256" ] || versions_lock "$line" | awk -v v="$python" '$2 == v { found = 1 } END { exit !found }' ||
            wrong "the checksum of Python $python is not known: give --sha256, or take one of $(versions_known)"
        ;;
    *) [ -z "$sha256" ] || wrong "--sha256 needs the whole version: --python X.Y.Z" ;;
    esac
    case $sha256 in
    '') ;;
    *[!0-9a-f]*) wrong "--sha256 wants 64 digits 0-9, a-f, not '$sha256'" ;;
    *) [ ${#sha256} -eq 64 ] || wrong "--sha256 wants 64 digits, not ${#sha256}" ;;
    esac
}

show_plan() {
    recipes --where "$target"
    where_rc=$step_rc
    [ $where_rc -eq 0 ] || [ $where_rc -eq 3 ] || exit 1
    printf 'python %s\nflavor %s\ndebug %s\nstdlib %s\ncompile-stdlib %s\nprefix %s\nwasm-opt %s\nrecipe %s\nresult %s\nbuilt %s\n' \
        "$python" "$flavor" "$([ -n "${KRAIT_PYTHON_DEBUG:-}" ] && echo yes || echo no)" "$stdlib" "$compile" "$prefix" \
        "$(case $target in python-opt*) echo yes ;; *) echo no ;; esac)" "$target" "$(cat "$run/step")" \
        "$([ $where_rc -eq 0 ] && echo yes || echo no)"
}
