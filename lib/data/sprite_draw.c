/* SPDX-License-Identifier: MIT */
#include "data/sprite_draw.h"

#include <math.h>
#include <string.h>

/* Half the square's side, and the ellipse's half axes, at scale 1. */
#define SQUARE_HALF 9.6
#define ELLIPSE_A 12.8
#define ELLIPSE_B 7.2

/* An image being drawn, and how its pixels lie in the original's coordinates. */
typedef struct canvas {
    float *image;
    size_t size;
    double pixel; /* original pixels a pixel */
} canvas;

/* Where an original coordinate falls among the pixel indices, and the way back. */
static double to_index(const canvas *target, double coordinate)
{
    return (coordinate + 0.5) / target->pixel - 0.5;
}

static double to_coordinate(const canvas *target, size_t index)
{
    return ((double)index + 0.5) * target->pixel - 0.5;
}

/* The first pixel index at or after an index that need not be whole; 0 to size. */
static size_t first_index(const canvas *target, double index)
{
    const double up = ceil(index);

    if (!(up > 0.0))
        return 0;
    return up < (double)target->size ? (size_t)up : target->size;
}

/* Flip the first pixel right of the edge in each row that the edge crosses. */
static void cross_rows(const canvas *target, const double from[2], const double to[2])
{
    const double *upper = from[1] < to[1] ? from : to;
    const double *lower = from[1] < to[1] ? to : from;
    const size_t last = first_index(target, lower[1]);
    const double slope = (lower[0] - upper[0]) / (lower[1] - upper[1]);

    for (size_t row = first_index(target, upper[1]); row < last; row++) {
        const double x = upper[0] + slope * ((double)row - upper[1]);
        const size_t column = first_index(target, x);
        float *pixel = target->image + row * target->size + column;

        if (column < target->size)
            *pixel = 1.0f - *pixel;
    }
}

/* Turn the flips of a row into what lies between them. */
static void fill_between_flips(float *row, size_t begin, size_t end)
{
    int lit = 0;

    for (size_t column = begin; column < end; column++) {
        lit ^= row[column] > 0.0f;
        row[column] = (float)lit;
    }
}

/* Even-odd scan conversion of a closed polygon given in the shape's own coordinates. */
static void fill_polygon(const canvas *target, const tvi_sprite *sprite,
                         const tvi_sprite_point *points, size_t n_points)
{
    const double cosine = sprite->scale * cos(sprite->angle);
    const double sine = sprite->scale * sin(sprite->angle);
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    double last[2] = {0.0, 0.0};
    size_t begin, end, last_row;

    for (size_t k = 0; k <= n_points; k++) {
        const tvi_sprite_point *point = &points[k % n_points];
        const double corner[2] = {
            to_index(target, sprite->center_x + cosine * point->a - sine * point->b),
            to_index(target, sprite->center_y + sine * point->a + cosine * point->b)};

        if (k > 0)
            cross_rows(target, last, corner);
        for (size_t axis = 0; axis < 2; axis++) {
            low[axis] = fmin(low[axis], corner[axis]);
            high[axis] = fmax(high[axis], corner[axis]);
            last[axis] = corner[axis];
        }
    }
    begin = first_index(target, low[0]);
    end = first_index(target, high[0] + 1.0);
    last_row = first_index(target, high[1]);
    for (size_t row = first_index(target, low[1]); row < last_row; row++)
        fill_between_flips(target->image + row * target->size, begin, end);
}

/* (a / A)^2 + (b / B)^2 <= 1 is, along a row, q dx^2 + 2 p dx + r <= 0. */
static void fill_ellipse(const canvas *target, const tvi_sprite *sprite)
{
    const double cosine = cos(sprite->angle), sine = sin(sprite->angle);
    const double a = 1.0 / (ELLIPSE_A * sprite->scale), a2 = a * a;
    const double b = 1.0 / (ELLIPSE_B * sprite->scale), b2 = b * b;
    const double reach = ELLIPSE_A * sprite->scale;
    const double q = cosine * cosine * a2 + sine * sine * b2;
    const size_t last_row =
        first_index(target, to_index(target, sprite->center_y + reach) + 1.0);
    size_t row = first_index(target, to_index(target, sprite->center_y - reach));

    for (; row < last_row; row++) {
        const double dy = to_coordinate(target, row) - sprite->center_y;
        const double p = cosine * sine * (a2 - b2) * dy;
        const double r = (sine * sine * a2 + cosine * cosine * b2) * dy * dy - 1.0;
        const double root = p * p - q * r;
        const double middle = sprite->center_x - p / q;
        double half;
        size_t column, last;

        if (!(root >= 0.0))
            continue;
        half = sqrt(root) / q;
        last = first_index(target, floor(to_index(target, middle + half)) + 1.0);
        for (column = first_index(target, to_index(target, middle - half)); column < last;
             column++)
            target->image[row * target->size + column] = 1.0f;
    }
}

void tvi_sprite_draw(const tvi_sprite *sprite, const tvi_sprite_point *heart,
                     size_t image_size, float *image)
{
    static const tvi_sprite_point square[] = {{-SQUARE_HALF, -SQUARE_HALF},
                                              {SQUARE_HALF, -SQUARE_HALF},
                                              {SQUARE_HALF, SQUARE_HALF},
                                              {-SQUARE_HALF, SQUARE_HALF}};
    const canvas target = {image, image_size, TVI_SPRITE_PIXELS / (double)image_size};

    memset(image, 0, image_size * image_size * sizeof *image);
    if (sprite->shape == TVI_SPRITE_SQUARE)
        fill_polygon(&target, sprite, square, sizeof square / sizeof *square);
    else if (sprite->shape == TVI_SPRITE_ELLIPSE)
        fill_ellipse(&target, sprite);
    else
        fill_polygon(&target, sprite, heart, TVI_HEART_POINTS);
}
