# SPDX-License-Identifier: Apache-2.0
# Requirement 001: pip fills deps/, and Python in the sandbox imports from there. Offline: the
# packages were fetched by fetch.py.
. "$KRAIT_SOURCE_DIR/tests/requirements/lib.sh"
wheels=$(python3 "$KRAIT_SOURCE_DIR/tests/requirements/fetch.py") || skip "$wheels"
ln -s "$compat/build.sh" build.sh
out=$(./build.sh 2>&1)
same "build.sh" "$?" 0

# 001-dependencies, with a package that exists in the place of "whateverpackage". Where pip looks
# is said in the environment, so that the command has no more words than there.
PIP_NO_INDEX=1 PIP_FIND_LINKS=$wheels PIP_DISABLE_PIP_VERSION_CHECK=1
export PIP_NO_INDEX PIP_FIND_LINKS PIP_DISABLE_PIP_VERSION_CHECK
command_of 001-dependencies | sed 's/whateverpackage/python-slugify/' >command
out=$(sh -eu command 2>&1 </dev/null)
same "pip" "$?" 0
[ -d deps/slugify ] || { printf '%s\n' "$out" && finish; }
check "a dependency of the package" test -d deps/text_unidecode

cat >script.py <<'END'
import sys
import slugify
import importlib.metadata
print(slugify.slugify(" ".join(sys.argv[1:])), importlib.metadata.version("python-slugify"), slugify.__file__)
END
do_block 001-script
same "a script uses it" "$rc: $out" "0: arg1-arg2-etc 8.0.4 $T/deps/slugify/__init__.py"
finish
