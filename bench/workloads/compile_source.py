# SPDX-License-Identifier: Apache-2.0
"""compile(): tokenizer, parser and code generation."""
EXPECTED = 200

SOURCE = "\n".join(f"def f{i}(a, b=1, *c, **d):\n    if a > {i}:\n        return [x + b for x in c if x]\n"
                   f"    return {{'k': a, 'v': d.get('z', {i})}}\n" for i in range(200))


def run():
    space = {}
    exec(compile(SOURCE, "generated", "exec"), space)
    return sum(1 for name in space if name.startswith("f"))
