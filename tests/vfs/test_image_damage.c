/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files in memory from damaged bytes: every byte changed, every length, and lies in each field.
 */
#include "vfs/image.h"

#include "vfs/mem_image.h"

/* A small tree of every kind, with devices. */
static struct image
small_image(void)
{
    struct image image;
    krait_error err;
    krait_file *file;
    krait_at fifo;

    tree_begin(NULL);
    CHECK_INT(krait__vfs_mount_devices(tree.vfs, &err), KRAIT_OK);
    tree_start();
    CHECK_INT(make_file("tmp/f", "hello"), 0);
    CHECK_INT(do_link("tmp/f", "tmp/g"), 0);
    CHECK_INT(do_mkdir("tmp/d"), 0);
    CHECK_INT(do_mkdir("tmp/d/e"), 0);
    CHECK_INT(make_file("tmp/d/e/h", "deep"), 0);
    CHECK_INT(do_symlink("f", "tmp/l"), 0);
    CHECK_INT(do_symlink("d/e", "tmp/m"), 0);
    fifo = at("tmp/fifo");
    CHECK_INT(krait__path_mknod(&fifo, KRAIT_HOST_S_IFIFO | 0640), 0);
    file = open_file("tmp/holes", W | C, 0);
    CHECK_INT(write_file(file, 10000, "middle"), 0);
    CHECK_INT(write_file(file, 30000, "end"), 0);
    krait__file_unref(file);
    image = image_of(tree.vfs);
    krait__file_unref(tree.root);
    tree.root = NULL;
    krait__vfs_free(tree.vfs);
    tree.vfs = NULL;
    return image;
}

/* Loads, and looks at what came of it: whatever it is, it can be saved and freed. */
static krait_status
try_bytes(const struct image *image)
{
    krait_error err = {.text = ""};
    krait_status status;

    CHECK_INT(krait__vfs_new(NULL, &tree.vfs, &err), KRAIT_OK);
    CHECK_INT(krait__vfs_mount_devices(tree.vfs, &err), KRAIT_OK);
    status = krait__vfs_load(tree.vfs, image->bytes, image->size, &err);
    if (status == KRAIT_OK) {
        struct image again;

        again = image_of(tree.vfs);
        CHECK(again.size > 0);
        free(again.bytes);
    } else {
        CHECK(err.text[0] != '\0');
        CHECK_INT(err.code, status);
    }
    krait__vfs_free(tree.vfs);
    tree.vfs = NULL;
    return status;
}

static void
finish(struct image *image)
{
    free(image->bytes);
    CHECK_INT(nftw(tree.host, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void
every_byte(void)
{
    struct image image = small_image();
    krait_mem_image_header header;
    unsigned accepted = 0;

    memcpy(&header, image.bytes, sizeof(header));
    for (size_t i = 0; i < header.data_offset; i++) {
        static const uint8_t changes[] = {0x01, 0x80, 0xff};

        for (size_t j = 0; j < sizeof(changes); j++) {
            image.bytes[i] ^= changes[j];
            accepted += try_bytes(&image) == KRAIT_OK;
            image.bytes[i] ^= changes[j];
        }
    }
    /* Times, modes, numbers and letters of names can be others, and still be right. */
    CHECK(accepted > 100 && accepted < 3 * header.data_offset / 2);
    CHECK_INT(try_bytes(&image), KRAIT_OK);
    finish(&image);
}

/* The memory is exactly as long, so that a sanitizer sees a read beyond it. */
static void
every_length(void)
{
    struct image image = small_image();

    for (size_t size = 0; size < image.size; size += size < 3000 ? 1 : 509) {
        struct image cut = {.size = size};
        krait_error err;

        if (posix_memalign((void **)&cut.bytes, 16, size != 0 ? size : 1) != 0)
            break;
        memcpy(cut.bytes, image.bytes, size);
        CHECK_INT(try_bytes(&cut), KRAIT_EFORMAT);
        /* the size in the header is right, and still there is too little */
        if (size >= sizeof(krait_mem_image_header)) {
            uint64_t claimed = size;

            memcpy(cut.bytes + offsetof(krait_mem_image_header, size), &claimed, sizeof(claimed));
            CHECK_INT(try_bytes(&cut), KRAIT_EFORMAT);
        }
        CHECK_INT(krait__vfs_new(NULL, &tree.vfs, &err), KRAIT_OK);
        CHECK_INT(krait__vfs_load(tree.vfs, image.bytes, size, &err), KRAIT_EFORMAT);
        CHECK_HAS(err.text, "damaged files in memory: byte ");
        krait__vfs_free(tree.vfs);
        tree.vfs = NULL;
        free(cut.bytes);
    }
    finish(&image);
}

/* ---- lies ---------------------------------------------------------------------------------- */

struct records {
    krait_mem_image_header *header;
    krait_mem_image_node *nodes;
    krait_mem_image_entry *entries;
    krait_mem_image_run *runs;
    char *text;
    uint8_t *data;
};

static struct records
records_of(const struct image *image)
{
    struct records r = {.header = (void *)image->bytes};

    r.nodes = (void *)(r.header + 1);
    r.entries = (void *)(r.nodes + r.header->node_count);
    r.runs = (void *)(r.entries + r.header->entry_count);
    r.text = (char *)(r.runs + r.header->run_count);
    r.data = image->bytes + r.header->data_offset;
    return r;
}

/* The number of the node that an entry with this name stands for. */
static uint32_t
find_entry(const struct records *r, const char *name)
{
    const char *text = r->text;

    for (uint32_t i = 0; i < r->header->entry_count; i++) {
        if (r->entries[i].name_size == strlen(name) && memcmp(text, name, strlen(name)) == 0)
            return i;
        text += r->entries[i].name_size;
    }
    CHECK_STR("no such entry", name);
    return 0;
}

static void
expect(const struct image *image, const char *what)
{
    krait_error err = {.text = ""};

    CHECK_INT(krait__vfs_new(NULL, &tree.vfs, &err), KRAIT_OK);
    CHECK_INT(krait__vfs_load(tree.vfs, image->bytes, image->size, &err), KRAIT_EFORMAT);
    CHECK_HAS(err.text, what);
    krait__vfs_free(tree.vfs);
    tree.vfs = NULL;
}

#define LIE(place, value, what)                                                                    \
    do {                                                                                           \
        uint8_t old_[sizeof(place)];                                                               \
        memcpy(old_, &(place), sizeof(place));                                                     \
        (place) = (value);                                                                         \
        expect(&image, what);                                                                      \
        memcpy(&(place), old_, sizeof(place));                                                     \
    } while (0)

static void
lies(void)
{
    struct image image = small_image();
    struct records r = records_of(&image);
    const uint32_t d = find_entry(&r, "d");
    const uint32_t f = find_entry(&r, "f");
    const uint32_t g = find_entry(&r, "g");
    const uint32_t e = find_entry(&r, "e");
    krait_mem_image_node *file = &r.nodes[r.entries[f].node];
    krait_mem_image_node *dir = &r.nodes[r.entries[d].node];
    char *name = r.text;

    LIE(r.header->magic[0], 'K', "no files in memory");
    LIE(r.header->version, 2, "version");
    LIE(r.header->node_count, UINT32_MAX, "more records");
    LIE(r.header->entry_count, UINT32_MAX, "more records");
    LIE(r.header->run_count, UINT32_MAX, "more records");
    LIE(r.header->text_size, UINT64_MAX, "more records");
    LIE(r.header->data_offset, 0, "contents");
    LIE(r.header->data_offset, UINT64_MAX - 4095, "contents");
    LIE(r.header->next_ino, UINT64_MAX, "inode");
    LIE(r.header->next_ino, 1, "inode");
    LIE(r.nodes[0].type, KRAIT_TYPE_REGULAR, "root");
    LIE(r.nodes[0].count, 0, "");
    LIE(file->type, KRAIT_TYPE_SOCKET_STREAM, "type");
    LIE(file->type, KRAIT_TYPE_DIRECTORY, "");
    LIE(file->flags, KRAIT_MEM_IMAGE_LOCKED, "flag");
    LIE(file->mode, 010000, "mode");
    LIE(file->ino, dir->ino, "twice");
    LIE(file->ino, 0, "inode");
    LIE(file->device, 1, "device");
    LIE(file->size, UINT64_MAX, "long");
    LIE(file->size, 4, "not zero behind");
    LIE(file->size, 0, "runs");
    LIE(file->count, 2, "");
    LIE(dir->size, UINT64_MAX, "cookie");
    LIE(dir->size, 2, "cookie");
    /* loops */
    LIE(r.entries[e].node, 0, "second name of a directory");
    LIE(r.entries[e].node, r.entries[d].node, "second name of a directory");
    LIE(r.entries[g].node, r.entries[d].node, "");
    LIE(r.entries[f].node, UINT32_MAX, "order");
    LIE(r.entries[f].cookie, 0, "cookies");
    LIE(r.entries[f].name_size, 0, "");
    LIE(r.entries[f].name_size, UINT16_MAX, "name");
    LIE(r.runs[0].first, UINT64_MAX, "runs");
    LIE(r.runs[0].count, UINT64_MAX, "runs");
    LIE(r.runs[0].count, 0, "runs");
    LIE(name[0], '/', "name");
    LIE(name[1], '\0', "name");
    for (uint32_t i = 0; i < f; i++)
        name += r.entries[i].name_size;
    LIE(name[0], '.', "name");
    LIE(name[0], 'g', "twice in a directory");
    finish(&image);
}

/* A link to more than there is, and one that is longer than a path. */
static void
long_links(void)
{
    struct image image = small_image();
    struct records r = records_of(&image);
    krait_mem_image_node *link = &r.nodes[r.entries[find_entry(&r, "m")].node];

    LIE(link->size, 4096, "link");
    LIE(link->size, 4, "text");
    LIE(link->size, 2, "text");
    LIE(r.text[r.header->text_size - 1], '\0', "zero in a link");
    finish(&image);
}

CHECK_MAIN(CHECK_CASE(every_byte), CHECK_CASE(every_length), CHECK_CASE(lies),
           CHECK_CASE(long_links))
