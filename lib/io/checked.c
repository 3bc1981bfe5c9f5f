/* SPDX-License-Identifier: MIT */
#include "io/archive.h"

#include <stdio.h>
#include <string.h>

#include <zlib.h>

enum { CRC_TEXT = 9 };

static const char crc_key[] = "crc32";

static uLong add_text(uLong crc, const char *text)
{
    return crc32_z(crc, (const Bytef *)text, strlen(text) + 1);
}

static uLong add_number(uLong crc, uint64_t number)
{
    unsigned char bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(number >> (8 * i));
    return crc32_z(crc, bytes, sizeof bytes);
}

/* CRC-32 over all metadata but itself, then over each tensor's name, rank, extents and
 * data. Texts count with their ending zero, so that none runs into the next. */
static void format_crc(const tvae_archive *archive, char text[CRC_TEXT])
{
    uLong crc = crc32_z(0, NULL, 0);

    for (size_t i = 0; i < archive->metadata.count; i++) {
        if (strcmp(archive->metadata.names[i], crc_key) == 0)
            continue;
        crc = add_text(crc, archive->metadata.names[i]);
        crc = add_text(crc, archive->metadata.values[i]);
    }
    for (size_t i = 0; i < archive->tensors.count; i++) {
        const tvae_tensor *tensor = archive->tensors.values[i];

        crc = add_text(crc, archive->tensors.names[i]);
        crc = add_number(crc, (uint64_t)tvae_tensor_rank(tensor));
        for (int32_t axis = 0; axis < tvae_tensor_rank(tensor); axis++)
            crc = add_number(crc, tvae_tensor_extent(tensor, axis));
        crc = crc32_z(crc, (const Bytef *)tvae_tensor_data_const(tensor),
                      tvae_tensor_count(tensor) * sizeof(float));
    }
    (void)snprintf(text, CRC_TEXT, "%08lx", crc & 0xffffffffuL);
}

/* An archive of the same tensors and metadata, to which the sum can be added. */
static tvae_status share_content(const tvae_archive *archive, tvae_archive **out)
{
    tvae_status st = tvae_archive_create(out);

    for (size_t i = 0; i < archive->metadata.count && st == TVAE_OK; i++)
        if (strcmp(archive->metadata.names[i], crc_key) != 0)
            st = tvae_archive_set_metadata(*out, archive->metadata.names[i],
                                           archive->metadata.values[i]);
    for (size_t i = 0; i < archive->tensors.count && st == TVAE_OK; i++)
        st =
            tvae_archive_put(*out, archive->tensors.names[i], archive->tensors.values[i]);
    if (st != TVAE_OK)
        tvae_archive_destroy(out);
    return st;
}

tvae_status tvi_archive_save_checked(const tvae_archive *archive, const char *path)
{
    tvae_archive *checked = NULL;
    char crc[CRC_TEXT];
    tvae_status st = share_content(archive, &checked);

    if (st != TVAE_OK)
        return st;
    format_crc(checked, crc);
    st = tvae_archive_set_metadata(checked, crc_key, crc);
    if (st == TVAE_OK)
        st = tvi_safetensors_save(checked, path);
    tvae_archive_destroy(&checked);
    return st;
}

static tvae_status check_crc(const tvae_archive *archive, const char *path)
{
    const char *stated = tvae_archive_metadata(archive, crc_key);
    char crc[CRC_TEXT];

    if (!stated)
        return tvi_fail(
            TVAE_E_FORMAT,
            "archive_load: %s: no checksum (metadata \"%s\"), so this is not a "
            "file of training state",
            path, crc_key);
    format_crc(archive, crc);
    if (strcmp(stated, crc) == 0)
        return TVAE_OK;
    return tvi_fail(
        TVAE_E_FORMAT,
        "archive_load: %s: the checksum of the content is %s, want %.20s: the "
        "file is damaged",
        path, crc, stated);
}

tvae_status tvi_archive_load_checked(const char *path, tvae_archive **out)
{
    tvae_status st = tvae_archive_create(out);

    if (st == TVAE_OK)
        st = tvi_safetensors_load(*out, path);
    if (st == TVAE_OK)
        st = check_crc(*out, path);
    if (st != TVAE_OK)
        tvae_archive_destroy(out);
    return st;
}
