/* SPDX-License-Identifier: MIT */
#ifndef TVI_LAYER_WORKSPACE_H
#define TVI_LAYER_WORKSPACE_H

#include <tvae/layer.h>

enum { TVI_WORKSPACE_SLOTS = 48 };

/* A workspace is a set of numbered blocks of floats that grow to the largest size asked
 * for and stay: after the first call of a size nothing is allocated. Who uses one numbers
 * its slots in an enum of its own; a block keeps its content until it is asked for with a
 * larger size. */
struct tvae_workspace {
    struct {
        float *values;
        size_t count;
    } slots[TVI_WORKSPACE_SLOTS];
    /* The forward pass whose activations lie here, for tvae_layer_backward() to check. */
    const tvae_layer *layer;
    size_t n_rows, n_inputs;
};

/* *values = the slot's block of at least `count` floats (64-byte aligned). */
tvae_status tvi_workspace_get(tvae_workspace *work, int slot, size_t count,
                              float **values);

/* Whoever takes slots for anything but a layer's forward pass calls this first: what such
 * a pass left is void from then on, and tvae_layer_backward() says so. */
void tvi_workspace_forget(tvae_workspace *work);

#endif
