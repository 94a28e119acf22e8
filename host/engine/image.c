/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images: opening one, and bringing instances back to theirs.
 *
 * The bytes of the state are read and written in image_state.c.
 *
 * Going back: pages that were written are found (written.c) and get the image's bytes, so that they
 * stay where they are and cost nothing the next time; when they are more than the instance may
 * keep, or cannot be found, all of them are given back and come from the file again.
 */
#include "engine/image_internal.h"

#include "base/alloc.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where a restored instance may keep written pages, unless it is told otherwise. */
#define DEFAULT_KEEP (UINT64_C(1) << 20)

static krait_status
check_file(const krait_image_parts *parts, krait_error *err)
{
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    struct stat status;

    if (parts->memory_bytes % KRAIT_PAGE_SIZE != 0 || parts->offset % page != 0 ||
        parts->memory_bytes > (uint64_t)UINT32_MAX + 1 || parts->offset > INT64_MAX / 2)
        return krait__error_set(err, KRAIT_EFORMAT, 0, "the memory of an image is not whole pages");
    if (fstat(parts->fd, &status) != 0)
        return krait__error_set(err, KRAIT_EIO, errno, "cannot look at the file of an image");
    if ((uint64_t)status.st_size < parts->offset + parts->memory_bytes)
        return krait__error_set(err, KRAIT_EFORMAT, 0, "the file of an image is cut off");
    return KRAIT_OK;
}

krait_status
krait__image_open(const krait_module *module, const krait_image_parts *parts,
                  krait_image **ret_image, krait_error *err)
{
    krait_status status = check_file(parts, err);
    krait_image *image;

    if (status == KRAIT_OK)
        status = krait__image_state_check(module, parts->state, parts->state_size, err);
    if (status != KRAIT_OK)
        return status;
    image = krait__calloc(1, sizeof(*image));
    if (image == NULL)
        return krait__error_nomem(err);
    (void)pthread_mutex_init(&image->lock, NULL);
    image->fd = image->dirty.fd = -1;
    image->module = module;
    image->offset = parts->offset;
    image->memory_bytes = parts->memory_bytes;
    image->state = krait__memdup(parts->state, parts->state_size);
    image->state_size = parts->state_size;
    image->fd = fcntl(parts->fd, F_DUPFD_CLOEXEC, 3);
    if (image->state == NULL)
        status = krait__error_nomem(err);
    else if (image->fd < 0)
        status = krait__error_set(err, KRAIT_EIO, errno, "cannot keep the file of an image");
    if (status != KRAIT_OK) {
        krait__image_close(image);
        return status;
    }
    *ret_image = image;
    return KRAIT_OK;
}

static krait_status
map_bytes(krait_image *image, krait_error *err)
{
    void *map;

    if (image->memory_bytes == 0)
        return KRAIT_OK;
    map = mmap(NULL, image->memory_bytes, PROT_READ, MAP_PRIVATE, image->fd, (off_t)image->offset);
    if (map == MAP_FAILED)
        return krait__error_set(err, KRAIT_ENOMEM, errno, "cannot map an image");
    image->bytes = map;
    return KRAIT_OK;
}

krait_status
krait__image_prepare(krait_image *image, krait_error *err)
{
    krait_status status = KRAIT_OK;

    if (atomic_load(&image->is_ready))
        return KRAIT_OK;
    (void)pthread_mutex_lock(&image->lock);
    if (!atomic_load(&image->is_ready)) {
        status = map_bytes(image, err);
        if (status == KRAIT_OK) {
            const krait_dirty_mode best = krait__dirty_open(&image->dirty);

            image->mode = best > image->worst_mode ? best : image->worst_mode;
            image->counts_faults = image->memory_bytes > 0 &&
                                   krait__page_faults_count(image->fd, image->offset);
            atomic_store(&image->is_ready, true);
        }
    }
    (void)pthread_mutex_unlock(&image->lock);
    return status;
}

void
krait__image_close(krait_image *image)
{
    if (image == NULL)
        return;
    if (image->bytes != NULL)
        munmap((void *)(uintptr_t)image->bytes, image->memory_bytes);
    if (image->fd >= 0)
        close(image->fd);
    krait__dirty_close(&image->dirty);
    (void)pthread_mutex_destroy(&image->lock);
    krait__free(image->state);
    krait__free(image);
}

krait_dirty_mode
krait__image_mode(krait_image *image)
{
    return krait__image_prepare(image, NULL) == KRAIT_OK ? image->mode : KRAIT_DIRTY_UNKNOWN;
}

void
krait__image_set_mode(krait_image *image, krait_dirty_mode mode)
{
    image->worst_mode = mode;
    if (krait__image_mode(image) < mode)
        image->mode = mode;
}

const uint8_t *
krait__instance_memory(const krait_instance *instance, uint64_t *ret_size)
{
    *ret_size = krait__memory_size(instance->memories[0]);
    return instance->memories[0]->base;
}

/* ---- back to the image -------------------------------------------------------------------- */

int
krait__image_map(const krait_image *image, uint8_t *base)
{
    void *map;

    if (image->memory_bytes == 0)
        return 0;
    map = mmap(base, image->memory_bytes, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, image->fd, (off_t)image->offset);
    return map != MAP_FAILED ? 0 : errno;
}

/* Pages that the guest has added are gone, with what was in them. */
static int
shrink(krait_memory *memory, uint64_t size)
{
    void *map;

    if (memory->size == size)
        return 0;
    map = mmap(memory->base + size, memory->size - size, PROT_NONE,
               MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return map != MAP_FAILED ? 0 : errno;
}

static krait_status
restore_memory(krait_instance *instance, krait_error *err)
{
    krait_image *image = instance->image;
    krait_memory *memory = instance->memories[0];
    uint64_t keep = instance->keep_bytes != 0 ? instance->keep_bytes : DEFAULT_KEEP;
    int error = shrink(memory, image->memory_bytes);

    if (error == 0) {
        krait__memory_shrunk(memory, image->memory_bytes);
        if (!krait__written_copy_back(instance, memory->base, keep) && image->memory_bytes != 0 &&
            madvise(memory->base, image->memory_bytes, MADV_DONTNEED) != 0)
            /* Locked pages are not given back, but another mapping can take their place. */
            error = krait__image_map(image, memory->base);
    }
    if (error != 0)
        return krait__error_set(err, KRAIT_ENOMEM, error, "cannot reset the memory of an instance");
    return KRAIT_OK;
}

krait_status
krait__instance_restore(krait_instance *instance, krait_error *err)
{
    krait_status status;

    if (instance->image == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "the instance was not made from an image");
    if (instance->own.running)
        return krait__error_set(err, KRAIT_EBUSY, 0, "the instance is running");
    status = krait__image_prepare(instance->image, err);
    if (status == KRAIT_OK)
        status = restore_memory(instance, err);
    if (status != KRAIT_OK)
        return status;
    status = krait__image_state_apply(instance, err);
    if (status != KRAIT_OK)
        return status;
    instance->ctx.fuel = instance->fuel_given;
    instance->fuel_spent = 0;
    atomic_store(&instance->exit_code, 0);
    atomic_store(&instance->signals, 0);
    krait__instance_uncancel(instance);
    /* Nothing is pending; a guest without a signal function would be stopped for it for ever. */
    atomic_store(&instance->own.ended, 0);
    __atomic_store_n(&instance->own.thread.interrupted, 0, __ATOMIC_RELEASE);
    return KRAIT_OK;
}
