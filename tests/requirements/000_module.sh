# SPDX-License-Identifier: Apache-2.0
# A Python module from its template, with scripts/build-python-module.sh and make; and what the tests of that system
# want of a run: its flags, its tables. The Rust modules of those tests are those of examples/ here.
. "$KRAIT_SOURCE_DIR/tests/requirements/lib.sh"
toolchain
runtime=${1:-native}
fixtures=$T/fixtures
mkdir "$fixtures" examples
python3 "$KRAIT_SOURCE_DIR/tests/requirements/000_fixtures.py" "$fixtures" || exit 1
# The checkout, with folders of one's own in examples.
for name in compat scripts recipes include; do
    ln -s "$KRAIT_SOURCE_DIR/$name" "$name"
done
cp "$KRAIT_SOURCE_DIR/examples/rows.py" "$KRAIT_SOURCE_DIR"/examples/*.mk examples/
for name in python-counter python-sqlite-parser python-zip-extractor c-byte-counter; do
    mkdir "examples/$name"
    cp -R "$KRAIT_SOURCE_DIR/examples/$name/Makefile" "$KRAIT_SOURCE_DIR/examples/$name/src" "examples/$name/"
done

# --- "To create a new Python WASM module" -----------------------------------------------------

# 1 a folder, 2 src/script.py, 3 a Makefile that delegates, after the template of another example
mkdir -p examples/python-mymodule/src
cp "$KRAIT_SOURCE_DIR/tests/requirements/000_imports.py" examples/python-mymodule/src/script.py
sed 's/python_counter/python_mymodule/g; s/python-counter/python-mymodule/g' examples/python-counter/Makefile >examples/python-mymodule/Makefile
# 4 make
cd examples/python-mymodule || exit 1
do_block 000-make
same "make: status" "$rc" 0
has "make" "$out" "target/python_mymodule.wasm"
check "make builds the module" test -f target/python_mymodule.wasm
cd "$T" || exit 1
# 000-module is called with a name and a script.
command=$(command_of 000-module)
out=$(sh -c "$command \"\$@\"" sh python-mymodule examples/python-mymodule/src/script.py "$T/out" 2>&1)
same "build-python-module.sh" "$?: $out" "0: $T/out/python_mymodule.wasm"
check "the same module again" cmp out/python_mymodule.wasm examples/python-mymodule/target/python_mymodule.wasm

# --- what its tests want ------------------------------------------------------------------------

for name in python-counter python-sqlite-parser python-zip-extractor c-byte-counter; do
    check "make -C examples/$name" make --no-print-directory -C "examples/$name" "target/$(echo $name | tr - _).wasm"
done

# process_with MODULES DOCUMENTS [OPTION...]: the modules of examples, these fixtures; rows in output.db.
process_with() {
    modules=$1 documents=$2
    shift 2
    rm -rf "$T/modules" "$T/input" "$T"/output.db*
    mkdir "$T/modules" "$T/input"
    for module in $modules; do cp "examples/$module/target/"*.wasm "$T/modules/"; done
    for document in $documents; do cp "$fixtures/$document" "$T/input/"; done
    check "krait process: $modules" krait process --runtime "$runtime" --modules "$T/modules" --input "$T/input" --output "$T/output.db" "$@"
}
query() {
    python3 -c 'import sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]): print(*row)' "$T/output.db" "$1" | tr '\n' ';'
}

process_with python-sqlite-parser sample.db
same "tables of the database" "$(query 'SELECT table_name, row_count FROM db_table_stats ORDER BY 1')" "posts 5;users 3;"
process_with "python-zip-extractor c-byte-counter" test.zip
same "sizes of the archive and its members" "$(query 'SELECT filename, size_bytes FROM file_sizes JOIN __wadup_content ON content_uuid = uuid ORDER BY 1')" \
    "file1.txt 40;file2.txt 53;test.zip $(wc -c <"$fixtures/test.zip" | tr -d ' ');"
same "members are children" "$(query 'SELECT count(*) FROM __wadup_content WHERE filename LIKE "%.txt" AND parent_uuid IS NOT NULL')" "2;"
process_with "python-sqlite-parser python-zip-extractor c-byte-counter" "sample.db test.zip"
same "two roots" "$(query 'SELECT count(*) FROM __wadup_content WHERE parent_uuid IS NULL')" "2;"
same "and two children" "$(query 'SELECT count(*) FROM __wadup_content WHERE parent_uuid IS NOT NULL')" "2;"
same "all of them a success" "$(query 'SELECT DISTINCT status, error_message FROM __wadup_content')" "success None;"
same "whose sizes are known" "$(query 'SELECT count(*) FROM file_sizes')" "4;"
process_with python-counter "test1.txt test2.txt test3.txt" --threads 1
same "globals stay" "$(query 'SELECT call_number FROM call_counter ORDER BY 1')" "1;2;3;"
process_with python-mymodule test1.txt --threads 1 --max-memory 268435456 --max-stack 8388608 --max-recursion-depth 100 -v
same "modules in C" "$(query 'SELECT count(*), sum(import_successful) FROM c_extension_imports')" "13 13;"
process_with c-byte-counter "test1.txt test2.txt" --fuel 100000000000 --max-stack 1048576
same "with fuel" "$(query 'SELECT count(*) FROM file_sizes')" "2;"
process_with python-counter "test1.txt test2.txt test3.txt" --threads 1 --fuel 10000000
same "Python with fuel" "$(query 'SELECT call_number FROM call_counter ORDER BY 1')" "1;2;3;"
rm -f "$T"/output.db*
krait process --quiet --runtime "$runtime" --modules "$T/modules" --input "$T/input" --output "$T/output.db" --fuel 1000
same "Python with little fuel" "$?: $(query 'SELECT DISTINCT error_message FROM __wadup_content')" "1: Module 'python_counter' exceeded fuel limit (CPU limit);"
finish
