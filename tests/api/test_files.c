/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files in memory, in and out: before the guest runs, between its calls, and with what a guest may
 * have planted there.
 */
#include "tests/api/python.h"

#include <unistd.h>

static krait_status
put(python *p, const char *path, const char *text)
{
    return krait_sandbox_put_file(p->sandbox, path, text, strlen(text), &p->err);
}

/* The text of a file, or that of the error. */
static const char *
get(python *p, const char *path)
{
    const void *bytes = NULL;
    size_t size = 0;

    if (krait_sandbox_get_file(p->sandbox, path, &bytes, &size, &p->err) != KRAIT_OK)
        return p->err.text;
    return CHECK_UINT(strlen(bytes), size) ? bytes : "";
}

/* "NAME:TYPE:SIZE " for each entry. */
static const char *
list(python *p, const char *path)
{
    static char text[1000];
    const krait_entry *entries = NULL;
    size_t count = 0;
    size_t used = 0;

    if (krait_sandbox_list_dir(p->sandbox, path, &entries, &count, &p->err) != KRAIT_OK)
        return p->err.text;
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s:%d:%llu ", entries[i].name,
                                 (int)entries[i].type, (unsigned long long)entries[i].size);
    return text;
}

static void
in_and_out(void)
{
    python p;

    REQUIRE(python_start(&p));
    CHECK_INT(put(&p, "/data/in/numbers.csv", "1,2\n"), KRAIT_OK);
    CHECK_INT(put(&p, "/tmp/../data/mod.py", "ANSWER = 42\n"), KRAIT_OK);
    CHECK_INT(krait_sandbox_put_file(p.sandbox, "/data/empty", NULL, 0, &p.err), KRAIT_OK);
    CHECK_STR(get(&p, "/data/in/numbers.csv"), "1,2\n");
    python_run(&p, "import os, sys\n"
                   "sys.path.append('/data')\n"
                   "import mod\n"
                   "assert mod.ANSWER == 42\n"
                   "assert open('/data/in/numbers.csv').read() == '1,2\\n'\n"
                   "open('/data/in/numbers.csv', 'a').write('3,4\\n')\n"
                   "os.mkdir('/data/out')\n"
                   "open('/data/out/a', 'wb').write(bytes(5000))\n"
                   "open('/tmp/t', 'w').write('temporary')\n");
    CHECK_STR(get(&p, "/data/in/numbers.csv"), "1,2\n3,4\n");
    CHECK_STR(get(&p, "/tmp/t"), "temporary");
    CHECK_STR(list(&p, "/tmp"), "t:0:9 ");
    CHECK_STR(list(&p, "/data/out/"), "a:0:5000 ");
    CHECK_HAS(list(&p, "/data"), "in:1:0 mod.py:0:12 empty:0:0 ");
    CHECK_INT(krait_sandbox_remove_file(p.sandbox, "/data/out/a", &p.err), KRAIT_OK);
    CHECK_STR(list(&p, "/data/out"), "");
    CHECK_INT(put(&p, "/tmp/t", "new"), KRAIT_OK);
    python_run(&p, "assert os.listdir('/data/out') == [] and open('/tmp/t').read() == 'new'");
    python_close(&p);
}

/* Large ones, one after the other: not two of them at once. */
static void
replaced(void)
{
    char *bytes = malloc(7 << 20);
    python p;

    REQUIRE(bytes != NULL && python_open(&p));
    CHECK_INT(krait_config_set_limit(p.config, KRAIT_LIMIT_FS_BYTES, 8 << 20, &p.err), KRAIT_OK);
    REQUIRE(python_sandbox(&p));
    for (int i = 0; i < 6; i++) {
        size_t size = (size_t)(i % 2 == 0 ? 7 << 20 : 5000 * i);

        memset(bytes, 'a' + i, size);
        CHECK_INT(krait_sandbox_put_file(p.sandbox, "/in", bytes, size, &p.err), KRAIT_OK);
        CHECK_UINT(strlen(get(&p, "/in")), size);
        CHECK_INT(get(&p, "/in")[size - 1], 'a' + i);
    }
    /* Too much leaves what is there; a tail that comes back is zeros. */
    CHECK_INT(put(&p, "/in", "short"), KRAIT_OK);
    python_run(&p, "import os\n"
                   "with open('/in', 'r+b') as f: f.truncate(9000)\n"
                   "assert open('/in', 'rb').read() == b'short' + bytes(8995)\n");
    CHECK_INT(krait_sandbox_put_file(p.sandbox, "/in", bytes, 7 << 20, &p.err), KRAIT_OK);
    CHECK_INT(krait_sandbox_put_file(p.sandbox, "/in", bytes, (size_t)9 << 20, &p.err),
              KRAIT_ELIMIT);
    CHECK_UINT(strlen(get(&p, "/in")), 7 << 20);
    CHECK_INT(krait_sandbox_put_file(p.sandbox, "/in", NULL, 0, &p.err), KRAIT_OK);
    CHECK_STR(get(&p, "/in"), "");
    /* Who has it open, or another name for it, has the old one. */
    CHECK_INT(put(&p, "/in", "old"), KRAIT_OK);
    python_run(&p, "f = open('/in'); os.link('/in', '/tmp/old'); os.chmod('/in', 0o600)");
    CHECK_INT(put(&p, "/in", "new"), KRAIT_OK);
    python_run(&p,
               "assert f.read() == open('/tmp/old').read() == 'old'\n"
               "assert open('/in').read() == 'new' and os.stat('/in').st_mode & 0o777 == 0o644\n");
    /* Blocks of a snapshot are everybody's. */
    for (int i = 0; i < 2; i++) {
        krait_sandbox *clone = NULL;

        python_run(&p, "f.close()");
        REQUIRE(krait_sandbox_clone(p.sandbox, &clone, &p.err) == KRAIT_OK);
        CHECK_INT(krait_sandbox_put_file(clone, "/in", "mine", 4, &p.err), KRAIT_OK);
        CHECK_STR(get(&p, "/in"), "new");
        CHECK_INT(krait_sandbox_reset(clone, &p.err), KRAIT_OK);
        krait_sandbox_free(p.sandbox);
        p.sandbox = clone;
        CHECK_STR(get(&p, "/in"), "new");
    }
    python_close(&p);
    free(bytes);
}

/* Files that are not the guest's. */
static void
read_only(void)
{
    python p;

    REQUIRE(python_start(&p));
    CHECK_INT(
        krait_sandbox_put_file_with(p.sandbox, "/data.bin", "one", 3, KRAIT_PUT_READ_ONLY, &p.err),
        KRAIT_OK);
    CHECK_INT(krait_sandbox_put_file_with(p.sandbox, "/x", "", 0, 2, &p.err), KRAIT_EINVAL);
    CHECK_INT(krait_sandbox_put_file_with(p.sandbox, "/x", NULL, 1, 0, &p.err), KRAIT_EINVAL);
    python_run(
        &p,
        "import os\n"
        "def refused(f, *args):\n"
        "    try: f(*args)\n"
        "    except OSError as e: return True\n"
        "def all_refused():\n"
        "    return all([refused(open, '/data.bin', 'w'), refused(open, '/data.bin', 'r+'),\n"
        "        refused(os.chmod, '/data.bin', 0o777), refused(os.remove, '/data.bin'),\n"
        "        refused(os.truncate, '/data.bin', 1), refused(os.utime, '/data.bin', (1, 1)),\n"
        "        refused(os.rename, '/data.bin', '/tmp/x')])\n"
        "assert all_refused()\n"
        "kept = open('/data.bin')\n"
        "os.link('/data.bin', '/tmp/linked')\n"
        "assert refused(open, '/tmp/linked', 'a')\n");
    CHECK_STR(get(&p, "/data.bin"), "one");
    CHECK_INT(
        krait_sandbox_put_file_with(p.sandbox, "/data.bin", "two", 3, KRAIT_PUT_READ_ONLY, &p.err),
        KRAIT_OK);
    python_run(&p, "assert open('/data.bin').read() == 'two' and kept.read() == 'one'\n"
                   "assert all_refused() and open('/tmp/linked').read() == 'one'\n");
    /* One that is, in its place. */
    CHECK_INT(put(&p, "/data.bin", "three"), KRAIT_OK);
    python_run(&p, "open('/data.bin', 'a').write('!')\n");
    CHECK_STR(get(&p, "/data.bin"), "three!");
    python_close(&p);
}

/* What the guest has open or linked is not what the host means. */
static void
planted(void)
{
    python p;

    REQUIRE(python_start(&p));
    python_run(&p, "import os\n"
                   "os.symlink('/usr/local/lib', '/tmp/lib')\n"
                   "os.symlink('/tmp', '/tmp/self')\n"
                   "os.symlink('/usr/local/lib/python3.13/os.py', '/tmp/os')\n"
                   "os.mkfifo('/tmp/fifo')\n"
                   "os.mkdir('/tmp/d'); open('/tmp/d/f', 'w').close(); os.chmod('/tmp/d', 0)\n"
                   "f = open('/tmp/gone', 'w+'); f.write('x' * 100); f.flush()\n"
                   "os.unlink('/tmp/gone')\n");
    CHECK_STR(list(&p, "/tmp"), "lib:2:0 self:2:0 os:2:0 fifo:3:0 d:1:0 ");
    CHECK_STR(list(&p, "/tmp/d"), "f:0:0 ");
    CHECK_HAS(get(&p, "/tmp/os"), "not a regular file");
    CHECK_INT(p.err.code, KRAIT_EINVAL);
    CHECK_HAS(get(&p, "/tmp/fifo"), "not a regular file");
    CHECK_HAS(get(&p, "/tmp/self/self/fifo"), "'/tmp/self/self/fifo' is not there");
    CHECK_INT(p.err.code, KRAIT_ENOTFOUND);
    CHECK_INT(put(&p, "/tmp/lib/x", "1"), KRAIT_EINVAL);
    CHECK_INT(put(&p, "/tmp/os", "mine"), KRAIT_OK);
    CHECK_STR(get(&p, "/tmp/os"), "mine");
    CHECK_INT(krait_sandbox_remove_file(p.sandbox, "/tmp/lib", &p.err), KRAIT_OK);
    CHECK_INT(krait_sandbox_remove_file(p.sandbox, "/tmp/fifo", &p.err), KRAIT_OK);
    python_run(&p, "f.seek(0); assert f.read() == 'x' * 100\nimport os.path\n"
                   "assert os.path.exists('/usr/local/lib/python3.13/os.py')\n");
    python_close(&p);
}

static void
wrong_paths(void)
{
    static const char *const paths[] = {"",
                                        "tmp",
                                        "/nowhere/x",
                                        "/",
                                        "/usr/local/lib/python3.13",
                                        "/usr/local/lib/python3.13/os.py",
                                        "/tmp/f/x"};
    static const krait_status gets[] = {KRAIT_EINVAL, KRAIT_EINVAL, KRAIT_ENOTFOUND, KRAIT_EINVAL,
                                        KRAIT_EINVAL, KRAIT_EINVAL, KRAIT_ENOTFOUND};
    const krait_entry *entries = NULL;
    const void *bytes = NULL;
    size_t size = 0;
    python p;

    REQUIRE(python_start(&p));
    CHECK_INT(put(&p, "/tmp/f", "f"), KRAIT_OK);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        printf("path '%s'\n", paths[i]);
        CHECK_INT(krait_sandbox_get_file(p.sandbox, paths[i], &bytes, &size, &p.err), gets[i]);
        CHECK(p.err.text[0] != '\0');
        CHECK_INT(krait_sandbox_remove_file(p.sandbox, paths[i], &p.err), gets[i]);
        CHECK_INT(put(&p, paths[i], "x"), i == 2 ? KRAIT_OK : KRAIT_EINVAL);
    }
    CHECK_INT(krait_sandbox_list_dir(p.sandbox, "/tmp/f", &entries, &size, &p.err),
              KRAIT_ENOTFOUND);
    CHECK_INT(krait_sandbox_list_dir(p.sandbox, "tmp", &entries, &size, &p.err), KRAIT_EINVAL);
    CHECK_INT(
        krait_sandbox_list_dir(p.sandbox, "/usr/local/lib/python3.13", &entries, &size, &p.err),
        KRAIT_EINVAL);
    CHECK_INT(krait_sandbox_put_file(p.sandbox, "/x", NULL, 1, &p.err), KRAIT_EINVAL);
    CHECK_INT(krait_sandbox_put_file(NULL, "/x", "", 0, &p.err), KRAIT_EINVAL);
    CHECK_INT(krait_sandbox_get_file(p.sandbox, "/x", NULL, &size, &p.err), KRAIT_EINVAL);
    CHECK_INT(krait_sandbox_list_dir(p.sandbox, "/x", &entries, NULL, &p.err), KRAIT_EINVAL);
    CHECK_INT(krait_sandbox_remove_file(p.sandbox, NULL, &p.err), KRAIT_EINVAL);
    python_close(&p);
}

static void
limits(void)
{
    static char block[200000];
    const void *bytes = NULL;
    size_t size = 0;
    krait_status status;
    int files;
    python p;

    REQUIRE(python_open(&p));
    REQUIRE(krait_config_set_limit(p.config, KRAIT_LIMIT_FS_BYTES, 300000, &p.err) == KRAIT_OK &&
            krait_config_set_limit(p.config, KRAIT_LIMIT_FS_INODES, 40, &p.err) == KRAIT_OK &&
            krait_config_set_limit(p.config, KRAIT_LIMIT_VALUE, 150000, &p.err) == KRAIT_OK);
    REQUIRE(python_sandbox(&p));
    CHECK_INT(krait_sandbox_put_file(p.sandbox, "/tmp/a", block, sizeof(block), &p.err), KRAIT_OK);
    CHECK_INT(krait_sandbox_put_file(p.sandbox, "/tmp/b", block, sizeof(block), &p.err),
              KRAIT_ELIMIT);
    CHECK_INT(krait_sandbox_get_file(p.sandbox, "/tmp/b", &bytes, &size, &p.err), KRAIT_ENOTFOUND);
    CHECK_INT(krait_sandbox_get_file(p.sandbox, "/tmp/a", &bytes, &size, &p.err), KRAIT_ELIMIT);
    CHECK_HAS(p.err.text, "too large");
    CHECK_INT(krait_sandbox_remove_file(p.sandbox, "/tmp/a", &p.err), KRAIT_OK);
    CHECK_INT(krait_sandbox_put_file(p.sandbox, "/tmp/b", block, sizeof(block), &p.err), KRAIT_OK);
    for (files = 0, status = KRAIT_OK; files < 40 && status == KRAIT_OK; files++) {
        char path[32];

        snprintf(path, sizeof(path), "/tmp/i%d", files);
        status = krait_sandbox_put_file(p.sandbox, path, NULL, 0, &p.err);
    }
    CHECK(files > 10);
    CHECK_INT(status, KRAIT_ELIMIT);
    python_close(&p);
}

/* A granted folder is the guest's and the host's, not memory. */
static void
granted(void)
{
    char folder[] = "/tmp/krait-api-XXXXXX";
    char path[64];
    const krait_entry *entries = NULL;
    size_t size = 0;
    python p;

    REQUIRE(mkdtemp(folder) != NULL);
    REQUIRE(python_open(&p));
    REQUIRE(krait_config_add_dir(p.config, folder, "/granted", 0, &p.err) == KRAIT_OK);
    REQUIRE(python_sandbox(&p));
    python_run(&p, "open('/granted/x', 'w').write('hi')");
    snprintf(path, sizeof(path), "%s/x", folder);
    CHECK_INT(access(path, F_OK), 0);
    CHECK_HAS(get(&p, "/granted/x"), "is not in memory");
    CHECK_INT(put(&p, "/granted/y", "1"), KRAIT_EINVAL);
    CHECK_INT(krait_sandbox_remove_file(p.sandbox, "/granted/x", &p.err), KRAIT_EINVAL);
    CHECK_INT(krait_sandbox_list_dir(p.sandbox, "/granted", &entries, &size, &p.err), KRAIT_EINVAL);
    unlink(path);
    rmdir(folder);
    /* A reset opens it again, and says that it is gone. */
    CHECK_INT(krait_sandbox_reset(p.sandbox, &p.err), KRAIT_ENOTFOUND);
    CHECK_HAS(p.err.text, folder);
    CHECK_INT(krait_sandbox_exec(p.sandbox, "1", 1, &p.result, &p.err), KRAIT_ESTATE);
    CHECK_INT(put(&p, "/tmp/x", ""), KRAIT_ESTATE);
    CHECK_INT(krait_sandbox_list_dir(p.sandbox, "/tmp", &entries, &size, &p.err), KRAIT_ESTATE);
    CHECK_INT(krait_sandbox_remove_file(p.sandbox, "/tmp/x", &p.err), KRAIT_ESTATE);
    CHECK_HAS(get(&p, "/tmp/x"), "could not be reset");
    CHECK(krait_sandbox_missed(p.sandbox, 0) == NULL);
    krait_sandbox_cancel(p.sandbox);
    krait_sandbox_signal(p.sandbox, 2);
    python_close(&p);
}

CHECK_MAIN(CHECK_CASE(in_and_out), CHECK_CASE(replaced), CHECK_CASE(read_only), CHECK_CASE(planted),
           CHECK_CASE(wrong_paths), CHECK_CASE(limits), CHECK_CASE(granted))
