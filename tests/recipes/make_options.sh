# SPDX-License-Identifier: Apache-2.0
# `krait build-python`: what is asked for, by options and by variables, and what is refused.
. "$KRAIT_SOURCE_DIR/tests/recipes/make_lib.sh"
mkdir "$R/cpython-native" "$R/cpython-portable-test" "$R/python-opt-test"
printf '# sources: python\n' >"$R/cpython-native/build.sh"
cp "$R/cpython/build.sh" "$R/cpython-portable-test/"
printf '# needs: cpython-portable-test\n' >"$R/python-opt-test/build.sh"

# plan WORDS...: the plan in one line, without the result's folder.
plan() {
    make_python --dry-run "$@"
    printf '%s' "$out" | sed '/^result/d' | sed 's/.* //' | tr '\n' ' '
}
same "the default" "$(plan)" "3.13 portable no zip yes /usr/local yes python-opt no"
make_python --dry-run
default=$(printf '%s\n' "$out" | sed -n 's/^result //p')
same "native" "$(plan --flavor native)" "3.13 native no tree yes /usr/local no cpython-native no"
same "debug" "$(plan --flavor debug)" "3.13 debug yes zip yes /usr/local yes python-opt no"
make_python --dry-run --flavor debug
[ "$(printf '%s\n' "$out" | sed -n 's/^result //p')" != "$default" ] || same "debug has a key of its own" same other
same "test" "$(plan --flavor=test --stdlib=tree)" "3.13 test no tree yes /usr/local yes python-opt-test no"
same "all variables" "$(NO_OPT=0 DEBUG=1 PYTHON_VER=v3.11.2 INCLUDE_STDLIB=0 COMPILE_STDLIB=0 INSTALL_PREFIX=/opt/p plan)" \
    "3.11.2 debug yes tree no /opt/p no cpython no"
same "DEBUG and a flavor" "$(DEBUG=1 plan --flavor portable)" "3.13 portable no zip yes /usr/local yes python-opt no"
same "an option wins" "$(PYTHON_VER=3.11 INCLUDE_STDLIB=1 INSTALL_PREFIX=/opt/p COMPILE_STDLIB=0 plan --python 3.13 --stdlib none \
    --prefix /usr/local --compile-stdlib yes)" "3.13 portable no none yes /usr/local yes python-opt no"
same "INCLUDE_STDLIB=1" "$(INCLUDE_STDLIB=yes plan)" "3.13 portable no packed yes /usr/local yes python-opt no"
same "every known line" "$(for v in 3.11 3.13 3.14; do plan --python $v; done)" \
    "$(for v in 3.11 3.13 3.14; do printf '%s portable no zip yes /usr/local yes python-opt no' $v; done)"
same "any release with its sum" "$(plan --python 3.14.99 --sha256 "$(printf '%064d' 0)")" \
    "3.14.99 portable no zip yes /usr/local yes python-opt no"

# RL and WASI_SDK_ROOT are other names for RANLIB and WASI_SDK_PATH, which are asked for tools.
printf '#!/bin/sh\necho "ranlib $*" >>"%s/rl"\n' "$T" >"$T/bin/my-ranlib" && chmod +x "$T/bin/my-ranlib"
same "RL" "$(RL=$T/bin/my-ranlib plan)" "3.13 portable no zip yes /usr/local yes python-opt no"
WASI_SDK_ROOT=/nonexistent make_python --dry-run
has "WASI_SDK_ROOT" "$err" "/nonexistent/bin/clang"
CC=/nonexistent/clang make_python --dry-run
has "CC" "$err" "/nonexistent/clang: missing clang"

# refused WHAT TEXT WORDS...
refused() {
    what=$1
    text=$2
    shift 2
    make_python "$@"
    same "$what: status" "$rc $out" "125 "
    has "$what: text" "$err" "$text"
}
known="known are 3.11 (3.11.2), 3.13 (3.13.15, 3.13.5), 3.14 (3.14.7)"
refused "an unknown version" "there is no recipe for Python 3.12; $known" --python 3.12
refused "an unknown release" "the checksum of Python 3.13.1 is not known: give --sha256, or take one of 3.11" --python 3.13.1
refused "no version" "$known" --python three
refused "a half sum" "--sha256 wants 64 digits, not 4" --python 3.13.1 --sha256 1234
refused "no sum" "--sha256 wants 64 digits 0-9, a-f, not 'xyz'" --python 3.13.1 --sha256 xyz
refused "a sum without a version" "--sha256 needs the version" --sha256 1234
refused "an unknown flavor" "there is no flavor 'fast'; known are portable, native, debug, test" --flavor fast
refused "an unknown form" "--stdlib is packed, zip, tree or none, not 'all'" --stdlib all
refused "neither yes nor no" "--compile-stdlib is yes or no, not 'maybe'" --compile-stdlib maybe
refused "a relative prefix" "--prefix wants an absolute path" --prefix usr
refused "a prefix with dots" "--prefix wants a plain absolute path" --prefix /usr/../x
refused "native of another version" "portable runs on krait as a module" --flavor native --python 3.14
refused "native elsewhere" "in /usr/local only" --flavor native --prefix /opt
refused "native with a zip" "from a tree: not with --stdlib zip" --flavor native --stdlib zip
refused "an unknown option" "unknown option '--fast'" --fast
refused "a word" "'fast' is no option: the commands are clean, dist-clean and reset" fast
refused "clean with more" "'clean' stands alone" clean --python
refused "no value" "--out wants a value" --out
refused "an empty value" "--out wants a value" --out=
refused "jobs" "--jobs wants a number" --jobs many
refused "from with a version" "--from takes what is there" --from x --python 3.13
refused "source with a version" "--source says the version itself" --source x --python 3.13
COMPILE_STDLIB=perhaps make_python
same "a variable that is neither" "$rc" 125
has "says which" "$err" "COMPILE_STDLIB is yes or no, not 'perhaps'"
DEBUG=1 make_python --flavor native
has "DEBUG of native" "$err" "the native flavor has no debug build"
make_python --stdlib packed --flavor native
has "packed of native" "$err" "not with --stdlib packed"
make_python --help
same "--help" $rc 0
has "names the versions" "$out" "3.11, 3.13, 3.14"
same "nothing was built" "$(ran)" ""

# Variables of the user that have the names of ours are the user's.
mkdir "$T/users" && echo precious >"$T/users/file"
for word in new twin run helper built version krait; do
    (export "$word=$T/users"; make_python --from "$T/nothing"; make_python --dry-run)
    same "\$$word in the environment" "$(cat "$T/users/file")" precious
done

# The command of the program is the same script.
for name in build-python build; do
    same "krait $name" "$(cd "$T" && "$KRAIT" $name --dry-run | sed -n 's/^recipe //p')" python-opt
done
"$KRAIT" build-python --flavor fast >"$T/out" 2>"$T/err"
same "its status" $? 125
finish
