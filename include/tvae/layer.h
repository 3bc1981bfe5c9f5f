/* SPDX-License-Identifier: MIT */
#ifndef TVAE_LAYER_H
#define TVAE_LAYER_H

#include <tvae/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @file
 * Floor 4: layers. A layer maps rows `[rows, inputs]` to rows `[rows, outputs]`.
 *
 * Parameters and gradients are *copied* in and out by name: inside, weights may lie in
 * any layout, and gradients need not be stored. Names follow PyTorch: "weight", "bias",
 * and in a sequential layer the child's index before them ("0.weight").
 */
typedef struct tvae_layer tvae_layer; /**< Rows in, rows out, with parameters. */

/**
 * Scratch memory of one thread: activations, samples, gradients on their way. It grows to
 * what the largest call needs and stays there, so that steady state allocates nothing.
 * Any layer or model may use it; calls that run at the same time need one each.
 */
typedef struct tvae_workspace tvae_workspace;

/** How a linear layer's weight is exposed (inside, the layout is the library's own). */
enum {
    TVAE_WEIGHT_OUT_IN = 0, /**< [outputs, inputs], as torch.nn.Linear and Conv2d. */
    TVAE_WEIGHT_IN_OUT = 1  /**< [inputs, outputs], as torch.nn.ConvTranspose2d. */
};

/** Options of tvae_layer_create_linear(). */
typedef struct tvae_linear_options {
    size_t size;           /**< filled by tvae_linear_options_init() */
    int64_t n_inputs;      /**< width of an input row, >= 1; no default */
    int64_t n_outputs;     /**< width of an output row, >= 1; no default */
    int64_t n_biases;      /**< 0: none; else divides n_outputs, and each bias serves
                                n_outputs / n_biases neighbouring outputs; -1 (default): one
                                per output */
    int64_t kernel_height; /**< 0 (default): the weight has two axes; else it is exposed
                              as an image-wide convolution, [outputs, channels, height,
                              width] or [inputs, channels, height, width] */
    int64_t kernel_width;  /**< 0 together with kernel_height */
    int32_t weight_order;  /**< TVAE_WEIGHT_OUT_IN (default) or TVAE_WEIGHT_IN_OUT */
    int32_t reserved;      /**< keeps the layout free of padding; 0 */
    double init_bound;     /**< initial weights and biases are uniform in +-init_bound; 0
                                (default): 1 / sqrt(n_inputs) */
} tvae_linear_options;

/** Options of tvae_layer_create_conv2d() and tvae_layer_create_conv_transpose2d(). */
typedef struct tvae_conv2d_options {
    size_t size;            /**< filled by tvae_conv2d_options_init() */
    int64_t in_channels;    /**< of the input image, >= 1; no default */
    int64_t out_channels;   /**< of the output image, >= 1; no default */
    int64_t input_height;   /**< rows of the input image, >= 1; no default */
    int64_t input_width;    /**< columns of the input image, >= 1; no default */
    int64_t kernel_height;  /**< >= 1; no default */
    int64_t kernel_width;   /**< >= 1; no default */
    int64_t stride;         /**< along both axes, >= 1; default 1 */
    int64_t padding;        /**< zeros on every side (transposed: outputs cut off), >= 0;
                               default 0 */
    int64_t output_padding; /**< transposed only: rows and columns added at the far ends
                               of the output, 0 (default) to stride - 1 */
    int32_t bias;           /**< 1 (default): one bias an output channel; 0: none */
    int32_t reserved;       /**< keeps the layout free of padding; 0 */
    double init_bound;      /**< initial weights and biases are uniform in +-init_bound; 0
                               (default): PyTorch's, 1 / sqrt(channels * kernel area), of
                               in_channels (conv2d) or out_channels (transposed) */
} tvae_conv2d_options;

/**
 * The callbacks of a user-defined layer.
 *
 * All run on the thread that made the API call; from several threads at once if the host
 * runs several. Rows are contiguous. A status other than TVAE_OK ends the call: a
 * negative one is handed on, a positive one becomes TVAE_E_INVALID.
 */
typedef struct tvae_custom_layer {
    size_t size; /**< sizeof(tvae_custom_layer) */
    void *user;  /**< Passed back to every function. */
    /** Number of parameter arrays; 0 is fine, then the next two may be NULL and
     * @c initialise is not called. */
    size_t n_parameters;
    const char *const *parameter_names; /**< [n_parameters], different; copied */
    const size_t *parameter_counts;     /**< [n_parameters] elements each, >= 1; copied */
    /** Outputs a row for @c n_inputs (>= 1) inputs a row; 0 refuses. Equal inputs must
     * always give equal outputs: memory is sized by them. */
    size_t (*output_width)(void *user, size_t n_inputs);
    /** Fill the initial parameters, which are zero, with finite numbers; NULL leaves
     * zeros. @c seed is this layer's own, drawn from the caller's by its place. */
    tvae_status (*initialise)(void *user, uint64_t seed, float *const *parameters);
    /** y [rows, outputs] from x [rows, inputs]. */
    tvae_status (*forward)(void *user, const float *const *parameters, size_t n_rows,
                           size_t n_inputs, const float *x, float *y);
    /** dx (may be NULL) is written whole; gradients [n_parameters] are added to. */
    tvae_status (*backward)(void *user, const float *const *parameters, size_t n_rows,
                            size_t n_inputs, const float *x, const float *y,
                            const float *dy, float *dx, float *const *gradients);
    /** Called once when the last reference is dropped; may be NULL. */
    void (*release)(void *user);
} tvae_custom_layer;

/** Fill @p options with the defaults; @p size is sizeof as the caller was compiled.
 *  Statuses: TVAE_OK, TVAE_E_INVALID. Threads: any. Since: 0.1 */
TVAE_API tvae_status tvae_linear_options_init(tvae_linear_options *options, size_t size);

/**
 * Create a linear layer: y = x W + b.
 *
 * @param[in]  options  Sizes, biases and how the weight is exposed.
 * @param[out] out      The layer; rows [rows, n_inputs] to [rows, n_outputs].
 *
 * @retval TVAE_OK             Created, with parameters of zero: see
 * tvae_layer_initialise().
 * @retval TVAE_E_INVALID      NULL or out-of-range option; the message names it.
 * @retval TVAE_E_UNSUPPORTED  Options of a newer library.
 * @retval TVAE_E_SHAPE        The sizes overflow or do not divide.
 * @retval TVAE_E_NOMEM        No memory.
 *
 * Ownership: one reference for the caller.
 * Threads:   any.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_layer_create_linear(const tvae_linear_options *options,
                                              tvae_layer **out);

/** Fill @p options with the defaults; statuses as tvae_linear_options_init(). Threads:
 *  any. Since: 0.1 */
TVAE_API tvae_status tvae_conv2d_options_init(tvae_conv2d_options *options, size_t size);

/**
 * Create a convolution (cross-correlation, as torch.nn.Conv2d) of images that lie flat in
 * the rows: [in_channels, input_height, input_width] to [out_channels, height, width]
 * with height = floor((input_height + 2 padding - kernel_height) / stride) + 1, and width
 * alike.
 *
 * Parameters: "weight" [out_channels, in_channels, kernel_height, kernel_width] and
 * "bias" [out_channels], zero as yet.
 *
 * @param[in]  options  Image, kernel, stride and padding.
 * @param[out] out      The layer.
 *
 * @retval TVAE_OK             Created.
 * @retval TVAE_E_INVALID      NULL or out-of-range option; the message names it.
 * @retval TVAE_E_UNSUPPORTED  Options of a newer library.
 * @retval TVAE_E_SHAPE        The kernel does not fit, or sizes overflow.
 * @retval TVAE_E_NOMEM        No memory.
 *
 * Ownership: one reference for the caller.
 * Threads:   any.
 * Numerics:  float32 products; a training step splits its rows among up to 16 threads.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_layer_create_conv2d(const tvae_conv2d_options *options,
                                              tvae_layer **out);

/**
 * Create a transposed convolution (as torch.nn.ConvTranspose2d) of images: height =
 * (input_height - 1) stride - 2 padding + kernel_height + output_padding, and width
 * alike.
 *
 * Parameters: "weight" [in_channels, out_channels, kernel_height, kernel_width] and
 * "bias" [out_channels], zero as yet.
 *
 * Statuses, ownership, threads: as tvae_layer_create_conv2d(). Since: 0.1
 */
TVAE_API tvae_status
tvae_layer_create_conv_transpose2d(const tvae_conv2d_options *options, tvae_layer **out);

/** Create max(x, 0). Statuses: TVAE_OK, TVAE_E_INVALID, TVAE_E_NOMEM. Ownership: one
 * reference for the caller. Threads: any. Since: 0.1 */
TVAE_API tvae_status tvae_layer_create_relu(tvae_layer **out);

/** Create x > 0 ? x : negative_slope x, of a slope within +-1e30 (PyTorch's is 0.01).
 * Statuses, ownership, threads: as tvae_layer_create_relu(). Since: 0.1 */
TVAE_API tvae_status tvae_layer_create_leaky_relu(double negative_slope,
                                                  tvae_layer **out);

/** Create 1 / (1 + exp(-x)). Statuses, ownership, threads: as tvae_layer_create_relu().
 * Since: 0.1 */
TVAE_API tvae_status tvae_layer_create_sigmoid(tvae_layer **out);

/** Create tanh(x). Statuses, ownership, threads: as tvae_layer_create_relu(). Since: 0.1
 */
TVAE_API tvae_status tvae_layer_create_tanh(tvae_layer **out);

/** Create log(1 + exp(x)). Statuses, ownership, threads: as tvae_layer_create_relu().
 * Since: 0.1 */
TVAE_API tvae_status tvae_layer_create_softplus(tvae_layer **out);

/**
 * Chain layers: each one's outputs are the next one's inputs.
 *
 * @param[in]  layers    [n_layers] handles; the same handle must not appear twice.
 * @param[in]  n_layers  At least 1.
 * @param[out] out       The chain.
 *
 * @retval TVAE_OK         Created.
 * @retval TVAE_E_INVALID  NULL argument or entry, no layers, a handle repeated (be it
 *                         inside another chain), or parameter names of over 127 bytes.
 * @retval TVAE_E_NOMEM    No memory.
 *
 * Whether widths meet is known only once rows arrive: tvae_layer_output_width() tells.
 *
 * Ownership: the chain takes its own reference to each layer.
 * Threads:   any.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_layer_create_sequential(tvae_layer *const *layers,
                                                  size_t n_layers, tvae_layer **out);

/**
 * Create a layer from the host's own functions.
 *
 * @param[in]  callbacks  The host's functions and its parameters' names.
 * @param[out] out        The layer.
 *
 * @retval TVAE_OK             Created, parameters zero.
 * @retval TVAE_E_INVALID      NULL argument, a required function missing, a name empty,
 *                             repeated or of over 127 bytes, a count of 0.
 * @retval TVAE_E_UNSUPPORTED  A table of a newer library.
 * @retval TVAE_E_NOMEM        No memory.
 *
 * The layer keeps room for the gradients of all its parameters from the start, which
 * training in one pass needs.
 *
 * Ownership: the table and its arrays are copied; `user` must live until `release` is
 *            called. On failure `release` is not called.
 * Threads:   any.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_layer_create_custom(const tvae_custom_layer *callbacks,
                                              tvae_layer **out);

/** Add a reference; returns @p layer. Threads: any. Since: 0.1 */
TVAE_API tvae_layer *tvae_layer_retain(tvae_layer *layer);

/** Drop the caller's reference and null the pointer. Threads: any. Since: 0.1 */
TVAE_API void tvae_layer_destroy(tvae_layer **layer);

/**
 * Draw the initial parameters, uniform in +-bound (PyTorch's default for linear layers).
 *
 * @param[in,out] layer  Its parameters are overwritten.
 * @param[in]     seed   Equal seeds give equal parameters.
 *
 * @retval TVAE_OK         Drawn.
 * @retval TVAE_E_INVALID  NULL.
 * @retval TVAE_E_NOMEM    No memory to draw in; some parameters may be drawn.
 * @retval TVAE_E_NUMERIC  A user-defined layer left a value that is not finite.
 *
 * A user-defined layer's own status is handed on.
 *
 * Ownership: nothing is kept.
 * Threads:   one-at-a-time.
 * Numerics:  each parameter has its own stream of @p seed, by its place in the layer; the
 *            draws follow the exposed order.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_layer_initialise(tvae_layer *layer, uint64_t seed);

/**
 * Width of the output rows for input rows of @p n_inputs.
 *
 * @param[in]  layer      Read only.
 * @param[in]  n_inputs   Width of the input rows.
 * @param[out] n_outputs  Width of the output rows.
 *
 * @retval TVAE_OK         @p n_outputs written.
 * @retval TVAE_E_INVALID  NULL argument.
 * @retval TVAE_E_SHAPE    The layer does not take rows of that width.
 *
 * Threads:   shared-read.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_layer_output_width(const tvae_layer *layer, size_t n_inputs,
                                             size_t *n_outputs);

/** Number of named parameters; 0 for NULL. Threads: shared-read. Since: 0.1 */
TVAE_API size_t tvae_layer_parameter_count(const tvae_layer *layer);

/**
 * Name and shape of parameter @p index.
 *
 * @param[in]  layer     Read only.
 * @param[in]  index     0 to tvae_layer_parameter_count() - 1.
 * @param[out] name      Zero-ended; cut at @p capacity.
 * @param[in]  capacity  Bytes at @p name, >= 1; 128 hold any name.
 * @param[out] rank      Number of axes; may be NULL.
 * @param[out] shape     [TVAE_MAX_RANK] extents; may be NULL.
 *
 * @retval TVAE_OK           Written.
 * @retval TVAE_E_INVALID    NULL argument or no capacity.
 * @retval TVAE_E_NOT_FOUND  No parameter of that index.
 *
 * Threads:   shared-read.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_layer_parameter_info(const tvae_layer *layer, size_t index,
                                               char *name, size_t capacity, int32_t *rank,
                                               size_t *shape);

/**
 * Copy a parameter out, in the exposed shape.
 *
 * @param[in]  layer  Read only.
 * @param[in]  name   As tvae_layer_parameter_info() gives it.
 * @param[out] value  Of the shape that tvae_layer_parameter_info() gives.
 *
 * @retval TVAE_OK           Copied.
 * @retval TVAE_E_INVALID    NULL argument.
 * @retval TVAE_E_NOT_FOUND  No such name.
 * @retval TVAE_E_SHAPE      @p value has another shape.
 *
 * Ownership: nothing is kept.
 * Threads:   shared-read.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_layer_get_parameter(const tvae_layer *layer, const char *name,
                                              tvae_tensor *value);

/** Copy a parameter in; statuses as tvae_layer_get_parameter(), and TVAE_E_NUMERIC for a
 * value that is not finite. Threads: one-at-a-time. Since: 0.1 */
TVAE_API tvae_status tvae_layer_set_parameter(tvae_layer *layer, const char *name,
                                              const tvae_tensor *value);

/** Copy a parameter's accumulated gradient out; statuses as tvae_layer_get_parameter(),
 * and TVAE_E_STATE before the first tvae_layer_backward(). Threads: shared-read. Since:
 * 0.1 */
TVAE_API tvae_status tvae_layer_get_gradient(const tvae_layer *layer, const char *name,
                                             tvae_tensor *gradient);

/** Set all accumulated gradients to zero. Statuses: TVAE_OK, TVAE_E_INVALID.
 *  Threads: one-at-a-time. Since: 0.1 */
TVAE_API tvae_status tvae_layer_zero_gradient(tvae_layer *layer);

/**
 * Compute the outputs, and keep in the workspace what tvae_layer_backward() needs.
 *
 * @param[in]     layer  Read only.
 * @param[in,out] work   Workspace of the calling thread.
 * @param[in]     x      [rows, inputs].
 * @param[out]    y      [rows, outputs]; must not overlap @p x.
 *
 * @retval TVAE_OK         Written.
 * @retval TVAE_E_INVALID  NULL argument, or @p y overlaps @p x; @p y untouched.
 * @retval TVAE_E_SHAPE    A shape does not fit; @p y untouched.
 * @retval TVAE_E_NOMEM    The workspace could not grow; @p y untouched.
 *
 * A user-defined layer's own status is handed on; @p y is then unspecified.
 *
 * Ownership: nothing is kept but what lies in @p work.
 * Threads:   shared-read, one workspace each.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_layer_forward(const tvae_layer *layer, tvae_workspace *work,
                                        const tvae_tensor *x, tvae_tensor *y);

/**
 * Add the gradient of the parameters, and give that of the inputs.
 *
 * @param[in,out] layer  Its gradients are added to.
 * @param[in,out] work   The workspace of the forward call, not used by another since.
 * @param[in]     x      As given to tvae_layer_forward().
 * @param[in]     y      As written by it.
 * @param[in]     dy     [rows, outputs] gradient of the loss by @p y.
 * @param[out]    dx     [rows, inputs] gradient by @p x, or NULL; must not overlap @p x,
 *                       @p y or @p dy.
 *
 * @retval TVAE_OK         Done.
 * @retval TVAE_E_INVALID  NULL argument, or @p dx overlaps another.
 * @retval TVAE_E_SHAPE    A shape does not fit.
 * @retval TVAE_E_STATE    @p work does not hold this layer's forward pass of these rows.
 * @retval TVAE_E_NOMEM    Gradients could not be allocated (first call only).
 *
 * May be called again after one forward pass: the workspace keeps what it holds. A
 * user-defined layer's own status is handed on; gradients are then unspecified.
 *
 * Ownership: nothing is kept.
 * Threads:   one-at-a-time.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_layer_backward(tvae_layer *layer, tvae_workspace *work,
                                         const tvae_tensor *x, const tvae_tensor *y,
                                         const tvae_tensor *dy, tvae_tensor *dx);

/** Create an empty workspace. Statuses: TVAE_OK, TVAE_E_INVALID, TVAE_E_NOMEM.
 *  Ownership: one reference for the caller. Threads: any. Since: 0.1 */
TVAE_API tvae_status tvae_workspace_create(tvae_workspace **out);

/** Drop the workspace and null the pointer. Threads: one-at-a-time. Since: 0.1 */
TVAE_API void tvae_workspace_destroy(tvae_workspace **work);

#ifdef __cplusplus
}
#endif

#endif
