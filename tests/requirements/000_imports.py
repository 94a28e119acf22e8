# SPDX-License-Identifier: Apache-2.0
"""Which modules written in C can be imported: a row for each."""
import wadup

MODULES = ("array", "binascii", "bz2", "cmath", "hashlib", "io", "itertools", "lzma", "math", "struct", "time",
           "unicodedata", "zlib")


def main():
    wadup.define_table("c_extension_imports", [("module_name", "String"), ("import_successful", "Int64"),
                                               ("error_message", "String")])
    for name in MODULES:
        try:
            __import__(name)
            wadup.insert_row("c_extension_imports", [name, 1, ""])
        except ImportError as e:
            wadup.insert_row("c_extension_imports", [name, 0, str(e)])


if __name__ == "__main__":
    main()
