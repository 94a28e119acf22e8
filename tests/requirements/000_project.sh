# SPDX-License-Identifier: Apache-2.0
# Requirement 000: a project of several files with packages in pure Python, and a source of two megabytes. Offline:
# the packages were fetched by fetch.py.
. "$KRAIT_SOURCE_DIR/tests/requirements/lib.sh"
runtime=${1:-native}
wheels=$(python3 "$KRAIT_SOURCE_DIR/tests/requirements/fetch.py") || skip "$wheels"
PIP_NO_INDEX=1 PIP_FIND_LINKS=$wheels
export PIP_NO_INDEX PIP_FIND_LINKS
package=python-multi-file/src/python_multi_file
mkdir -p "$package" input modules
cat >python-multi-file/pyproject.toml <<'END'
[project]
name = "python-multi-file"
version = "0.1.0"
dependencies = ["chardet>=5.0.0,<6", "humanize", "python-slugify"]

[tool.wadup]
entry-point = "python_multi_file"
END
cat >"$package/__init__.py" <<'END'
import wadup

from . import large
from .analyzer import analyze

COLUMNS = [("total_bytes", "Int64"), ("line_count", "Int64"), ("word_count", "Int64"), ("char_count", "Int64"),
           ("human_size", "String"), ("encoding", "String"), ("encoding_confidence", "Float64"),
           ("encoding_slug", "String"), ("large", "Int64")]


def main():
    wadup.define_table("file_analysis", COLUMNS)
    wadup.insert_row("file_analysis", analyze() + [large.last()])
    wadup.flush()
END
cat >"$package/analyzer.py" <<'END'
import chardet
import humanize
from slugify import slugify


def analyze():
    with open("/data.bin", "rb") as f:
        data = f.read()
    found = chardet.detect(data)
    text = data.decode("latin-1")
    return [len(data), text.count("\n"), len(text.split()), len(text), humanize.naturalsize(len(data)),
            found["encoding"], found["confidence"], slugify(found["encoding"] or "none")]
END
python3 -c '
for i in range(40000):
    print("def f%d(x):\n    return x * %d + len(\"%d\")\n" % (i, i, i))
print("def last():\n    return f39999(1)")' >"$package/large.py"
check "the source is large" test "$(wc -c <"$package/large.py")" -gt 2000000
printf 'Hello World\nThis is a test file\nWith multiple lines\n' >input/test.txt
python3 -c 'import sys; sys.stdout.buffer.write(bytes(range(256)))' >input/binary.bin

out=$("$KRAIT_SOURCE_DIR/scripts/build-python-project.sh" python-multi-file 2>&1)
same "build-python-project.sh" "$?: $out" "0: $T/python-multi-file/target/python_multi_file.wasm"
cp python-multi-file/target/python_multi_file.wasm modules/
check "krait process" krait process --runtime "$runtime" --modules modules --input input --output output.db
query() {
    python3 -c 'import sqlite3, sys
for row in sqlite3.connect("output.db").execute(sys.argv[1]): print(*row)' "$1" | tr '\n' ';'
}
same "the text" "$(query 'SELECT total_bytes, line_count, word_count, char_count, human_size, encoding, encoding_confidence, encoding_slug, large FROM file_analysis WHERE total_bytes <> 256')" \
    "52 3 10 52 52 Bytes ascii 1.0 ascii 40004;"
same "the other file" "$(query 'SELECT total_bytes, human_size FROM file_analysis WHERE total_bytes = 256')" "256 256 Bytes;"
same "their status" "$(query 'SELECT DISTINCT status, error_message FROM __wadup_content')" "success None;"
finish
