# SPDX-License-Identifier: Apache-2.0
"""Carries out WebAssembly test scripts that wast2json or wasm-tools json-from-wast converted.

A Session is one wasm_run process (tests/aot/wasm_run.c), which loads what `krait compile` made
and calls it. A Script is one converted .wast file: run() carries out every command in a session
and counts what passed. What differs between users of this module (how modules get compiled)
comes in as a function from a .wasm file to its .krt, or to None and the reason.
"""
import collections
import json
import os
import select
import subprocess

MASKS = {"f32": (0x7f800000, 0x00400000, 0x7fffffff), "f64": (0x7ff << 52, 1 << 51, (1 << 63) - 1)}
BITS = {"i8": 8, "i16": 16, "i32": 32, "i64": 64, "f32": 32, "f64": 64}
NULLS = ("refnull", "nullref", "nullfuncref", "nullexternref", "nullexnref")
ANSWER_SECONDS = 60

# Commands about the text format only: they say nothing of Krait and are counted apart.
Counts = collections.namedtuple("Counts", "passed failed text")


# -- values --------------------------------------------------------------------------------

def bits_of(kind, text):
    """The bits of a number as it stands in a script: a decimal one, signed or not, or a NaN."""
    if text.startswith("nan"):
        return MASKS[kind][0] | MASKS[kind][1]
    return int(text) % (1 << BITS[kind])


def value_text(value):
    kind = value["type"]
    bits = value.get("value", "null")
    if kind == "v128":
        lane = value["lane_type"]
        return "v128:" + b"".join(
            bits_of(lane, b).to_bytes(BITS[lane] // 8, "little") for b in bits).hex()
    return "%s:%s" % (kind, bits_of(kind, bits) if kind in BITS else bits)


def number_matches(kind, wanted, bits):
    if not wanted.startswith("nan:"):
        return bits_of(kind, wanted) == bits
    exponent, quiet, magnitude = MASKS[kind]
    if wanted == "nan:canonical":
        return bits & magnitude == exponent | quiet
    return bits & (exponent | quiet) == exponent | quiet


def lanes_match(expected, text):
    lane = expected["lane_type"]
    data = bytes.fromhex(text)
    size = BITS[lane] // 8
    found = [int.from_bytes(data[i:i + size], "little") for i in range(0, 16, size)]
    return len(found) == len(expected["value"]) and all(
        number_matches(lane, w, f) for w, f in zip(expected["value"], found))


def value_matches(expected, found):
    wanted = expected["type"]
    kind, _, bits = found.partition(":")
    if wanted == "either":
        return any(value_matches(e, found) for e in expected["values"])
    if wanted in NULLS:
        return bits == "null"
    if kind != wanted:
        return False
    value = expected.get("value")
    if kind == "v128":
        return lanes_match(expected, bits)
    if kind in BITS:
        return value is None or number_matches(kind, value, int(bits))
    if value is None:
        return bits != "null"  # any reference, but not null
    if kind == "funcref":
        return (value == "null") == (bits == "null")
    return bits == value


def values_text(values):
    return ", ".join("%s:%s" % (v["type"], v.get("value", v.get("values"))) for v in values)


# -- wasm_run ------------------------------------------------------------------------------

class Session:
    """A wasm_run process. It answers each line with one; a guest that hangs is killed."""

    def __init__(self, runner, spectest=None, arguments=(), seconds=ANSWER_SECONDS):
        self.process = subprocess.Popen([runner, *arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.seconds = seconds
        self.buffer = b""
        self.count = 0
        if spectest:
            instance, answer = self.instantiate(spectest)
            if answer == "ok":
                answer = self.ask("register", b"spectest".hex(), instance)
            if answer != "ok":
                raise RuntimeError("spectest: " + answer)

    def ask(self, *words):
        try:
            self.process.stdin.write((" ".join(map(str, words)) + "\n").encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            return "died with status %s" % self.process.wait()
        while b"\n" not in self.buffer:
            if not select.select([self.process.stdout], [], [], self.seconds)[0]:
                self.process.kill()
                return "hung for %d seconds" % self.seconds
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                return "died with status %s" % self.process.wait()
            self.buffer += more
        answer, _, self.buffer = self.buffer.partition(b"\n")
        return answer.decode("utf-8", "replace")

    def instantiate(self, krt):
        self.count += 1
        return self.count, self.ask("module", self.count, krt)

    def stop(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # it died: the commands after that have failed
        self.process.wait()
        self.process.stdout.close()


# -- scripts -------------------------------------------------------------------------------

def load_commands(path):
    with open(path, encoding="utf-8") as file:
        # wast2json 1.0.32 forgets commas between the expected results of a trap.
        return json.loads(file.read().replace('"}{"', '"}, {"'))["commands"]


def hex_name(name):
    return name.encode("utf-8").hex() or "-"


class Script:
    """One .wast file: its commands, its modules, and what came out."""

    def __init__(self, name, folder, commands, compiled, need_reasons=False):
        self.name = name
        self.folder = folder
        self.commands = commands
        self.compiled = compiled  # path of a .wasm -> (path of its .krt or None, the reason)
        self.need_reasons = need_reasons
        self.passed = self.failed = self.text = 0
        self.failures = []
        self.instances = {}
        self.definitions = {}
        self.last = self.last_definition = None
        self.session = None

    def counts(self):
        return Counts(self.passed, self.failed, self.text)

    def file(self, command):
        """The binary module of a command; None when it has the text format only."""
        if "binary_filename" in command:
            return os.path.join(self.folder, command["binary_filename"])
        if command.get("module_type", "binary") != "binary" or "filename" not in command:
            return None
        return os.path.join(self.folder, command["filename"])

    def modules(self):
        """Modules that must be compiled."""
        for command in self.commands:
            if not command["type"].startswith(("assert_invalid", "assert_malformed")):
                path = self.file(command)
                if path:
                    yield path

    def run(self, session):
        self.session = session
        for command in self.commands:
            if "filename" in command and self.file(command) is None:
                self.text += 1
                continue
            carry_out = getattr(self, "do_" + command["type"], None)
            if carry_out is None:
                self.check(False, command, "a command of an unknown kind")
            else:
                carry_out(command)

    def check(self, ok, command, text):
        if ok:
            self.passed += 1
        else:
            self.failed += 1
            self.failures.append("%s:%d: %s: %s" % (self.name, command["line"], command["type"],
                                                    text))

    # -- modules ---------------------------------------------------------------------------

    def instantiate(self, path):
        krt, reason = self.compiled(path)
        if krt is None:
            return None, "not compiled: " + reason
        return self.session.instantiate(krt)

    def do_module(self, command):
        self.last, answer = self.instantiate(self.file(command))
        self.check(answer == "ok", command, answer)
        if "name" in command:
            self.instances[command["name"]] = self.last

    def do_module_definition(self, command):
        path = self.file(command)
        krt, reason = self.compiled(path)
        self.check(krt is not None, command, "not compiled: %s" % reason)
        self.last_definition = path
        if "name" in command:
            self.definitions[command["name"]] = path

    def do_module_instance(self, command):
        path = self.definitions.get(command.get("module"), self.last_definition)
        self.last, answer = self.instantiate(path)
        self.check(answer == "ok", command, answer)
        if "instance" in command:
            self.instances[command["instance"]] = self.last

    def do_register(self, command):
        instance = self.instances.get(command["name"]) if "name" in command else self.last
        answer = self.session.ask("register", hex_name(command["as"]), instance)
        self.check(answer == "ok", command, answer)

    # -- actions ---------------------------------------------------------------------------

    def perform(self, action):
        name = action.get("module")
        instance = self.instances.get(name) if name else self.last
        if instance is None:
            return "failed there is no instance"
        if action["type"] == "get":
            return self.session.ask("get", instance, hex_name(action["field"]))
        return self.session.ask("call", instance, hex_name(action["field"]),
                                *[value_text(v) for v in action["args"]])

    def do_action(self, command):
        answer = self.perform(command["action"])
        self.check(answer.startswith("ok"), command, answer)

    def do_assert_return(self, command):
        answer = self.perform(command["action"])
        found = answer.split(" ")
        expected = command["expected"]
        ok = found[0] == "ok" and len(found) == len(expected) + 1 and all(
            value_matches(e, f) for e, f in zip(expected, found[1:]))
        self.check(ok, command, "%s(%s): found %s, wanted %s" % (
            command["action"]["field"], values_text(command["action"].get("args", [])),
            answer, values_text(expected)))

    def do_assert_trap(self, command):
        if "filename" in command:
            self.do_assert_uninstantiable(command)
            return
        answer = self.perform(command["action"])
        word, _, text = answer.partition(" ")
        # Scripts give the beginning of the reason, and sometimes an index behind it.
        wanted = command["text"]
        same = text.startswith(wanted) or wanted.startswith(text)
        self.check(word == "trap" and bool(text) and same, command,
                   "%s: found %s, wanted trap %s" % (command["action"]["field"], answer, wanted))

    def do_assert_exhaustion(self, command):
        answer = self.perform(command["action"])
        self.check(answer == "trap call stack exhausted", command, answer)

    # -- refusals --------------------------------------------------------------------------

    def do_assert_uninstantiable(self, command):
        """Instantiation begins, and ends with the trap that the script names."""
        _, answer = self.instantiate(self.file(command))
        ok = answer.startswith("failed ") and command["text"] in answer
        self.check(ok, command, "found %s, wanted trap %s" % (answer, command["text"]))

    def do_assert_unlinkable(self, command):
        """The module is fine, but not with these imports."""
        _, answer = self.instantiate(self.file(command))
        self.check(answer.startswith("failed "), command, answer)

    def do_refused(self, command):
        answer = self.session.ask("validate", self.file(command))
        ok = answer.startswith("refused ") and (
            not self.need_reasons or command["text"] in answer)
        self.check(ok, command, "found %s, wanted %s" % (answer, command["text"]))

    do_assert_invalid = do_refused
    do_assert_malformed = do_refused
