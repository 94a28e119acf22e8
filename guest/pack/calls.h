/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls of WASI preview 1 twice: as the host has them (krait_pack_real_...), and as the program's libc sees
 * them. wasi-libc calls the imports under the names __imported_wasi_snapshot_preview1_...; a definition
 * of such a name takes the import's place when the program is linked.
 *
 * Pointers are addresses in int32_t, as wasi-libc declares them.
 */
#ifndef KRAIT_GUEST_PACK_CALLS_H
#define KRAIT_GUEST_PACK_CALLS_H

#include <stdint.h>

#define PACK_CALL(name, ...)                                                                       \
    __attribute__((import_module("wasi_snapshot_preview1"),                                        \
                   import_name(#name))) int32_t krait_pack_real_##name(__VA_ARGS__);               \
    int32_t __imported_wasi_snapshot_preview1_##name(__VA_ARGS__)

/* The name of a definition. */
#define PACK_OWN(name) __imported_wasi_snapshot_preview1_##name

PACK_CALL(args_get, int32_t, int32_t);
PACK_CALL(args_sizes_get, int32_t, int32_t);
PACK_CALL(environ_get, int32_t, int32_t);
PACK_CALL(environ_sizes_get, int32_t, int32_t);
PACK_CALL(fd_advise, int32_t, int64_t, int64_t, int32_t);
PACK_CALL(fd_allocate, int32_t, int64_t, int64_t);
PACK_CALL(fd_close, int32_t);
PACK_CALL(fd_datasync, int32_t);
PACK_CALL(fd_fdstat_get, int32_t, int32_t);
PACK_CALL(fd_fdstat_set_flags, int32_t, int32_t);
PACK_CALL(fd_fdstat_set_rights, int32_t, int64_t, int64_t);
PACK_CALL(fd_filestat_get, int32_t, int32_t);
PACK_CALL(fd_filestat_set_size, int32_t, int64_t);
PACK_CALL(fd_filestat_set_times, int32_t, int64_t, int64_t, int32_t);
PACK_CALL(fd_pread, int32_t, int32_t, int32_t, int64_t, int32_t);
PACK_CALL(fd_prestat_get, int32_t, int32_t);
PACK_CALL(fd_prestat_dir_name, int32_t, int32_t, int32_t);
PACK_CALL(fd_pwrite, int32_t, int32_t, int32_t, int64_t, int32_t);
PACK_CALL(fd_read, int32_t, int32_t, int32_t, int32_t);
PACK_CALL(fd_readdir, int32_t, int32_t, int32_t, int64_t, int32_t);
PACK_CALL(fd_renumber, int32_t, int32_t);
PACK_CALL(fd_seek, int32_t, int64_t, int32_t, int32_t);
PACK_CALL(fd_sync, int32_t);
PACK_CALL(fd_tell, int32_t, int32_t);
PACK_CALL(fd_write, int32_t, int32_t, int32_t, int32_t);
PACK_CALL(path_create_directory, int32_t, int32_t, int32_t);
PACK_CALL(path_filestat_get, int32_t, int32_t, int32_t, int32_t, int32_t);
PACK_CALL(path_filestat_set_times, int32_t, int32_t, int32_t, int32_t, int64_t, int64_t, int32_t);
PACK_CALL(path_link, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t);
PACK_CALL(path_open, int32_t, int32_t, int32_t, int32_t, int32_t, int64_t, int64_t, int32_t,
          int32_t);
PACK_CALL(path_readlink, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t);
PACK_CALL(path_remove_directory, int32_t, int32_t, int32_t);
PACK_CALL(path_rename, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t);
PACK_CALL(path_symlink, int32_t, int32_t, int32_t, int32_t, int32_t);
PACK_CALL(path_unlink_file, int32_t, int32_t, int32_t);
PACK_CALL(poll_oneoff, int32_t, int32_t, int32_t, int32_t);
PACK_CALL(sock_accept, int32_t, int32_t, int32_t);
PACK_CALL(sock_recv, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t);
PACK_CALL(sock_send, int32_t, int32_t, int32_t, int32_t, int32_t);
PACK_CALL(sock_shutdown, int32_t, int32_t);

#endif
