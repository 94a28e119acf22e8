/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packing: WebAssembly modules with files inside.
 *
 *     krait_pack *pack = NULL;
 *     krait_pack_summary summary;
 *     krait_error error;
 *
 *     if (krait_pack_open("python.wasm", &pack, &error) != KRAIT_OK ||
 *         krait_pack_add(pack, "lib/python3.13", "/usr/local/lib/python3.13", 0, &error) != KRAIT_OK ||
 *         krait_pack_write(pack, "out.wasm", NULL, &summary, &error) != KRAIT_OK)
 *         fprintf(stderr, "%s\n", error.text);
 *     krait_pack_free(pack);
 *
 * The module has to be linked with libkrait_pack.a, which serves the files to the program; every
 * portable python.wasm is.  What is packed already stays, and can be listed, read, removed and
 * replaced.  This is a library of its own (krait-pack): it needs no sandbox, and knows nothing of
 * Python.  docs/packing.md says how to use the command; docs/pack-format.md what a pack consists of.
 *
 * A module may come from anybody: what is wrong with one is an error.
 */
#ifndef KRAIT_PACK_H
#define KRAIT_PACK_H

#include <krait/error.h>

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A module and the files that it has or is to have. */
typedef struct krait_pack krait_pack;

/** Files, folders and links in one pack, at most. */
#define KRAIT_PACK_MOST_FILES 1000000u

/** Bytes of one image, at most: the memory of a program has 4 GiB for everything. */
#define KRAIT_PACK_MOST_BYTES UINT32_C(0x80000000)

/** Bytes that one archive may unpack to, at most. */
#define KRAIT_PACK_MOST_UNPACKED UINT64_C(0x40000000)

/** What is in a pack. */
typedef enum krait_pack_kind {
    KRAIT_PACK_FILE = 0,
    KRAIT_PACK_DIRECTORY = 1,
    KRAIT_PACK_LINK = 2
} krait_pack_kind;

/** One of them; valid during the call that gets it. */
typedef struct krait_pack_item {
    const char *path; /* absolute, UTF-8 */
    krait_pack_kind kind;
    uint64_t size;          /* bytes of the file, of the link's target; of a directory 0 */
    int64_t mtime_ns;       /* since 1970; INT64_MIN: not known before it is written */
    const char *target;     /* of a link, else NULL */
    unsigned is_executable; /* 1: a file with the permission */
} krait_pack_item;

/** Not 0 ends the listing. */
typedef int (*krait_pack_item_fn)(void *data, const krait_pack_item *item);

/** For krait_pack_add(): leave out folders with the name __pycache__. */
#define KRAIT_PACK_WITHOUT_CACHES 1u

/** What the program gets when it starts; NULL and 0: nothing. */
typedef struct krait_pack_start {
    const char *const *argv; /* arguments between the program's name and those of the user */
    size_t argv_count;
    const char *const *env; /* NAME=VALUE, for names that the host does not give */
    size_t env_count;
    uint32_t
        memory_limit; /* bytes of the layer in memory that makes packed folders writable; 0: none */
} krait_pack_start;

/** Something that was packed, for the manifest. Texts may be NULL. */
typedef struct krait_pack_component {
    const char *name;
    const char *version;
    const char *licence; /* SPDX expression */
    const char *source;  /* from where it was packed, without the folder */
    const char *place;   /* path of its files in the pack */
} krait_pack_component;

/** How to write.  Fill with zeros, and set `size` to its size. */
typedef struct krait_pack_options {
    size_t size;
    int64_t newest_ns; /* later times become this one; 0: times stay */
    unsigned strip;    /* 1: without names of functions and debugging information */
    unsigned plain;    /* 1: without compression */
    /** When not NULL and set to anything but 0 (by a signal handler, say), the work stops soon and
     *  fails with KRAIT_EBUSY. */
    const volatile sig_atomic_t *cancel;
    /** Called now and then: `done` of `total` bytes of files. */
    void (*progress)(void *user, uint64_t done, uint64_t total);
    void *user;
} krait_pack_options;

/** Sizes, in bytes. */
typedef struct krait_pack_summary {
    uint64_t module;      /* the whole file */
    uint64_t image;       /* the packed files in it, compressed, with their index */
    uint64_t contents;    /* the files as the program sees them */
    uint64_t files;       /* how many */
    uint64_t directories; /* how many, the root included */
    uint64_t links;       /* how many */
} krait_pack_summary;

/**
 * Read a module and what is packed in it.
 *
 * @param path      the module
 * @param ret_pack  receives the pack; untouched on failure
 * @param err       receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   caller owns *ret_pack, releases it with krait_pack_free()
 * Errors:  KRAIT_ENOTFOUND no such file; KRAIT_EINVAL it cannot be read; KRAIT_EFORMAT it is no
 *          module, or it or its image is damaged; KRAIT_EUNSUPPORTED it cannot have files, or was packed
 *          by a newer version; KRAIT_ELIMIT; KRAIT_ENOMEM
 * Threads: any thread; a pack is used by one at a time
 * Source:  pack/pack.c, pack/wasm_read.c, pack/image_read.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_pack_open(const char *path, krait_pack **ret_pack,
                                                      krait_error *err);

/**
 * Release a pack.
 *
 * @param pack  the pack, or NULL
 *
 * Units:   none
 * Owner:   takes the pack
 * Errors:  none
 * Threads: one at a time
 * Source:  pack/pack.c
 * Since:   0.1
 */
KRAIT_API void krait_pack_free(krait_pack *pack);

/* ---- what goes in ----------------------------------------------------------------------- */

/**
 * Add a file or a folder of the host, with everything in it.  What has the same path is replaced;
 * folders of one path are united.  Contents are read when the pack is written: the files must still
 * be there then, and the same.
 *
 * @param pack   the pack
 * @param host   path of a file or folder; when it is a symbolic link, what that leads to
 * @param guest  absolute path in the pack: of the file, or of the folder
 * @param flags  0 or KRAIT_PACK_WITHOUT_CACHES
 * @param err    receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   paths are copied
 * Errors:  KRAIT_ENOTFOUND; KRAIT_EINVAL a name is not UTF-8, something cannot be read, is no file, folder
 *          or link, or a link leads in a circle, nowhere, or out of the folder; KRAIT_ELIMIT; KRAIT_ENOMEM;
 *          after a failure a part may have been added
 * Threads: one at a time
 * Source:  pack/walk.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_pack_add(krait_pack *pack, const char *host,
                                                     const char *guest, uint32_t flags,
                                                     krait_error *err);

/**
 * Add what is in a zip archive (a wheel, a zipped application).
 *
 * @param pack   the pack
 * @param path   path of the archive
 * @param guest  absolute path of the folder in the pack that its files go to
 * @param err    receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   nothing is kept
 * Errors:  KRAIT_ENOTFOUND; KRAIT_EINVAL it cannot be read, or has a name that leads out of it or is not UTF-8;
 *          KRAIT_EFORMAT it is no archive, or damaged; KRAIT_EUNSUPPORTED encrypted, or another compression;
 *          KRAIT_ELIMIT it unpacks to more than KRAIT_PACK_MOST_UNPACKED, or to far more than it has;
 *          KRAIT_ENOMEM; after a failure a part may have been added
 * Threads: one at a time
 * Source:  pack/zip.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_pack_add_zip(krait_pack *pack, const char *path,
                                                         const char *guest, krait_error *err);

/**
 * Add a file with these contents, or replace one.
 *
 * @param pack      the pack
 * @param guest     absolute path in the pack
 * @param bytes     the contents; may be NULL when there are none
 * @param size      how many
 * @param mtime_ns  its time; INT64_MIN: the newest time of the other files in its folder
 * @param err       receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   bytes; nanoseconds since 1970
 * Owner:   bytes are copied
 * Errors:  KRAIT_EINVAL a bad path; KRAIT_ELIMIT; KRAIT_ENOMEM
 * Threads: one at a time
 * Source:  pack/pack.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_pack_put(krait_pack *pack, const char *guest,
                                                     const void *bytes, size_t size,
                                                     int64_t mtime_ns, krait_error *err);

/**
 * Add an empty folder, unless it is there.
 *
 * @param pack   the pack
 * @param guest  absolute path in the pack
 * @param err    receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   none
 * Errors:  KRAIT_EINVAL a bad path, or a file is there; KRAIT_ELIMIT; KRAIT_ENOMEM
 * Threads: one at a time
 * Source:  pack/pack.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_pack_put_directory(krait_pack *pack, const char *guest,
                                                               krait_error *err);

/**
 * Remove a file, a link, or a folder with everything in it.
 *
 * @param pack   the pack
 * @param guest  absolute path in the pack
 * @param err    receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   none
 * Errors:  KRAIT_ENOTFOUND it is not there; KRAIT_EINVAL the root
 * Threads: one at a time
 * Source:  pack/pack.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_pack_remove(krait_pack *pack, const char *guest,
                                                        krait_error *err);

/**
 * Give a file or link a second place, with the same contents and time; or a folder, empty.
 *
 * @param pack  the pack
 * @param from  absolute path in the pack
 * @param to    absolute path in the pack; what is there is replaced
 * @param err   receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   none
 * Errors:  KRAIT_ENOTFOUND it is not there; KRAIT_EINVAL a bad path; KRAIT_ELIMIT; KRAIT_ENOMEM
 * Threads: one at a time
 * Source:  pack/pack.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_pack_copy(krait_pack *pack, const char *from,
                                                      const char *to, krait_error *err);

/**
 * Make later times of a file, or of a folder and everything in it, this one.
 *
 * @param pack       the pack
 * @param guest      absolute path in the pack; of nothing: nothing happens
 * @param newest_ns  the latest time that is left
 *
 * Units:   nanoseconds since 1970
 * Owner:   none
 * Errors:  none
 * Threads: one at a time
 * Source:  pack/pack.c
 * Since:   0.1
 */
KRAIT_API void krait_pack_limit_times(krait_pack *pack, const char *guest, int64_t newest_ns);

/**
 * Store a file beside others that a start of the program needs, so that few blocks are read then.
 *
 * @param pack   the pack
 * @param guest  absolute path of a file in the pack; of none: nothing happens
 *
 * Units:   none
 * Owner:   none
 * Errors:  none
 * Threads: one at a time
 * Source:  pack/pack.c
 * Since:   0.1
 */
KRAIT_API void krait_pack_prefer(krait_pack *pack, const char *guest);

/**
 * Set what the program gets when it starts, instead of what was set before.
 *
 * @param pack   the pack
 * @param start  the arguments, variables, and the limit of the layer in memory
 * @param err    receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   at most 4096 texts
 * Owner:   texts are copied
 * Errors:  KRAIT_EINVAL a variable without a name; KRAIT_ELIMIT; KRAIT_ENOMEM
 * Threads: one at a time
 * Source:  pack/start.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_pack_set_start(krait_pack *pack,
                                                           const krait_pack_start *start,
                                                           krait_error *err);

/**
 * Get what the program gets when it starts.
 *
 * @param pack       the pack
 * @param ret_start  receives it
 *
 * Units:   none
 * Owner:   the texts are the pack's, until the next krait_pack_set_start()
 * Errors:  none
 * Threads: one at a time
 * Source:  pack/start.c
 * Since:   0.1
 */
KRAIT_API void krait_pack_get_start(const krait_pack *pack, krait_pack_start *ret_start);

/**
 * Name something that was packed in the manifest.  One with the same name and place is replaced.
 *
 * @param pack       the pack
 * @param component  what to say of it
 * @param err        receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   at most 4096 components
 * Owner:   texts are copied
 * Errors:  KRAIT_EINVAL no name; KRAIT_ELIMIT; KRAIT_ENOMEM
 * Threads: one at a time
 * Source:  pack/manifest.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status
krait_pack_add_component(krait_pack *pack, const krait_pack_component *component, krait_error *err);

/* ---- the new module --------------------------------------------------------------------- */

/**
 * Write the module with its files.  The file appears under its name in one step, complete, or stays as
 * it was.  The same module, files and times give the same bytes.
 *
 * @param pack         the pack
 * @param path         the file to make or replace; it is not packed itself
 * @param options      how; NULL: all defaults
 * @param ret_summary  receives what was written; may be NULL
 * @param err          receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   nothing is kept
 * Errors:  KRAIT_EIO the output cannot be written; KRAIT_EINVAL a file cannot be read, or has changed since
 *          it was added; KRAIT_EUNSUPPORTED the module cannot have files; KRAIT_ELIMIT; KRAIT_EBUSY
 *          cancelled; KRAIT_ENOMEM
 * Threads: one at a time
 * Source:  pack/write.c, pack/plan.c, pack/wasm_write.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_pack_write(krait_pack *pack, const char *path,
                                                       const krait_pack_options *options,
                                                       krait_pack_summary *ret_summary,
                                                       krait_error *err);

/* ---- what is in it ---------------------------------------------------------------------- */

/**
 * List everything, each folder before what is in it, names in the order of their bytes.
 *
 * @param pack  the pack
 * @param each  called for each but the root; must not change the pack
 * @param data  its first argument
 *
 * Units:   none
 * Owner:   none
 * Errors:  none
 * Threads: one at a time
 * Source:  pack/pack.c
 * Since:   0.1
 */
KRAIT_API void krait_pack_list(krait_pack *pack, krait_pack_item_fn each, void *data);

/**
 * Look for one of them.
 *
 * @param pack      the pack
 * @param guest     absolute path; links are not followed
 * @param ret_item  receives what it is; its path is `guest`; may be NULL
 * @return 1 when it is there, else 0
 *
 * Units:   none
 * Owner:   texts are the pack's, until it is changed
 * Errors:  none
 * Threads: one at a time
 * Source:  pack/pack.c
 * Since:   0.1
 */
KRAIT_API unsigned krait_pack_find(const krait_pack *pack, const char *guest,
                                   krait_pack_item *ret_item);

/**
 * Get the contents of a file.
 *
 * @param pack       the pack
 * @param guest      absolute path of a file in the pack; links are not followed
 * @param ret_bytes  receives the contents
 * @param ret_size   receives how many
 * @param err        receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   bytes
 * Owner:   caller owns *ret_bytes, releases it with krait_pack_free_bytes()
 * Errors:  KRAIT_ENOTFOUND it is not there; KRAIT_EINVAL it is no file, or cannot be read; KRAIT_EFORMAT it
 *          is damaged; KRAIT_ENOMEM
 * Threads: one at a time
 * Source:  pack/contents.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_pack_get(krait_pack *pack, const char *guest,
                                                     void **ret_bytes, size_t *ret_size,
                                                     krait_error *err);

/**
 * Release what krait_pack_get() has given.
 *
 * @param bytes  the bytes, or NULL
 *
 * Units:   none
 * Owner:   takes the bytes
 * Errors:  none
 * Threads: any thread
 * Source:  pack/contents.c
 * Since:   0.1
 */
KRAIT_API void krait_pack_free_bytes(void *bytes);

/**
 * Compare everything that the module has packed with its sums, and decode it.  Damage of the module itself or
 * of the index was found by krait_pack_open() already.
 *
 * @param pack  the pack, as it was opened
 * @param err   receives the first damage: file and offset; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   none
 * Errors:  KRAIT_EFORMAT damaged; KRAIT_ENOMEM
 * Threads: one at a time
 * Source:  pack/verify.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_pack_verify(krait_pack *pack, krait_error *err);

/**
 * Write everything into a folder of the host: contents, links, times and permissions.
 *
 * @param pack    the pack
 * @param folder  does not exist, or is empty
 * @param cancel  when not NULL and set to anything but 0, the work stops with KRAIT_EBUSY
 * @param err     receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   none
 * Errors:  KRAIT_EINVAL the folder is not empty; KRAIT_EIO; KRAIT_EFORMAT damaged; KRAIT_EBUSY; KRAIT_ENOMEM;
 *          after a failure a part may be there
 * Threads: one at a time
 * Source:  pack/extract.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_pack_extract(krait_pack *pack, const char *folder,
                                                         const volatile sig_atomic_t *cancel,
                                                         krait_error *err);

/**
 * Get sizes of what is there: of the module as it was opened, and of the files.
 *
 * @param pack         the pack
 * @param ret_summary  receives them
 *
 * Units:   bytes
 * Owner:   none
 * Errors:  none
 * Threads: one at a time
 * Source:  pack/pack.c
 * Since:   0.1
 */
KRAIT_API void krait_pack_summarize(const krait_pack *pack, krait_pack_summary *ret_summary);

/**
 * Get the manifest that the module had when it was opened: JSON.
 *
 * @param pack      the pack
 * @param ret_size  receives how many bytes; may be NULL
 * @return the text, not ended by a NUL; NULL when there is none
 *
 * Units:   bytes
 * Owner:   the pack
 * Errors:  none
 * Threads: one at a time
 * Source:  pack/pack.c
 * Since:   0.1
 */
KRAIT_API const char *krait_pack_manifest(const krait_pack *pack, size_t *ret_size);

/**
 * Get what the module says of itself as a whole in its custom section krait.module: JSON (docs/modules.md).
 *
 * @param pack      the pack
 * @param ret_size  receives how many bytes; may be NULL
 * @return the text, not ended by a NUL; NULL when there is none
 *
 * Units:   bytes
 * Owner:   the pack, until krait_pack_set_module()
 * Errors:  none
 * Threads: one at a time
 * Source:  pack/pack.c
 * Since:   0.1
 */
KRAIT_API const char *krait_pack_module(const krait_pack *pack, size_t *ret_size);

/**
 * Set what the module says of itself, instead of what it said before.
 *
 * @param pack  the pack
 * @param text  the contents of the section; NULL: none
 * @param size  how many bytes, at most 65536
 * @param err   receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   bytes
 * Owner:   the text is copied
 * Errors:  KRAIT_ELIMIT; KRAIT_ENOMEM
 * Threads: one at a time
 * Source:  pack/pack.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_pack_set_module(krait_pack *pack, const char *text,
                                                            size_t size, krait_error *err);

/**
 * Look for an exported function.
 *
 * @param pack  the pack
 * @param name  its name
 * @return 1 when the module exports a function of this name, else 0
 *
 * Units:   none
 * Owner:   none
 * Errors:  none
 * Threads: one at a time
 * Source:  pack/wasm_read.c
 * Since:   0.1
 */
KRAIT_API unsigned krait_pack_exports(const krait_pack *pack, const char *name);

/**
 * Get the SHA-256 of the module without its files, as it was opened: which program it is.
 *
 * @param pack  the pack
 * @return 64 hexadecimal digits
 *
 * Units:   none
 * Owner:   the pack
 * Errors:  none
 * Threads: one at a time
 * Source:  pack/pack.c
 * Since:   0.1
 */
KRAIT_API const char *krait_pack_program_sha256(const krait_pack *pack);

#ifdef __cplusplus
}
#endif

#endif /* KRAIT_PACK_H */
