/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open host directories: listing with stable cookies.
 *
 * The kernel's own positions (d_off) are stable but have up to 63 bits, and what telldir
 * gives a guest has 32.  So a cookie is the number of an entry, and the positions are kept in
 * a table, which is charged to the guest's memory quota.  Entries are read in large
 * pieces; a caller that asks for the next one in order, or for the last one again, is served
 * from the piece at hand, so that a whole listing costs each entry once.  Cookie 0 starts
 * again and sees what has changed.
 */
#include "vfs/host.h"
#include "vfs/mem.h"

#include "base/alloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PIECE_SIZE (32u * 1024u)

/* As the kernel writes it (getdents64(2)). */
struct kernel_dirent {
    uint64_t d_ino;
    int64_t d_off;
    uint16_t d_reclen;
    uint8_t d_type;
    char d_name[];
};

/* Entries that can be told apart; above come the cookies of mount points. */
#define ENTRIES_MAX ((size_t)1 << 30)

typedef struct krait_host_dir {
    krait_file file;
    char *piece;     /* PIECE_SIZE bytes; made at the first listing */
    size_t size;     /* bytes in piece */
    size_t at;       /* the entry with the number `cookie` */
    size_t last;     /* the entry before it; SIZE_MAX: not in this piece */
    uint64_t cookie; /* what is at `at`, or comes with the next piece */
    int64_t *behind; /* kernel's position behind each entry seen so far */
    size_t known;
    size_t capacity;
} krait_host_dir;

/* The quota that tables are charged to. */
static krait_mem_fs *
quota_of(const krait_host_dir *dir)
{
    return dir->file.place.mount->vfs->memory->fs;
}

static void
host_dir_close(krait_file *file)
{
    krait_host_dir *dir = (krait_host_dir *)file;

    krait__mem_refund(quota_of(dir), dir->capacity * sizeof(*dir->behind));
    krait__place_release(&file->place);
    krait__free(dir->behind);
    krait__free(dir->piece);
    krait__free(dir);
}

static int
host_dir_stat(krait_file *file, krait_stat *ret_stat)
{
    struct stat stat;

    if (fstat(file->place.fd, &stat) != 0)
        return errno;
    krait__host_stat(&stat, ret_stat);
    return 0;
}

static int
host_dir_set_times(krait_file *file, const krait_times *times)
{
    struct timespec pair[2];

    krait__host_timespecs(times, pair);
    return utimensat(file->place.fd, ".", pair, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : errno;
}

static int
host_dir_chmod(krait_file *file, uint32_t mode)
{
    return krait__host_chmod(&file->place, file->place.fd, mode);
}

static int
host_dir_statvfs(krait_file *file, krait_host_statvfs *ret_statvfs)
{
    return krait__host_statvfs(file->place.fd, ret_statvfs);
}

static int
host_dir_sync(krait_file *file, bool data_only)
{
    int rc = data_only ? fdatasync(file->place.fd) : fsync(file->place.fd);

    return rc == 0 ? 0 : errno;
}

/* Reads the piece that starts at `cookie`. */
static int
fill(krait_host_dir *dir, uint64_t cookie)
{
    bool goes_on = cookie != 0 && cookie == dir->cookie && dir->size > 0;
    long size;

    if (cookie > dir->known)
        return EINVAL;
    if (dir->piece == NULL) {
        dir->piece = krait__alloc(PIECE_SIZE);
        if (dir->piece == NULL)
            return ENOMEM;
    }
    dir->size = dir->at = 0;
    dir->last = SIZE_MAX;
    if (!goes_on &&
        lseek(dir->file.place.fd, cookie != 0 ? dir->behind[cookie - 1] : 0, SEEK_SET) < 0)
        return errno;
    do {
        size = syscall(SYS_getdents64, dir->file.place.fd, dir->piece, PIECE_SIZE);
    } while (size < 0 && errno == EINTR);
    if (size < 0)
        return errno == ENOENT ? 0 : errno; /* ENOENT: removed while it was open */
    dir->size = (size_t)size;
    dir->cookie = cookie;
    return 0;
}

/* Keeps the position behind the entry `cookie`. */
static int
remember(krait_host_dir *dir, uint64_t cookie, int64_t position)
{
    size_t before = dir->capacity;

    if (cookie == dir->known) {
        size_t room = before != 0 ? before : 8;

        if (dir->known == before && !krait__mem_charge(quota_of(dir), room * sizeof(position)))
            return ENOMEM;
        if (krait__grow(&dir->behind, dir->known, &dir->capacity, sizeof(position), ENTRIES_MAX) !=
            0) {
            krait__mem_refund(quota_of(dir), room * sizeof(position));
            return ENOMEM;
        }
        dir->known++;
    }
    dir->behind[cookie] = position;
    return 0;
}

static uint8_t
type_of(uint8_t d_type)
{
    return d_type == DT_UNKNOWN ? KRAIT_TYPE_UNKNOWN
                                : krait__host_type((uint32_t)DTTOIF((uint32_t)d_type));
}

/* ".." of the mount's root is outside the grant: its number is the root's own here. */
static uint64_t
ino_of(const krait_host_dir *dir, const struct kernel_dirent *entry, size_t name_len)
{
    const krait_host_root *root = ((const krait_host_fs *)dir->file.place.mount->fs)->root;
    struct stat stat;

    if (name_len == 2 && memcmp(entry->d_name, "..", 2) == 0 &&
        fstat(dir->file.place.fd, &stat) == 0 && stat.st_ino == root->ino &&
        stat.st_dev == root->dev)
        return root->ino;
    return entry->d_ino != 0 ? entry->d_ino : 1;
}

/* Makes `at` the entry with the number `cookie`; nothing there: the end. */
static int
seek_entry(krait_host_dir *dir, uint64_t cookie)
{
    if (cookie != 0 && cookie == dir->cookie && dir->at < dir->size)
        return 0;
    if (cookie != 0 && cookie + 1 == dir->cookie && dir->last != SIZE_MAX) {
        dir->at = dir->last;
        dir->last = SIZE_MAX;
        dir->cookie = cookie;
        return 0;
    }
    return fill(dir, cookie);
}

static int
host_dir_readdir(krait_file *file, uint64_t cookie, krait_dirent *ret_entry)
{
    krait_host_dir *dir = (krait_host_dir *)file;
    const struct kernel_dirent *entry;
    size_t name_len;
    int error = seek_entry(dir, cookie);

    memset(ret_entry, 0, sizeof(*ret_entry));
    if (error != 0 || dir->size == 0)
        return error;
    entry = (const struct kernel_dirent *)(const void *)(dir->piece + dir->at);
    error = remember(dir, cookie, entry->d_off);
    if (error != 0)
        return error;
    name_len = strlen(entry->d_name);
    if (entry->d_type == DT_UNKNOWN) {
        struct stat stat;

        if (fstatat(file->place.fd, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) == 0)
            ret_entry->type = krait__host_type(stat.st_mode);
    } else {
        ret_entry->type = type_of(entry->d_type);
    }
    ret_entry->next = cookie + 1;
    ret_entry->ino = ino_of(dir, entry, name_len);
    ret_entry->name = entry->d_name;
    ret_entry->name_len = (uint32_t)name_len;
    dir->last = dir->at;
    dir->at += entry->d_reclen;
    dir->cookie = cookie + 1;
    return 0;
}

static const krait_file_ops host_dir_ops = {
    .close = host_dir_close,
    .stat = host_dir_stat,
    .sync = host_dir_sync,
    .set_times = host_dir_set_times,
    .chmod = host_dir_chmod,
    .statvfs = host_dir_statvfs,
    .readdir = host_dir_readdir,
};

int
krait__host_dir_file_new(krait_place *place, uint32_t how, uint16_t flags, krait_file **ret_file)
{
    krait_host_dir *dir = krait__calloc(1, sizeof(*dir));

    if (dir == NULL)
        return ENOMEM;
    krait__file_init(&dir->file, &host_dir_ops, KRAIT_TYPE_DIRECTORY, how, flags);
    dir->file.place = *place;
    dir->last = SIZE_MAX;
    *ret_file = &dir->file;
    return 0;
}
