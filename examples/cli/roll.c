/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "arrays.h"

/* tvae roll: out[.., i, ..] = in[.., (i - shift) mod d, ..] along one axis of an array,
 * the last unless told otherwise: NumPy's roll at whole shifts, the band-limited shift
 * between them. */

enum { SHIFT, AXIS, ARRAY, N_OPTIONS };
enum { INPUT, OUTPUT, N_FILES };

/* A view [before, d, after] of the array around the axis, which may count from the end.
 */
static bool view_axis(tvae_tensor *tensor, int64_t axis, size_t shape[3],
                      tvae_tensor **view)
{
    const int32_t rank = tvae_tensor_rank(tensor);
    tvae_status status;

    if (axis < -rank || axis >= rank) {
        fprintf(stderr,
                "tvae roll: --axis is %" PRId64 ", but the array has %d axes: want %d to "
                "%d\n",
                axis, (int)rank, (int)-rank, (int)rank - 1);
        return false;
    }
    axis = axis < 0 ? axis + rank : axis;
    shape[0] = shape[1] = shape[2] = 1;
    for (int32_t i = 0; i < rank; i++)
        shape[i < axis ? 0 : i == axis ? 1 : 2] *= tvae_tensor_extent(tensor, i);
    status = reshape(tensor, 3, shape, view);
    if (status != TVAE_OK)
        (void)report_failure(status);
    return status == TVAE_OK;
}

/* The rolled array, with the axes of the input. */
static tvae_status roll_array(tvae_tensor *in, tvae_tensor *view, const size_t shape[3],
                              double shift, tvae_tensor **out)
{
    const int64_t dims[3] = {(int64_t)shape[1], (int64_t)shape[2], 1};
    const int32_t rank = tvae_tensor_rank(in);
    size_t axes[TVAE_MAX_RANK];
    tvae_tensor *rolled = NULL;
    tvae_roll *roll = NULL;
    tvae_status status = tvae_roll_create(dims, 0, &roll);

    for (int32_t i = 0; i < rank; i++)
        axes[i] = tvae_tensor_extent(in, i);
    if (status == TVAE_OK)
        status = tvae_tensor_create(3, shape, &rolled);
    if (status == TVAE_OK)
        status = tvae_roll_apply_fractional(roll, view, &shift, 1, rolled);
    if (status == TVAE_OK)
        status = reshape(rolled, rank, axes, out);
    tvae_tensor_destroy(&rolled);
    tvae_roll_destroy(&roll);
    return status;
}

static int roll_file(const char *const *files, const char *array, double shift,
                     int64_t axis)
{
    static const char *const name = "t";
    tvae_tensor *in = NULL, *view = NULL, *out = NULL;
    size_t shape[3];
    int code = EXIT_FAILED;

    if (load_array(files[INPUT], array, name, &in) && view_axis(in, axis, shape, &view)) {
        const tvae_status status = roll_array(in, view, shape, shift, &out);

        code = status == TVAE_OK ? save_arrays(files[OUTPUT], 1, &name, &out)
                                 : report_failure(status);
    }
    tvae_tensor_destroy(&out);
    tvae_tensor_destroy(&view);
    tvae_tensor_destroy(&in);
    return code;
}

int command_roll(int n_words, char **words)
{
    static const char *const names[N_OPTIONS] = {"--shift", "--axis", "--array"};
    const char *values[N_OPTIONS] = {NULL}, *files[N_FILES];
    cli_option options[N_OPTIONS] = {{.name = NULL}};
    int64_t axis = -1;
    size_t n_files;
    double shift;

    for (size_t i = 0; i < N_OPTIONS; i++)
        options[i] = (cli_option){
            .name = names[i], .takes_value = true, .values = &values[i], .max_values = 1};
    if (!parse_words("roll", n_words, words, options, N_OPTIONS, files, N_FILES,
                     &n_files))
        return EXIT_USAGE;
    if (n_files < N_FILES || !values[SHIFT]) {
        fprintf(stderr, "tvae roll: want %s\n",
                n_files < N_FILES ? "an input and an output" : "--shift PLACES");
        return EXIT_USAGE;
    }
    if (!check_ending("roll", files[OUTPUT]) ||
        !parse_real("--shift", values[SHIFT], -INT32_MAX, INT32_MAX, &shift) ||
        (values[AXIS] &&
         !parse_number("--axis", values[AXIS], -TVAE_MAX_RANK, TVAE_MAX_RANK - 1, &axis)))
        return EXIT_USAGE;
    return roll_file(files, values[ARRAY], shift, axis);
}
