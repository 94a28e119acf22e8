/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a project asks for: pyproject.toml ("Declaring project metadata" and the dependency specifiers of
 * packaging.python.org), and the block of metadata that a script may begin with (PEP 723).
 *
 * Python's own tomllib reads them, in the sandbox.  Of requires-python only versions are
 * compared, without the letters of pre-releases.
 */
#include "module.h"

#include <stdlib.h>
#include <string.h>

#define WORK "/tmp/krait-module"

/* Writes lines KEY=VALUE, or one line !TEXT. */
static const char reader[] =
    "import re, sys, tomllib\n"
    "work, kind = sys.argv[1:3]\n"
    "def answer(text):\n"
    "    with open(work + '/answer', 'w', encoding='utf-8', errors='replace') as f:\n"
    "        f.write(text)\n"
    "    raise SystemExit\n"
    "def stop(text):\n"
    "    answer('!' + ' '.join(text.split()) + '\\n')\n"
    "def table(data, *names):\n"
    "    for i, name in enumerate(names):\n"
    "        data = data.get(name, {})\n"
    "        if not isinstance(data, dict):\n"
    "            stop('[%s] is no table' % '.'.join(names[:i + 1]))\n"
    "    return data\n"
    "def text_of(value, where):\n"
    "    if not isinstance(value, str) or not value or not value.isprintable():\n"
    "        stop('%s is no text: %.100r' % (where, value))\n"
    "    return value\n"
    "def numbers(text):\n"
    "    return [int(n) for n in text.split('.')][:3]\n"
    "def fits(spec):\n"
    "    have = list(sys.version_info[:3])\n"
    "    for part in filter(None, map(str.strip, spec.split(','))):\n"
    "        m = "
    "re.fullmatch(r'(~=|===?|!=|<=|>=|<|>)\\s*([0-9]{1,9}(?:\\.[0-9]{1,9}){0,2})(\\.\\*)?', "
    "part)\n"
    "        if m is None:\n"
    "            stop('requires-python = %r cannot be understood' % spec)\n"
    "        op, wanted, star = m[1], numbers(m[2]), m[3]\n"
    "        full = wanted + [0] * (3 - len(wanted))\n"
    "        same = have[:len(wanted)] == wanted if star else have == full\n"
    "        if not {'==': same, '===': same, '!=': not same, '<': have < full, '>': have > full,\n"
    "                '<=': have <= full, '>=': have >= full,\n"
    "                '~=': have >= full and have[:len(wanted) - 1] == wanted[:-1]}[op]:\n"
    "            return False\n"
    "    return True\n"
    "try:\n"
    "    with open(work + '/in', encoding='utf-8-sig') as f:\n"
    "        text = f.read()\n"
    "    if kind == 'script':\n"
    "        blocks = [m for m in re.finditer(\n"
    "            r'(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\\s(?P<content>(^#(| .*)$\\s)+)^# ///$', "
    "text)\n"
    "            if m['type'] == 'script']\n"
    "        if not blocks:\n"
    "            answer('')\n"
    "        if len(blocks) > 1:\n"
    "            stop('several blocks of metadata (# /// script)')\n"
    "        text = ''.join(line[2:] if line.startswith('# ') else line[1:]\n"
    "                       for line in blocks[0]['content'].splitlines(keepends=True))\n"
    "    data = tomllib.loads(text)\n"
    "except (ValueError, RecursionError) as e:\n"
    "    stop(str(e))\n"
    "project = data if kind == 'script' else table(data, 'project')\n"
    "lines = []\n"
    "if 'requires-python' in project and not fits(text_of(project['requires-python'],\n"
    "                                                     'requires-python')):\n"
    "    stop('requires-python = %r, and this is Python %d.%d.%d' % (\n"
    "        (project['requires-python'],) + sys.version_info[:3]))\n"
    "dynamic = project.get('dynamic', [])\n"
    "if not isinstance(dynamic, list):\n"
    "    stop('dynamic is no array')\n"
    "if 'dependencies' in dynamic:\n"
    "    lines.append('dynamic=yes')\n"
    "wanted = project.get('dependencies', [])\n"
    "if not isinstance(wanted, list):\n"
    "    stop('dependencies is no array')\n"
    "lines += ['needs=' + text_of(t, 'a dependency') for t in wanted]\n"
    "if 'name' in project:\n"
    "    lines.append('name=' + text_of(project['name'], 'name'))\n"
    "scripts = table(project, 'scripts')\n"
    "for name in 'krait', 'wadup':\n"
    "    if 'entry-point' in table(data, 'tool', name):\n"
    "        lines.append('entry=' + text_of(data['tool'][name]['entry-point'],\n"
    "                                        '[tool.%s] entry-point' % name))\n"
    "        break\n"
    "else:\n"
    "    if len(scripts) == 1:\n"
    "        (name, value), = scripts.items()\n"
    "        lines.append('entry=' + text_of(value, '[project.scripts] ' + name))\n"
    "    elif scripts:\n"
    "        lines.append('several=yes')\n"
    "answer(''.join(line + '\\n' for line in lines))\n";

/* ---- the answer --------------------------------------------------------------------------- */

static const char *
value_of(const char *line, const char *key)
{
    size_t size = strlen(key);

    return strncmp(line, key, size) == 0 && line[size] == '=' ? line + size + 1 : NULL;
}

static int
take_line(pack_request *request, const char *path, const char *line)
{
    pack_document *document = &request->document;
    const char *value;

    if ((value = value_of(line, "needs")) != NULL) {
        pack_list_add(&document->wanted, value);
    } else if ((value = value_of(line, "name")) != NULL) {
        document->own_name = cli_need(strdup(value));
    } else if ((value = value_of(line, "entry")) != NULL) {
        if (request->entry == NULL)
            document->entry = cli_need(strdup(value));
    } else if (value_of(line, "dynamic") != NULL && request->deps.count == 0) {
        pack_message(request,
                     "'%s': its dependencies are dynamic, that is, only its build system "
                     "knows them: give them with --deps",
                     path);
        return KRAIT_EXIT_REFUSED;
    } else if (value_of(line, "several") != NULL && request->entry == NULL) {
        pack_message(request,
                     "'%s' has several [project.scripts]: say with --entry MODULE[:FUNCTION], or "
                     "with entry-point in [tool.krait], what is called",
                     path);
        return KRAIT_EXIT_REFUSED;
    }
    return 0;
}

static int
take_answer(pack_request *request, const char *path, const char *text, size_t size)
{
    char *copy = cli_need(strndup(text, size));
    char *next;
    int exit_status = 0;

    for (char *line = copy; line[0] != '\0' && exit_status == 0; line = next) {
        size_t length = strcspn(line, "\n");

        next = line + length + (line[length] == '\n');
        line[length] = '\0';
        if (line[0] == '!') {
            pack_message(request, "'%s': %s", path, line + 1);
            exit_status = KRAIT_EXIT_REFUSED;
        } else {
            exit_status = take_line(request, path, line);
        }
    }
    free(copy);
    return exit_status;
}

static int
ask(pack_request *request, const char *path, const char *kind, const char *bytes, size_t size)
{
    pack_python *python = NULL;
    char *args[2] = {cli_need(strdup(WORK)), cli_need(strdup(kind))};
    uint32_t exit_code = 0;
    size_t length = 0;
    const char *answer = NULL;
    int exit_status = pack_python_open(request, &python);

    if (exit_status == 0)
        exit_status = pack_python_prepare(python, reader, args, 2, NULL);
    if (exit_status == 0)
        exit_status = pack_python_put(python, WORK "/in", bytes, size);
    if (exit_status == 0)
        exit_status = pack_python_run(python, "reading the project", &exit_code);
    if (exit_status == 0) {
        answer = pack_python_get(python, WORK "/answer", &length);
        if (exit_code != 0 || answer == NULL) {
            pack_message(request, "'%s' could not be read in the sandbox", path);
            exit_status = KRAIT_EXIT_FAILED;
        }
    }
    if (exit_status == 0)
        exit_status = take_answer(request, path, answer, length);
    pack_python_close(python);
    free(args[0]);
    free(args[1]);
    return exit_status;
}

int
module_read_project(pack_request *request)
{
    bool is_project = request->document.pyproject != NULL;
    const char *path = is_project ? request->document.pyproject : request->subject;
    char *bytes = NULL;
    size_t size = 0;
    int exit_status;

    if (!is_project && request->document.root != NULL)
        return 0;
    exit_status = pack_read_host(path, &bytes, &size);
    if (exit_status == 0 && (is_project || strstr(bytes, "# /// script") != NULL))
        exit_status = ask(request, path, is_project ? "project" : "script", bytes, size);
    free(bytes);
    return exit_status;
}
