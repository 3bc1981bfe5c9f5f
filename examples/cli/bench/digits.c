/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Where sequences come from: real MNIST and dSprites files; else rings drawn for the
 * purpose, written as files of MNIST's format, and procedural sprites. What is in the
 * pictures makes no difference to the time. */

enum { N_DIGITS = 64, SIDE = 28, PATH_BYTES = 4096 };

/* A ring, thicker or thinner: a fifth of the pixels, as in MNIST. */
static unsigned char pixel_of_ring(int digit, int row, int column)
{
    const double radius = 5.0 + digit % 5;
    const double distance = hypot(row - 13.5, column - 13.5);
    const double strength = 1.0 - fabs(distance - radius) / 2.5;

    return strength > 0.0 ? (unsigned char)(255.0 * strength) : 0;
}

/* The format's header: a magic number and the extents, most significant byte first. */
static void write_header(FILE *file, int n_extents)
{
    const unsigned extents[] = {N_DIGITS, SIDE, SIDE};

    fprintf(file, "%c%c%c%c", 0, 0, 8, n_extents);
    for (int i = 0; i < n_extents; i++)
        fprintf(file, "%c%c%c%c", 0, 0, 0, (int)extents[i]);
}

static bool write_images(const char *path)
{
    FILE *file = fopen(path, "wb");

    if (!file)
        return false;
    write_header(file, 3);
    for (int digit = 0; digit < N_DIGITS; digit++)
        for (int pixel = 0; pixel < SIDE * SIDE; pixel++)
            fputc(pixel_of_ring(digit, pixel / SIDE, pixel % SIDE), file);
    return fclose(file) == 0;
}

static bool write_labels(const char *path)
{
    FILE *file = fopen(path, "wb");

    if (!file)
        return false;
    write_header(file, 1);
    for (int digit = 0; digit < N_DIGITS; digit++)
        fputc(digit % 10, file);
    return fclose(file) == 0;
}

/* Sequences of the folder, under the default transforms and under perspective. */
static tvae_status open_mnist(const char *folder, bench_session *session)
{
    tvae_mnist_options options;
    tvae_status status = tvae_mnist_options_init(&options, sizeof options);

    if (status == TVAE_OK)
        status = tvae_dataset_create_mnist(folder, &options, &session->dataset);
    options.transform = TVAE_TRANSFORM_PERSPECTIVE;
    if (status == TVAE_OK)
        status = tvae_dataset_create_mnist(folder, &options, &session->tilted);
    return status;
}

/* The images stay in memory: the files go as soon as they are read. */
static tvae_status open_rings(bench_session *session)
{
    const char *temporary = getenv("TMPDIR");
    char folder[PATH_BYTES], images[PATH_BYTES + 32], labels[PATH_BYTES + 32];
    tvae_status status = TVAE_OK;

    (void)snprintf(folder, sizeof folder, "%s/tvae-bench-XXXXXX",
                   temporary && *temporary ? temporary : "/tmp");
    if (!mkdtemp(folder)) {
        fprintf(stderr, "tvae bench: no folder can be made as %s\n", folder);
        return TVAE_E_IO;
    }
    (void)snprintf(images, sizeof images, "%s/train-images-idx3-ubyte", folder);
    (void)snprintf(labels, sizeof labels, "%s/train-labels-idx1-ubyte", folder);
    if (write_images(images) && write_labels(labels))
        status = open_mnist(folder, session);
    else
        fprintf(stderr, "tvae bench: nothing can be written into %s\n", folder);
    (void)unlink(images);
    (void)unlink(labels);
    (void)rmdir(folder);
    return status;
}

static tvae_status open_sprites(const char *path, bench_session *session)
{
    tvae_sprites_options options;
    tvae_status status = tvae_sprites_options_init(&options, sizeof options);

    if (status == TVAE_OK)
        status = path ? tvae_dataset_create_dsprites(path, &options, &session->dataset)
                      : tvae_dataset_create_sprites(&options, &session->dataset);
    return status;
}

/* Sequences of other sizes than the model's cannot be trained on. */
static bool data_fits(const bench_session *session)
{
    const bench_config *c = &session->config;
    size_t shape[4];

    return tvae_dataset_shape(session->dataset, shape) == TVAE_OK &&
           shape[0] == (size_t)c->n_frames && shape[1] == (size_t)c->channels &&
           shape[2] == (size_t)c->image_size && shape[3] == (size_t)c->image_size;
}

tvae_status bench_data_open(bench_session *session)
{
    tvae_status status;

    if (session->is_sprites)
        status = open_sprites(session->data, session);
    else
        status = session->data ? open_mnist(session->data, session) : open_rings(session);
    if (status != TVAE_OK || data_fits(session))
        return status;
    fprintf(stderr,
            "tvae bench: the sequences of %s are of another size than the model: rows "
            "about data are left out, inputs are random\n",
            session->config.name);
    session->data = NULL;
    tvae_dataset_destroy(&session->dataset);
    tvae_dataset_destroy(&session->tilted);
    return TVAE_OK;
}
