#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the rows of a database that krait process has written, as lines of JSON.

usage: rows.py OUT.db [TABLE...]

Documents are named by their filenames, sub-content by those of all its parents with "!" between them, and sorted:
what is printed does not depend on the order in which they were processed.
"""
import json
import sqlite3
import sys


def value_of(value):
    return {"bytes": value.hex()} if isinstance(value, bytes) else value


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def text_of(name):
    """A name that is no UTF-8 is a BLOB."""
    return name.decode("utf-8", "backslashreplace") if isinstance(name, bytes) else name


def documents(database):
    """(name, uuid, status, error), sorted by name."""
    found = database.execute("SELECT uuid, filename, parent_uuid, status, error_message FROM __wadup_content").fetchall()
    names = {uuid: (text_of(filename), parent) for uuid, filename, parent, _, _ in found}

    def whole(uuid):
        parts = []
        while uuid is not None:
            filename, uuid = names[uuid]
            parts.append(filename)
        return "!".join(reversed(parts))

    return sorted((whole(uuid), uuid, status, error) for uuid, _, _, status, error in found)


def main(path, *wanted):
    database = sqlite3.connect("file:%s?mode=ro" % path.replace("?", "%3f").replace("#", "%23"), uri=True)
    tables = [name for name, in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
              if not name.startswith(("__", "sqlite_")) and (not wanted or name in wanted)]
    for name, uuid, status, error in documents(database):
        print(json.dumps(dict({"document": name, "status": status}, **({"error": error} if error else {})),
                         ensure_ascii=False))
        for table in tables:
            rows = database.execute("SELECT * FROM %s WHERE content_uuid = ? ORDER BY rowid" % quoted(table), [uuid])
            columns = [column[0] for column in rows.description]
            for row in rows:
                print(json.dumps({table: {column: value_of(value) for column, value in zip(columns, row)
                                          if column != "content_uuid"}}, ensure_ascii=False))


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    main(*sys.argv[1:])
