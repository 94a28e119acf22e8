/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files in memory as somebody wrote them who wants to harm: very deep, very wide, very sparse.
 * Each is loaded or refused in time proportional to its bytes; squares of these numbers would
 * take hours.
 */
#include "vfs/image.h"

#include "vfs/mem_image.h"

#include <sys/mman.h>

struct builder {
    krait_mem_image_node *nodes;
    krait_mem_image_entry *entries;
    krait_mem_image_run *runs;
    char *text;
    krait_mem_image_header header;
};

static struct builder
builder_new(size_t nodes, size_t entries, size_t runs, size_t text)
{
    struct builder b = {.nodes = calloc(nodes, sizeof(*b.nodes)),
                        .entries = calloc(entries, sizeof(*b.entries)),
                        .runs = calloc(runs + 1, sizeof(*b.runs)),
                        .text = calloc(text + 1, 1)};

    memcpy(b.header.magic, KRAIT_MEM_IMAGE_MAGIC, sizeof(b.header.magic));
    b.header.version = KRAIT_MEM_IMAGE_VERSION;
    b.header.next_ino = 1;
    return b;
}

static krait_mem_image_node *
add_node(struct builder *b, uint8_t type, uint16_t mode)
{
    krait_mem_image_node *node = &b->nodes[b->header.node_count++];

    *node = (krait_mem_image_node){.type = type, .mode = mode, .ino = b->header.next_ino++};
    if (type == KRAIT_TYPE_DIRECTORY)
        node->size = 2;
    return node;
}

static void
add_entry(struct builder *b, krait_mem_image_node *dir, uint32_t node, const char *name)
{
    krait_mem_image_entry *entry = &b->entries[b->header.entry_count++];
    size_t size = strlen(name);

    *entry = (krait_mem_image_entry){
        .cookie = dir->size++, .node = node, .name_size = (uint16_t)size};
    dir->count++;
    memcpy(b->text + b->header.text_size, name, size);
    b->header.text_size += size;
}

/* "/tmp"; what comes next is in it. */
static krait_mem_image_node *
add_tmp(struct builder *b)
{
    krait_mem_image_node *root = add_node(b, KRAIT_TYPE_DIRECTORY, 0755);

    root->flags = KRAIT_MEM_IMAGE_ROOT | KRAIT_MEM_IMAGE_LOCKED;
    add_entry(b, root, 1, "tmp");
    return add_node(b, KRAIT_TYPE_DIRECTORY, 01777);
}

static void
append(struct image *image, const void *bytes, size_t size)
{
    krait_error err;

    CHECK_INT(image_write(image, bytes, size, &err), KRAIT_OK);
}

static struct image
finish(struct builder *b, size_t blocks)
{
    static const uint8_t zeros[4096];
    krait_mem_image_header *h = &b->header;
    struct image image = {.bytes = NULL};
    size_t records = sizeof(*h) + h->node_count * sizeof(*b->nodes) +
                     h->entry_count * sizeof(*b->entries) + h->run_count * sizeof(*b->runs) +
                     h->text_size;

    h->data_offset = (records + 4095) / 4096 * 4096;
    h->size = h->data_offset + blocks * 4096;
    append(&image, h, sizeof(*h));
    append(&image, b->nodes, h->node_count * sizeof(*b->nodes));
    append(&image, b->entries, h->entry_count * sizeof(*b->entries));
    append(&image, b->runs, h->run_count * sizeof(*b->runs));
    append(&image, b->text, h->text_size);
    append(&image, zeros, (size_t)h->data_offset - records);
    for (size_t i = 0; i < blocks; i++)
        append(&image, zeros, sizeof(zeros));
    free(b->nodes);
    free(b->entries);
    free(b->runs);
    free(b->text);
    return image;
}

/* Loads under these limits; saved again it is the same. */
static void
load(struct image *image, const krait_vfs_options *limits, krait_status wanted)
{
    krait_error err = {.text = ""};

    tree_begin(limits);
    if (!CHECK_INT(krait__vfs_load(tree.vfs, image->bytes, image->size, &err), wanted))
        printf("    %s\n", err.text);
    tree_start();
    if (wanted == KRAIT_OK) {
        struct image again = image_of(tree.vfs);

        CHECK_UINT(again.size, image->size);
        CHECK_MEM(again.bytes, image->bytes, again.size < image->size ? again.size : image->size);
        free(again.bytes);
    }
}

static void
done(struct image *image)
{
    tree_end();
    free(image->bytes);
}

/* One directory in another, as many as there may be inodes, and with names as long as can be. */
static void
deep(void)
{
    enum { DEPTH = 65534 };
    char name[KRAIT_NAME_MAX + 1];
    char path[4000] = "tmp";
    struct builder b = builder_new(DEPTH + 2, DEPTH + 2, 0, (DEPTH + 1) * (size_t)KRAIT_NAME_MAX);
    krait_mem_image_node *here = add_tmp(&b);
    struct image image;
    krait_stat stat;

    memset(name, 'n', KRAIT_NAME_MAX);
    name[KRAIT_NAME_MAX] = '\0';
    for (uint32_t i = 0; i < DEPTH; i++) {
        add_entry(&b, here, i + 2, name);
        here = add_node(&b, KRAIT_TYPE_DIRECTORY, 0700);
    }
    image = finish(&b, 0);
    load(&image, NULL, KRAIT_OK);
    for (int i = 0; i < 14; i++) {
        strcat(path, "/");
        strcat(path, name);
    }
    CHECK_INT(do_stat(path, &stat), 0);
    CHECK_INT(do_mkdir("tmp/one-more"), ENOSPC);
    CHECK_INT(do_rmdir("tmp/nnn"), ENOENT);
    done(&image);
}

enum { WIDE = 1000000 };

/* A million names in one directory, all of one file; `last`: of the last one. */
static struct image
make_wide(const char *last)
{
    struct builder b = builder_new(3, WIDE + 2, 0, WIDE * 8 + 100);
    krait_mem_image_node *tmp = add_tmp(&b);

    for (int i = 0; i < WIDE; i++) {
        char name[32];

        snprintf(name, sizeof(name), "%d", i);
        add_entry(&b, tmp, 2, i == WIDE - 1 ? last : name);
    }
    add_node(&b, KRAIT_TYPE_REGULAR, 0600);
    return finish(&b, 0);
}

static void
wide(void)
{
    const krait_vfs_options limits = {.memory_limit_bytes = UINT64_C(1) << 30};
    struct image image = make_wide("last");
    krait_stat stat;

    load(&image, &limits, KRAIT_OK);
    CHECK_INT(do_stat("tmp/last", &stat), 0);
    CHECK_UINT(stat.nlink, WIDE);
    CHECK_INT(do_unlink("tmp/77"), 0);
    CHECK_INT(do_stat("tmp/78", &stat), 0);
    CHECK_UINT(stat.nlink, WIDE - 1);
    tree_end();
    /* too much for the quota */
    load(&image, &(krait_vfs_options){.memory_limit_bytes = 10u << 20}, KRAIT_ELIMIT);
    done(&image);
    /* the same name twice, at both ends */
    image = make_wide("0");
    load(&image, &limits, KRAIT_EFORMAT);
    done(&image);
}

/* Names that share a bucket where the hash is one that everybody knows. */
static void
chosen_names(void)
{
    enum { NAMES = 200000 };
    struct builder b = builder_new(3, NAMES + 2, 0, NAMES * (size_t)KRAIT_NAME_MAX + 100);
    krait_mem_image_node *tmp = add_tmp(&b);
    char name[KRAIT_NAME_MAX + 1];
    struct image image;

    /* equal but for a few bytes, the first ones or the last ones */
    name[KRAIT_NAME_MAX] = '\0';
    for (int i = 0; i < NAMES; i++) {
        memset(name, 'a', KRAIT_NAME_MAX);
        name[100] = i % 2 == 0 ? 'b' : 'a';
        for (int j = 0; j < 18; j++)
            name[i % 2 == 0 ? j : KRAIT_NAME_MAX - 1 - j] = (i >> j & 1) ? 'b' : 'a';
        add_entry(&b, tmp, 2, name);
    }
    add_node(&b, KRAIT_TYPE_REGULAR, 0600);
    image = finish(&b, 0);
    load(&image, NULL, KRAIT_OK);
    done(&image);
}

/* Many files with one block each, far out: the tables that they need are paid for first. */
static void
sparse(void)
{
    enum { FILES = 10000 };
    struct builder b = builder_new(FILES + 2, FILES + 1, FILES, FILES * 8);
    krait_mem_image_node *tmp = add_tmp(&b);
    struct image image;
    char name[32];

    for (uint32_t i = 0; i < FILES; i++) {
        snprintf(name, sizeof(name), "%u", i);
        add_entry(&b, tmp, i + 2, name);
    }
    for (uint32_t i = 0; i < FILES; i++) {
        krait_mem_image_node *file = add_node(&b, KRAIT_TYPE_REGULAR, 0600);

        file->size = UINT64_C(1) << 34;
        file->count = 1;
        b.runs[b.header.run_count++] = (krait_mem_image_run){(UINT64_C(1) << 22) - 1, 1};
    }
    image = finish(&b, FILES);
    load(&image, NULL, KRAIT_ELIMIT);
    CHECK(krait__vfs_memory_used(tree.vfs) <= UINT64_C(256) << 20);
    done(&image);
}

/* Files without blocks, longer than any quota. */
static void
long_files(void)
{
    struct builder b = builder_new(3, 2, 0, 16);
    krait_mem_image_node *tmp = add_tmp(&b);
    struct image image;

    add_entry(&b, tmp, 2, "f");
    add_node(&b, KRAIT_TYPE_REGULAR, 0600)->size = INT64_MAX;
    image = finish(&b, 0);
    load(&image, NULL, KRAIT_ELIMIT);
    done(&image);
}

/* Holes of a file cost whoever wrote them nothing: a terabyte of names that are not there. */
static void
holes_of_the_file(void)
{
    const uint64_t size = UINT64_C(1) << 40;
    krait_mem_image_header header = {.version = KRAIT_MEM_IMAGE_VERSION,
                                     .node_count = 1,
                                     .next_ino = 2,
                                     .text_size = size - 4096,
                                     .data_offset = size,
                                     .size = size};
    int fd = memfd_create("krait-image", MFD_CLOEXEC);
    krait_error err;
    void *map;

    memcpy(header.magic, KRAIT_MEM_IMAGE_MAGIC, sizeof(header.magic));
    CHECK(fd >= 0 && write(fd, &header, sizeof(header)) == (ssize_t)sizeof(header));
    CHECK_INT(ftruncate(fd, (off_t)size), 0);
    map = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
    REQUIRE(map != MAP_FAILED);
    tree_begin(NULL);
    CHECK_INT(krait__vfs_load(tree.vfs, map, size, &err), KRAIT_ELIMIT);
    tree_start();
    tree_end();
    munmap(map, size);
    close(fd);
}

CHECK_MAIN(CHECK_CASE(deep), CHECK_CASE(wide), CHECK_CASE(chosen_names), CHECK_CASE(sparse),
           CHECK_CASE(long_files), CHECK_CASE(holes_of_the_file))
