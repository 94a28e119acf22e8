/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image_tool FILE age SECONDS     makes a saved snapshot so much older (or younger)
 * image_tool FILE kind NUMBER     says that it is of another kind
 * image_tool FILE build           says that it is of another build
 *
 * The header's hash is made anew, so that nothing else is wrong with the file.
 */
#include "snapshot/internal.h"
#include "snapshot/snapshot.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
change(krait_snapshot_header *header, const char *what, const char *value)
{
    if (strcmp(what, "age") == 0)
        header->created_ns -= (int64_t)atoll(value) * 1000000000;
    else if (strcmp(what, "kind") == 0)
        header->kind = (uint32_t)atoi(value);
    else if (strcmp(what, "build") == 0)
        header->build_id[0] ^= 1;
    else
        return 1;
    header->header_hash = krait__snapshot_header_hash(header);
    return 0;
}

int
main(int argc, char **argv)
{
    krait_snapshot_header header;
    int fd = argc >= 3 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1;

    if (fd < 0 || pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header) ||
        change(&header, argv[2], argc > 3 ? argv[3] : "0") != 0 ||
        pwrite(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header)) {
        fprintf(stderr, "image_tool: cannot change '%s'\n", argc > 1 ? argv[1] : "");
        return 1;
    }
    return close(fd);
}
