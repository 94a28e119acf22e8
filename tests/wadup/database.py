# SPDX-License-Identifier: Apache-2.0
"""All values of scripts/values.py through `krait module` and `krait process`, and what SQLite has then.

SQLite itself has no NaN, which is there as the text of the interface, and no -0.0.
"""
import os
import sqlite3
import struct
import subprocess
import sys
import tempfile

SOURCE = os.environ["KRAIT_SOURCE_DIR"]
SCRIPT = os.path.join(SOURCE, "tests", "wadup", "scripts", "values.py")
RUNTIME = os.path.join(os.environ["KRAIT_RUNTIME_TREE"] + "-module", "bin", "python.wasm")
sys.path.insert(0, os.path.dirname(SCRIPT))
import values  # noqa: E402


def stored(kind, value):
    """(type, value) as the database should have it; floats as bit patterns."""
    if value is None:
        return "null", None
    if kind == "Float64":
        if value & ~(1 << 63) > 0x7FF << 52:
            return "text", "nan" if value == 0x7FF8000000000000 else "nan:0x%016x" % value
        return "real", 0 if value == 1 << 63 else value
    if kind == "Boolean":
        return "integer", int(value)
    return {"Int64": "integer", "String": "text", "Bytes": "blob"}[kind], value


def found(value, kind):
    if isinstance(value, float):
        return kind, struct.unpack("<Q", struct.pack("<d", value))[0]
    return kind, value


def compare(database):
    failures = 0
    for table, columns, rows in values.rows():
        names = ['"%s"' % name.replace('"', '""') for name, _ in columns]
        cells = "".join(", %s, typeof(%s)" % (name, name) for name in names)
        got = database.execute('select content_uuid%s from "%s" order by rowid' % (cells, table.replace('"', '""')))
        got = [[found(*row[at:at + 2]) for at in range(1, len(row), 2)] for row in got]
        wanted = [[stored(kind, value) for (_, kind), value in zip(columns, row)] for row in rows]
        if len(got) != len(wanted):
            print("table %s: %d rows, wanted %d" % (table, len(got), len(wanted)))
            failures += 1
        for one, other in zip(got, wanted):
            if one != other:
                failures += 1
                print("table %s: found %.100r, wanted %.100r" % (table, one, other))
    return failures


def main():
    if not os.path.exists(RUNTIME):
        print("skipped: there is no module runtime at " + RUNTIME)
        return 77
    with tempfile.TemporaryDirectory(prefix="krait-wadup.") as folder:
        os.mkdir(folder + "/modules")
        with open(folder + "/document", "wb") as file:
            file.write(b"a document")
        for command in (["module", "--runtime", RUNTIME, SCRIPT, "-o", folder + "/modules/values.wasm"],
                        ["process", "--quiet", "--modules", folder + "/modules", "--input", folder + "/document",
                         "--output", folder + "/out.db"]):
            done = subprocess.run([os.environ["KRAIT"], *command], capture_output=True, text=True, check=False)
            if done.returncode:
                print(" ".join(command), done.stdout, done.stderr)
                return 1
        database = sqlite3.connect(folder + "/out.db")
        status = database.execute("select status, error_message from __wadup_content").fetchall()
        failures = compare(database)
        database.close()
    print("%s, %d failed" % (status, failures))
    return 0 if status == [("success", None)] and failures == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
