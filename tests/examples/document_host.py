# SPDX-License-Identifier: Apache-2.0
"""A small host for the scripts of examples/python-*, under the machine's own Python: the module wadup as the document
modules have it, and documents with their sub-content.  It prints what examples/rows.py does.

usage: document_host.py SCRIPT DOCUMENT...
"""
import json
import os
import sys
import tempfile
import traceback
import types

KINDS = {"Int64": int, "Float64": (float, int), "String": str, "Boolean": bool, "Bytes": (bytes, bytearray, memoryview)}


class Host:
    def __init__(self, path):
        self.path = path
        self.globals = {"__name__": "__main__", "__file__": path, "__builtins__": __builtins__}
        self.tables, self.rows, self.children, self.document = {}, [], [], None
        self.folder = tempfile.TemporaryDirectory(prefix="krait-document-host.")
        self.place = os.path.join(self.folder.name, "data.bin")
        with open(path, encoding="utf-8") as f:
            source = f.read()
        assert '/data.bin' in source or "wadup.document" in source
        self.code = compile(source.replace("/data.bin", self.place), path, "exec")
        module = types.ModuleType("wadup")
        for name in ("define_table", "insert_row", "emit_bytes", "emit_slice"):
            setattr(module, name, getattr(self, name))
        module.flush = lambda: None
        module.document = lambda: dict(self.document)
        sys.modules["wadup"] = module

    def define_table(self, name, columns):
        assert type(columns) is list and all(type(c) is tuple and c[1] in KINDS for c in columns), columns
        assert self.tables.setdefault(name, columns) == columns, "another schema"

    def insert_row(self, table, values):
        columns = self.tables[table]
        assert type(values) is list and len(values) == len(columns), (table, values)
        row = {}
        for (name, kind), value in zip(columns, values):
            assert value is None or isinstance(value, KINDS[kind]) and (kind == "Boolean") >= isinstance(value, bool), \
                (table, name, value)
            if isinstance(value, str):
                value.encode("utf-8")
            if isinstance(value, int):
                assert -1 << 63 <= value < 1 << 63
            if kind == "Float64" and value is not None:
                value = float(value)
            if kind == "Bytes" and value is not None:
                value = {"bytes": bytes(value).hex()}
            row[name] = int(value) if isinstance(value, bool) else value
        self.rows.append((table, row))

    def emit_bytes(self, data, filename):
        filename.encode("utf-8")
        self.children.append((filename, bytes(data)))

    def emit_slice(self, offset, length, filename):
        with open(self.place, "rb") as f:
            f.seek(offset)
            data = f.read(length)
        assert len(data) == length, "the slice is not inside of the document"
        self.emit_bytes(data, filename)

    def process(self, name, data):
        """[(whole name, lines)] of the document and all that is in it."""
        if os.path.exists(self.place):
            os.unlink(self.place)
        with open(self.place, "wb") as f:
            f.write(data)
        self.rows, self.children = [], []
        self.document = {"filename": name.split("!")[-1], "path": name, "size": len(data)}
        error = None
        try:
            exec(self.code, self.globals)   # pylint: disable=exec-used
        except SystemExit as e:
            error = e.code
        except Exception:                   # pylint: disable=broad-except
            traceback.print_exc()
            error = 1
        lines = [json.dumps({"document": name, "status": "success" if not error else "failed"}, ensure_ascii=False)]
        if error:
            return [(name, lines)]
        lines += [json.dumps({table: row}, ensure_ascii=False) for table, row in sorted(self.rows, key=lambda r: r[0])]
        found = [(name, lines)]
        for child, contents in self.children:
            found += self.process(name + "!" + child, contents)
        return found


def main(script, *documents):
    host = Host(script)
    found = []
    for path in sorted(documents, key=os.path.basename):
        with open(path, "rb") as f:
            found += host.process(os.path.basename(path), f.read())
    for _, lines in sorted(found, key=lambda item: item[0]):
        print("\n".join(lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
