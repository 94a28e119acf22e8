# SPDX-License-Identifier: Apache-2.0
"""The same work by a Python of the machine: native.py SCRIPT FOLDER OUT.db

A module is compiled once and run for each document in one process; `wadup` writes into SQLite
in large transactions.  `open` shows it the document as /data.bin.
"""
import builtins
import os
import sqlite3
import sys
import types
import uuid

TYPES = {"Int64": "INTEGER", "Float64": "REAL", "String": "TEXT"}


class Rows:
    """What `krait process` makes of a module's rows."""

    def __init__(self, path):
        self.database = sqlite3.connect(path, isolation_level=None)
        self.database.execute("PRAGMA journal_mode=WAL")
        self.database.execute("CREATE TABLE __wadup_content(uuid TEXT PRIMARY KEY, filename TEXT NOT NULL, "
                              "parent_uuid TEXT, processed_at INTEGER NOT NULL, status TEXT NOT NULL, "
                              "error_message TEXT)")
        self.tables = {}
        self.document = None
        self.count = 0
        self.database.execute("BEGIN")

    def begin(self, name):
        self.document = str(uuid.uuid4())
        self.database.execute("INSERT INTO __wadup_content VALUES(?, ?, NULL, 0, 'success', NULL)",
                              (self.document, name))
        self.count += 1
        if self.count % 2000 == 0:
            self.database.execute("COMMIT")
            self.database.execute("BEGIN")

    def define_table(self, name, columns):
        if name not in self.tables:
            text = "".join(f', "{column}" {TYPES[kind]}' for column, kind in columns)
            self.database.execute(f'CREATE TABLE "{name}"(content_uuid TEXT NOT NULL{text}, '
                                  "FOREIGN KEY(content_uuid) REFERENCES __wadup_content(uuid))")
            self.tables[name] = f'INSERT INTO "{name}" VALUES(?{", ?" * len(columns)})'

    def insert_row(self, table, values):
        self.database.execute(self.tables[table], (self.document, *values))

    def end(self):
        self.database.execute("COMMIT")
        self.database.close()


def main():
    script, folder, out = sys.argv[1:]
    with open(script, encoding="utf-8") as file:
        code = compile(file.read(), script, "exec")
    rows = Rows(out)
    module = types.ModuleType("wadup")
    module.define_table, module.insert_row = rows.define_table, rows.insert_row
    sys.modules["wadup"] = module
    real, current = builtins.open, None
    builtins.open = lambda path, *args, **options: real(current if path == "/data.bin" else path,
                                                        *args, **options)
    names = {"__name__": "__main__"}
    paths = sorted(os.path.join(base, name) for base, _, files in os.walk(folder) for name in files)
    for current in paths:
        rows.begin(os.path.basename(current))
        exec(code, names)  # the module, as `krait process` runs it
    rows.end()


main()
