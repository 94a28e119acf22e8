/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets are the host's; only the numbers of their descriptors may be others here. */
#include "state.h"

#include <string.h>

/* The host's descriptor of a socket. */
static int32_t
find_socket(int32_t fd, int32_t *ret_host)
{
    krait_pack_open *open;
    int32_t rc = krait_pack_find((uint32_t)fd, &open, ret_host);

    return rc == PACK_OK && open != NULL ? __WASI_ERRNO_NOTSOCK : rc;
}

int32_t
PACK_OWN(sock_accept)(int32_t fd, int32_t flags, int32_t result)
{
    uint32_t made;
    int32_t host;
    int32_t rc;

    if (!krait_pack_is_packed()) {
        return krait_pack_real_sock_accept(fd, flags, result);
    }
    rc = find_socket(fd, &host);
    if (rc == PACK_OK) {
        rc = krait_pack_real_sock_accept(host, flags, pack_result(&made));
    }
    if (rc == PACK_OK) {
        rc = krait_pack_adopt(krait_pack_get(), (int32_t)made, &made);
    }
    if (rc == PACK_OK) {
        memcpy(pack_at(result), &made, sizeof(made));
    }
    return rc;
}

int32_t
PACK_OWN(sock_recv)(int32_t fd, int32_t pieces, int32_t count, int32_t flags, int32_t size,
                    int32_t result)
{
    int32_t host = fd;
    int32_t rc = krait_pack_is_packed() ? find_socket(fd, &host) : PACK_OK;

    return rc == PACK_OK ? krait_pack_real_sock_recv(host, pieces, count, flags, size, result) : rc;
}

int32_t
PACK_OWN(sock_send)(int32_t fd, int32_t pieces, int32_t count, int32_t flags, int32_t size)
{
    int32_t host = fd;
    int32_t rc = krait_pack_is_packed() ? find_socket(fd, &host) : PACK_OK;

    return rc == PACK_OK ? krait_pack_real_sock_send(host, pieces, count, flags, size) : rc;
}

int32_t
PACK_OWN(sock_shutdown)(int32_t fd, int32_t how)
{
    int32_t host = fd;
    int32_t rc = krait_pack_is_packed() ? find_socket(fd, &host) : PACK_OK;

    return rc == PACK_OK ? krait_pack_real_sock_shutdown(host, how) : rc;
}
