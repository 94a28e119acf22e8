# SPDX-License-Identifier: Apache-2.0
"""Tables, columns and the first rows of SQLite files.

The file is opened read-only where it is, /data.bin: SQLite does not copy it and writes nothing beside it.  It may
come from anybody.  Nothing of its schema is executed: no view, no trigger, no virtual table.  A table that is damaged
has a row that says so, and the others are read.
"""
import json
import sqlite3

import wadup

MAGIC = b"SQLite format 3\0"
MOST_TABLES = 10_000
FIRST_ROWS = 3
# The second is what an error of SQLite becomes whose text names something that is no UTF-8.
ERRORS = (sqlite3.Error, UnicodeDecodeError)
MOST_TEXT = 200     # characters of one value in the sample


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def connect():
    connection = sqlite3.connect("file:/data.bin?mode=ro&immutable=1", uri=True, isolation_level=None)
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    for pragma in ("trusted_schema=OFF", "query_only=ON", "cell_size_check=ON", "mmap_size=0"):
        connection.execute("PRAGMA " + pragma)
    return connection


def shown(value):
    """A value for JSON: of bytes only how many."""
    if isinstance(value, bytes):
        return {"bytes": len(value)}
    if isinstance(value, str) and len(value) > MOST_TEXT:
        return value[:MOST_TEXT] + "..."
    if isinstance(value, float) and not -1e308 < value < 1e308:
        return str(value)
    return value


def tables(connection):
    """(name, columns) of each table that has rows of its own: no virtual ones, and none that serve these."""
    found = connection.execute(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND "
        "name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name LIMIT ?", [MOST_TABLES]).fetchall()
    for name, in found:
        yield name, connection.execute("SELECT cid, name, type, \"notnull\", pk FROM pragma_table_info(?)", [name]).fetchall()


def read_table(connection, name, columns):
    count = error = None
    try:
        count = connection.execute("SELECT count(*) FROM " + quoted(name)).fetchone()[0]
    except ERRORS as e:
        error = str(e)
    wadup.insert_row("db_table_stats", [name, count, len(columns), error])
    for position, column, kind, not_null, key in columns:
        wadup.insert_row("db_columns", [name, position, column, kind, bool(not_null), key])
    if error is not None:
        return
    try:
        for number, row in enumerate(connection.execute("SELECT * FROM %s LIMIT %d" % (quoted(name), FIRST_ROWS)), 1):
            text = json.dumps({str(column[1]): shown(value) for column, value in zip(columns, row)}, ensure_ascii=False)
            wadup.insert_row("db_rows", [name, number, text])
    except ERRORS as e:
        wadup.insert_row("db_rows", [name, None, str(e)])


def main():
    wadup.define_table("db_table_stats", [("table_name", "String"), ("row_count", "Int64"), ("column_count", "Int64"),
                                          ("error", "String")])
    wadup.define_table("db_columns", [("table_name", "String"), ("position", "Int64"), ("name", "String"),
                                      ("type", "String"), ("not_null", "Boolean"), ("primary_key", "Int64")])
    wadup.define_table("db_rows", [("table_name", "String"), ("number", "Int64"), ("json", "String")])
    wadup.define_table("db_files", [("page_size", "Int64"), ("pages", "Int64"), ("encoding", "String"),
                                    ("user_version", "Int64"), ("application_id", "Int64"), ("tables", "Int64"),
                                    ("indexes", "Int64"), ("views", "Int64"), ("triggers", "Int64"),
                                    ("error", "String")])
    with open("/data.bin", "rb") as f:
        if f.read(len(MAGIC)) != MAGIC:
            return
    connection = connect()
    facts = [None] * 9
    error = None
    try:
        kinds = dict(connection.execute("SELECT type, count(*) FROM sqlite_schema GROUP BY type"))
        facts = [connection.execute("PRAGMA " + name).fetchone()[0] for name in (
            "page_size", "page_count", "encoding", "user_version", "application_id")] + [
                kinds.get(kind, 0) for kind in ("table", "index", "view", "trigger")]
        for name, columns in tables(connection):
            read_table(connection, name, columns)
    except ERRORS as e:
        error = str(e)
    finally:
        connection.close()
    wadup.insert_row("db_files", facts + [error])


if __name__ == "__main__":
    main()
