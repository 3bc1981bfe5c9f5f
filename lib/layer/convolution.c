/* SPDX-License-Identifier: MIT */
#include "layer/convolution.h"

#include <string.h>

#include "kernel/gemm.h"

size_t tvi_unfolded_rows(const tvi_convolution *c)
{
    return c->fine_channels * c->kernel_height * c->kernel_width;
}

size_t tvi_unfolded_pixels(const tvi_convolution *c)
{
    return c->coarse_height * c->coarse_width;
}

/* The coarse places begin .. end - 1 of an axis that see a fine one through a place of
 * the kernel; the others see padding. */
typedef struct span {
    size_t begin, end;
} span;

static span find_span(const tvi_convolution *c, size_t kernel_place, size_t n_fine,
                      size_t n_coarse)
{
    span s = {0, 0};

    if (kernel_place < c->padding)
        s.begin = (c->padding - kernel_place + c->stride - 1) / c->stride;
    if (n_fine + c->padding > kernel_place)
        s.end = (n_fine + c->padding - kernel_place - 1) / c->stride + 1;
    s.end = s.end < n_coarse ? s.end : n_coarse;
    s.begin = s.begin < s.end ? s.begin : s.end;
    return s;
}

/* One row of the unfolded image: what all coarse pixels see at one place of the kernel,
 * in one channel. */
typedef struct unfolded_row {
    span rows, cols;
    size_t channel, i, j;
} unfolded_row;

static unfolded_row find_row(const tvi_convolution *c, size_t row)
{
    const size_t j = row % c->kernel_width;
    const size_t i = row / c->kernel_width % c->kernel_height;

    return (unfolded_row){
        .rows = find_span(c, i, c->fine_height, c->coarse_height),
        .cols = find_span(c, j, c->fine_width, c->coarse_width),
        .channel = row / c->kernel_width / c->kernel_height,
        .i = i,
        .j = j,
    };
}

/* The first fine pixel that the coarse row y sees; for y in r->rows, and some in cols. */
static size_t first_pixel(const tvi_convolution *c, const unfolded_row *r, size_t y)
{
    const size_t fine_y = y * c->stride + r->i - c->padding;
    const size_t fine_x = r->cols.begin * c->stride + r->j - c->padding;

    return (r->channel * c->fine_height + fine_y) * c->fine_width + fine_x;
}

static void gather(size_t n, size_t stride, const float *from, float *to)
{
    if (stride == 1)
        memcpy(to, from, n * sizeof *to);
    else
        for (size_t i = 0; i < n; i++)
            to[i] = from[i * stride];
}

static void scatter_add(size_t n, size_t stride, const float *from, float *to)
{
    if (stride == 1)
        for (size_t i = 0; i < n; i++)
            to[i] += from[i];
    else
        for (size_t i = 0; i < n; i++)
            to[i * stride] += from[i];
}

static void unfold_row(const tvi_convolution *c, const unfolded_row *r, const float *fine,
                       float *to)
{
    const size_t width = c->coarse_width, n = r->cols.end - r->cols.begin;

    memset(to, 0, r->rows.begin * width * sizeof *to);
    for (size_t y = r->rows.begin; n && y < r->rows.end; y++) {
        float *line = to + y * width;

        memset(line, 0, r->cols.begin * sizeof *line);
        gather(n, c->stride, fine + first_pixel(c, r, y), line + r->cols.begin);
        memset(line + r->cols.end, 0, (width - r->cols.end) * sizeof *line);
    }
    memset(to + r->rows.end * width, 0,
           (c->coarse_height - r->rows.end) * width * sizeof *to);
}

void tvi_unfold(const tvi_convolution *c, const float *fine, float *unfolded)
{
    const size_t n_rows = tvi_unfolded_rows(c), n_pixels = tvi_unfolded_pixels(c);

    for (size_t row = 0; row < n_rows; row++) {
        const unfolded_row r = find_row(c, row);

        unfold_row(c, &r, fine, unfolded + row * n_pixels);
    }
}

void tvi_fold(const tvi_convolution *c, const float *unfolded, float *fine)
{
    const size_t n_rows = tvi_unfolded_rows(c), n_pixels = tvi_unfolded_pixels(c);

    memset(fine, 0, c->fine_channels * c->fine_height * c->fine_width * sizeof *fine);
    for (size_t row = 0; row < n_rows; row++) {
        const unfolded_row r = find_row(c, row);
        const size_t n = r.cols.end - r.cols.begin;

        for (size_t y = r.rows.begin; n && y < r.rows.end; y++)
            scatter_add(n, c->stride,
                        unfolded + row * n_pixels + y * c->coarse_width + r.cols.begin,
                        fine + first_pixel(c, &r, y));
    }
}

/* No dimension of the products below exceeds INT32_MAX, which is all that tvi_gemm_run()
 * could refuse. */

void tvi_coarse_product(const tvi_convolution *c, const float *weight,
                        const float *unfolded, float *coarse)
{
    const size_t n_rows = tvi_unfolded_rows(c), n_pixels = tvi_unfolded_pixels(c);
    const tvi_gemm product = {.m = c->coarse_channels,
                              .n = n_pixels,
                              .k = n_rows,
                              .a = weight,
                              .ld_a = n_rows,
                              .b = unfolded,
                              .ld_b = n_pixels,
                              .c = coarse,
                              .ld_c = n_pixels};

    (void)tvi_gemm_run(&product);
}

void tvi_unfolded_product(const tvi_convolution *c, const float *weight,
                          const float *coarse, float *unfolded)
{
    const size_t n_rows = tvi_unfolded_rows(c), n_pixels = tvi_unfolded_pixels(c);
    const tvi_gemm product = {.m = n_rows,
                              .n = n_pixels,
                              .k = c->coarse_channels,
                              .a = weight,
                              .ld_a = n_rows,
                              .transpose_a = true,
                              .b = coarse,
                              .ld_b = n_pixels,
                              .c = unfolded,
                              .ld_c = n_pixels};

    (void)tvi_gemm_run(&product);
}

void tvi_weight_product(const tvi_convolution *c, const float *coarse,
                        const float *unfolded, float *gradient)
{
    const size_t n_rows = tvi_unfolded_rows(c), n_pixels = tvi_unfolded_pixels(c);
    const tvi_gemm product = {.m = c->coarse_channels,
                              .n = n_rows,
                              .k = n_pixels,
                              .a = coarse,
                              .ld_a = n_pixels,
                              .b = unfolded,
                              .ld_b = n_pixels,
                              .transpose_b = true,
                              .c = gradient,
                              .ld_c = n_rows,
                              .add_to_c = true};

    (void)tvi_gemm_run(&product);
}
