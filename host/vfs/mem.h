/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file system in memory: nodes (inodes), their contents and its quota.
 *
 * Everything that a guest can make grow is charged to the file system before it
 * is allocated: blocks of files, block tables, link texts and names.  A node lives while it
 * has a name or is open.
 */
#ifndef KRAIT_VFS_MEM_H
#define KRAIT_VFS_MEM_H

#include "vfs/fs.h"

#include <sys/uio.h>

#define KRAIT_MEM_BLOCK 4096u
/* What a name costs besides its bytes: entry, slot and bucket. */
#define KRAIT_MEM_ENTRY 96u

typedef struct krait_mem_fs {
    uint64_t limit_bytes;
    uint64_t used_bytes;
    uint32_t limit_inodes;
    uint32_t used_inodes;
    uint64_t next_ino;
    uint64_t dev;
    bool is_timeless;     /* while a whole tree is made or freed: times are set later, or never */
    uint64_t hash_key[2]; /* so that a guest cannot choose names that share a bucket */
    krait_mem_node *root;
    krait_mount mount;
} krait_mem_fs;

/* One name in a directory. */
typedef struct krait_mem_entry {
    struct krait_mem_entry *chain; /* in its hash bucket */
    krait_mem_node *node;
    uint64_t cookie; /* grows with every new entry of the directory, from 2 on */
    uint32_t hash;
    uint16_t name_len;
    char name[];
} krait_mem_entry;

/* Contents of a directory: a hash table, and the entries in the order of their cookies. */
typedef struct krait_mem_dir {
    krait_mem_entry **buckets;
    size_t bucket_count; /* a power of two, or 0 */
    struct krait_mem_slot {
        uint64_t cookie;
        krait_mem_entry *entry; /* NULL: removed */
    } *slots;
    size_t slot_count;
    size_t slot_capacity;
    size_t count; /* entries */
    uint64_t next_cookie;
    krait_mem_node *parent; /* itself for the root; NULL once removed */
} krait_mem_dir;

typedef struct krait_mem_data {
    uint8_t **blocks; /* NULL: a hole; an odd address: of an image, see mem_data.c */
    size_t block_count;
    size_t block_used; /* blocks that are there */
    uint64_t size;
} krait_mem_data;

struct krait_mem_node {
    krait_mem_fs *fs;
    uint32_t refs;    /* places and open files */
    uint32_t nlink;   /* names */
    uint32_t writers; /* regular file: open files that may write to it */
    uint8_t type;
    bool is_locked; /* directory: only the host adds and removes names */
    bool record;    /* directory: names that are not there are remembered */
    uint8_t device; /* character device: enum krait_device */
    bool is_root;   /* owned by root, not by the guest */
    uint16_t mode;  /* 07777 */
    uint32_t image; /* its number in an image, for mem_image_save.c */
    uint64_t ino;
    uint64_t atime_ns;
    uint64_t mtime_ns;
    uint64_t ctime_ns;
    union {
        krait_mem_dir dir;
        krait_mem_data data;
        struct krait_pipe *fifo; /* NULL: nobody has it open */
        struct {
            char *text;
            size_t size;
        } link;
    } as;
};

enum krait_device {
    KRAIT_DEVICE_NULL,
    KRAIT_DEVICE_ZERO,
    KRAIT_DEVICE_FULL,
    KRAIT_DEVICE_RANDOM,
    KRAIT_DEVICE_STDIN, /* these three in a row: krait__file_stands_for */
    KRAIT_DEVICE_STDOUT,
    KRAIT_DEVICE_STDERR
};

/* ---- mem_node.c ----------------------------------------------------------------------------- */

/* false: over quota. */
bool krait__mem_charge(krait_mem_fs *fs, uint64_t bytes);
void krait__mem_refund(krait_mem_fs *fs, uint64_t bytes);
/* Realtime, or what the vfs has for it. */
uint64_t krait__mem_now(const krait_mem_fs *fs);

/* A node without a name, with one reference; ENOSPC, ENOMEM. */
int krait__mem_node_new(krait_mem_fs *fs, uint8_t type, krait_mem_node **ret_node);
krait_mem_node *krait__mem_node_ref(krait_mem_node *node);
void krait__mem_node_unref(krait_mem_node *node); /* takes NULL */
void krait__mem_node_stat(const krait_mem_node *node, krait_stat *ret_stat);
/* EPERM, EACCES: not the guest's. */
int krait__mem_node_set_times(krait_mem_node *node, const krait_times *times);

/* ---- mem_modes.c ---------------------------------------------------------------------------- */

/* May the guest do this (bits KRAIT_HOST_R_OK, ...)? 0 or EACCES. */
int krait__mem_may(const krait_mem_node *node, uint32_t want);
/* The same for opening. */
int krait__mem_may_open(const krait_mem_node *node, uint32_t how);
int krait__mem_node_chmod(krait_mem_node *node, uint32_t mode);
void krait__mem_statvfs(const krait_mem_fs *fs, krait_host_statvfs *ret_statvfs);

/* ---- mem_dir.c ------------------------------------------------------------------------------ */

krait_mem_entry *krait__mem_dir_find(const krait_mem_node *dir, const char *name, size_t name_len);
/* Adds a name that is not there yet; counts it in the node. */
int krait__mem_dir_add(krait_mem_node *dir, const char *name, size_t name_len,
                       krait_mem_node *node);
/* Removes a name; may free the node. */
void krait__mem_dir_remove(krait_mem_node *dir, krait_mem_entry *entry);
/* Lets the name stand for another node. */
void krait__mem_dir_replace(krait_mem_node *dir, krait_mem_entry *entry, krait_mem_node *node);
/* The first entry with this cookie or a later one; NULL: none. */
const krait_mem_entry *krait__mem_dir_at(const krait_mem_node *dir, uint64_t cookie);
void krait__mem_dir_clear(krait_mem_node *dir);
/* Gives the entries of a directory other cookies: all lose theirs, each gets one with
 * krait__mem_dir_place (or is new), and those that are left get the ones that follow.  Between
 * begin and end names are found, and up to `room` are added, but none is removed. */
int krait__mem_dir_renumber_begin(krait_mem_node *dir, size_t room, krait_mem_dir *ret_old);
/* Cookies grow from call to call; `entry` has none (0) yet. */
void krait__mem_dir_place(krait_mem_node *dir, krait_mem_entry *entry, uint64_t cookie);
void krait__mem_dir_renumber_end(krait_mem_node *dir, krait_mem_dir *old, uint64_t next_cookie);

/* ---- mem_host.c ----------------------------------------------------------------------------- */

/* What an absolute path of the guest leads to, in memory and without links; NULL: nothing. */
krait_mem_node *krait__mem_find(const krait_vfs *vfs, const char *path);

/* ---- watch.c -------------------------------------------------------------------------------- */

/* A file was closed that could be written to, or got a name: it may be for the host. */
void krait__mem_written(krait_mem_node *node);

/* ---- mem_data.c ----------------------------------------------------------------------------- */

/* Read and write at `offset`; counts may be short. */
size_t krait__mem_data_read(const krait_mem_node *node, uint64_t offset, void *to, size_t size);
int krait__mem_data_write(krait_mem_node *node, uint64_t offset, const void *from, size_t size,
                          size_t *ret_size);
int krait__mem_data_set_size(krait_mem_node *node, uint64_t size);
/* Is there room for so many bytes from its beginning on?  What it has counts. */
bool krait__mem_data_fits(const krait_mem_node *node, uint64_t size);
/* Makes sure that writes to the range cannot fail for want of space. */
int krait__mem_data_reserve(krait_mem_node *node, uint64_t offset, uint64_t size);

/* The bytes of a block; NULL: a hole. */
const uint8_t *krait__mem_data_block(const krait_mem_node *node, size_t index);
/* Makes room for exactly `count` blocks. */
int krait__mem_data_make_table(krait_mem_node *node, uint64_t count);
/* Lets blocks that are holes stand for bytes that are never written to and stay as long as the
 * node; `bytes` is an even address, and the table reaches so far.  ENOSPC. */
int krait__mem_data_share(krait_mem_node *node, size_t first, size_t count, const uint8_t *bytes);

/* ---- mem_file.c ----------------------------------------------------------------------------- */

int krait__mem_file_new(krait_mem_node *node, uint32_t how, uint16_t flags, krait_file **ret_file);
int krait__mem_dir_file_new(const krait_place *place, uint32_t how, uint16_t flags,
                            krait_file **ret_file);

/* ---- pipe.c --------------------------------------------------------------------------------- */

int krait__fifo_open(krait_mem_node *node, uint32_t how, uint16_t flags, krait_file **ret_file);

/* ---- dev.c ---------------------------------------------------------------------------------- */

/* As st_rdev: major number << 8 | minor number. */
uint64_t krait__device_number(const krait_mem_node *node);
int krait__device_file_new(krait_mem_node *node, uint32_t how, uint16_t flags,
                           krait_file **ret_file);

#endif /* KRAIT_VFS_MEM_H */
