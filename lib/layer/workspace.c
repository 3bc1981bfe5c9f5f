/* SPDX-License-Identifier: MIT */
#include "layer/workspace.h"

#include "base/memory.h"

tvae_status tvae_workspace_create(tvae_workspace **out)
{
    if (!out)
        return tvi_fail(TVAE_E_INVALID, "workspace_create: out is NULL");
    *out = tvi_alloc_array(1, sizeof **out);
    return *out ? TVAE_OK : TVAE_E_NOMEM;
}

void tvae_workspace_destroy(tvae_workspace **work)
{
    if (!work || !*work)
        return;
    for (int slot = 0; slot < TVI_WORKSPACE_SLOTS; slot++)
        tvi_free((*work)->slots[slot].values);
    tvi_free(*work);
    *work = NULL;
}

tvae_status tvi_workspace_get(tvae_workspace *work, int slot, size_t count,
                              float **values)
{
    float *grown;

    if (!work->slots[slot].values || work->slots[slot].count < count) {
        grown = tvi_alloc_array(count, sizeof *grown);
        if (!grown)
            return TVAE_E_NOMEM;
        tvi_free(work->slots[slot].values);
        work->slots[slot].values = grown;
        work->slots[slot].count = count;
    }
    *values = work->slots[slot].values;
    return TVAE_OK;
}

void tvi_workspace_forget(tvae_workspace *work)
{
    work->layer = NULL;
}
