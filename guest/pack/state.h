/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of a program with packed files: its tree, its descriptors, and the host's directories
 * that it may use. All of it is made at the first call that needs it; a program in which nothing
 * is packed has none, and passes every call on.
 *
 * Descriptors. The program's numbers are ours: a packed file takes the lowest number that neither the
 * program nor the host uses. A descriptor of the host keeps the host's number, unless a
 * packed file has it; then it is known here under another one. A number that was never seen here
 * is the host's.
 */
#ifndef KRAIT_GUEST_PACK_STATE_H
#define KRAIT_GUEST_PACK_STATE_H

#include "calls.h"
#include "errors.h"
#include "walk.h"

#include <wasi/api.h>

/* The largest number that a descriptor which we give out can have. */
#define KRAIT_PACK_FD_MAX 65535

#define PACK_WRITE_RIGHTS                                                                          \
    (__WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_ALLOCATE | __WASI_RIGHTS_FD_FILESTAT_SET_SIZE)

/* What a file that can be read may be asked, what one that can be written, and what a directory. */
#define PACK_READ_RIGHTS                                                                           \
    (__WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_FD_TELL |                       \
     __WASI_RIGHTS_FD_ADVISE | __WASI_RIGHTS_FD_SYNC | __WASI_RIGHTS_FD_DATASYNC |                 \
     __WASI_RIGHTS_FD_FDSTAT_SET_FLAGS | __WASI_RIGHTS_FD_FILESTAT_GET |                           \
     __WASI_RIGHTS_POLL_FD_READWRITE)
#define PACK_FILE_RIGHTS                                                                           \
    (PACK_READ_RIGHTS | PACK_WRITE_RIGHTS | __WASI_RIGHTS_FD_FILESTAT_SET_TIMES)
#define PACK_DIRECTORY_RIGHTS                                                                      \
    (((__WASI_RIGHTS_POLL_FD_READWRITE << 1) - 1) &                                                \
     ~(__WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_FD_TELL))
#define PACK_ALL_RIGHTS ((__WASI_RIGHTS_POLL_FD_READWRITE << 1) - 1)

/* An open packed file, or a directory of which we know where it is. */
typedef struct krait_pack_open {
    uint32_t node; /* KRAIT_PACK_NONE: a directory that only the host has */
    int32_t host;  /* the host's descriptor of the same directory, or -1 */
    uint64_t position;
    uint64_t rights;
    uint64_t inheriting;
    uint16_t flags;
    char *path;    /* of a directory: canonical */
    char *preopen; /* the name under which the program starts with it, or NULL */
} krait_pack_open;

typedef struct krait_pack_descriptor {
    krait_pack_open *open; /* NULL: the host's, or free */
    int32_t host;          /* the host's number; -1: free, or packed */
    int32_t known_as; /* the number under which the host's descriptor of this number is known; -1 */
} krait_pack_descriptor;

typedef struct krait_pack_state {
    krait_pack_tree tree;
    krait_pack_descriptor *descriptors;
    uint32_t descriptor_count;
    uint32_t open_count; /* of packed files */
    uint32_t root;       /* number of the image's root, when the host gives none */
    krait_pack_mounts mounts;
    krait_pack_mount *mount_list;
    bool is_ready;
    bool was_reported; /* damage, on stderr... */
    uint32_t reported; /* ...of this node, the last one; KRAIT_PACK_NONE: of the index */
} krait_pack_state;

/* As the packer wrote it; it cannot be read at compile time. */
extern volatile krait_pack_slot krait_pack_the_slot __asm__(KRAIT_PACK_SLOT_EXPORT);

static inline bool
krait_pack_is_packed(void)
{
    return krait_pack_the_slot.image != 0;
}

/* Only when something is packed. */
krait_pack_state *krait_pack_get(void);

/* Says on stderr what is damaged, once for each file; returns its argument. */
int krait_pack_report(krait_pack_state *state, uint32_t node, int error);

static inline void *
pack_at(int32_t address)
{
    return (void *)(uintptr_t)(uint32_t)address;
}

static inline int32_t
pack_address(const void *pointer)
{
    return (int32_t)(uintptr_t)pointer;
}

/* The same for what the host writes to. */
static inline int32_t
pack_result(void *pointer)
{
    return (int32_t)(uintptr_t)pointer;
}

/* Whether a link at the end of a path is followed. */
static inline bool
pack_follows(int32_t lookup)
{
    return ((uint32_t)lookup & __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW) != 0;
}

/* table.c */

/*
 * What is behind a number: an open packed file or directory (or NULL), and the host's number (or -1:
 * the file is only ours). PACK_EBADF: neither.
 */
int krait_pack_find(uint32_t fd, krait_pack_open **ret_open, int32_t *ret_host);

/* Gives a number to what is open, and takes its ownership; on failure it is closed. */
int krait_pack_install(krait_pack_state *state, krait_pack_open *open, uint32_t *ret_fd);

/* Gives a number to a new descriptor of the host. On failure that is closed. */
int krait_pack_adopt(krait_pack_state *state, int32_t host, uint32_t *ret_fd);

krait_pack_open *krait_pack_open_new(krait_pack_state *state, uint32_t node, int32_t host,
                                     const char *path);
void krait_pack_open_free(krait_pack_state *state, krait_pack_open *open);

/* Puts `open` at the number, which is free. */
int krait_pack_place_at(krait_pack_state *state, uint32_t fd, krait_pack_open *open);

/* preopens.c */
void krait_pack_find_preopens(krait_pack_state *state);
void krait_pack_unmount(krait_pack_state *state, int32_t host);

/* resolve.c */

/* One question to the host: a path below one of its directories. */
typedef struct krait_pack_question {
    int32_t host;
    const char *path;
    size_t len;
} krait_pack_question;

/* What a path may mean: the host is asked first, with each of the questions. */
typedef struct krait_pack_target {
    krait_pack_question ask[2];
    int asks;
    int rc;      /* what krait_pack_walk says about the tree */
    bool leaves; /* a path that the host may refuse because it leaves the directory */
    krait_pack_place place;
} krait_pack_target;

/* `open` is a directory; anything else is PACK_ENOTDIR. */
int krait_pack_resolve(krait_pack_state *state, krait_pack_open *open, int32_t path, int32_t len,
                       bool follow, krait_pack_target *ret);

/* Whether a host's answer means that it has nothing there, so that the next one is asked. */
bool krait_pack_is_missing(const krait_pack_target *target, int32_t answer);

/* The same when something is to be made: one that it does not allow can be made in memory, if there is one. */
bool krait_pack_is_refused(const krait_pack_state *state, const krait_pack_target *target,
                           int32_t answer);

#endif
