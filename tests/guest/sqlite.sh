# SPDX-License-Identifier: Apache-2.0
# SQLite in the sandbox: what it was built with, and guest/sqlite/locks.c.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
mkdir "$T/data"

cat >"$T/features.py" <<'EOF'
import sqlite3
db = sqlite3.connect(":memory:")
one = lambda sql: db.execute(sql).fetchone()[0]
db.execute("create virtual table t using fts5(x)")
db.execute("insert into t values ('a quick krait')")
assert one("select count(*) from t where t match 'quick'") == 1
assert one("""select json_extract('{"a": [1, 2]}', '$.a[1]')""") == 2
assert one("select round(sin(pi() / 2), 6)") == 1.0
options = {row[0] for row in db.execute("pragma compile_options")}
assert {"ENABLE_COLUMN_METADATA", "ENABLE_FTS5", "THREADSAFE=0", "OMIT_LOAD_EXTENSION"} <= options
EOF
check "features" "$KRAIT" run "$T/features.py"

cat >"$T/share.py" <<'EOF'
import os, sqlite3, sys
path = sys.argv[1] + "/share.db"
a = sqlite3.connect(path, isolation_level=None)
b = sqlite3.connect(path, isolation_level=None, timeout=0)
a.execute("create table t (x)")
assert not os.path.exists(path + ".lock")
a.execute("begin immediate")
a.execute("insert into t values (1)")
assert os.path.isdir(path + ".lock")
assert b.execute("select count(*) from t").fetchone() == (0,), "a reader beside a writer"
try:
    b.execute("begin immediate")
    raise SystemExit("two writers")
except sqlite3.OperationalError as e:
    assert "locked" in str(e), e
a.execute("commit")
assert not os.path.exists(path + ".lock")
assert b.execute("select count(*) from t").fetchone() == (1,)
os.symlink("share.db", sys.argv[1] + "/other.db")
c = sqlite3.connect(sys.argv[1] + "/other.db", isolation_level=None, timeout=0)
c.execute("begin")
c.execute("select * from t").fetchall()
assert b.execute("select count(*) from t").fetchone() == (1,), "one file, two names"
c.execute("commit")
assert sorted(os.listdir(sys.argv[1])) == ["other.db", "share.db"]
os.unlink(sys.argv[1] + "/other.db")
EOF
check "two connections of one program" "$KRAIT" run --dir "$T/data" "$T/share.py" "$T/data"

# Another guest: it is locked out while the first is in a transaction.
cat >"$T/hold.py" <<'EOF'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1] + "/share.db", isolation_level=None)
db.execute("begin immediate")
print("held", flush=True)
sys.stdin.readline()
db.execute("commit")
EOF
cat >"$T/want.py" <<'EOF'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1] + "/share.db", isolation_level=None, timeout=0)
try:
    db.execute("insert into t values (2)")
    print("written")
except sqlite3.OperationalError as e:
    print(e)
EOF
mkfifo "$T/in"
"$KRAIT" run --dir "$T/data" "$T/hold.py" "$T/data" <"$T/in" >"$T/held" 2>&1 &
holder=$!
exec 3>"$T/in"
waited=0
while [ ! -s "$T/held" ] && [ $waited -lt 300 ]; do
    sleep 0.1
    waited=$((waited + 1))
done
same "the first guest" "$(cat "$T/held")" held
same "the second is locked out" "$("$KRAIT" run --dir "$T/data" "$T/want.py" "$T/data" 2>&1)" "database is locked"
echo >&3
exec 3>&-
check "the first ends" wait $holder
same "now it writes" "$("$KRAIT" run --dir "$T/data" "$T/want.py" "$T/data" 2>&1)" written
same "no lock is left" "$(ls "$T/data")" share.db

cat >"$T/read.py" <<'EOF'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1] + "/share.db", timeout=0)
print(db.execute("select count(*) from t").fetchone()[0])
try:
    db.execute("insert into t values (3)")
except sqlite3.OperationalError as e:
    print(e)
EOF
same "a folder that cannot be written" "$("$KRAIT" run --dir "$T/data:ro" "$T/read.py" "$T/data" 2>&1)" \
    "2
attempt to write a readonly database"
finish
