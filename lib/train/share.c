/* SPDX-License-Identifier: MIT */
#include "train/share.h"

#include <stdio.h>

#include "base/memory.h"
#include "layer/backlog.h"

enum { LINE_BYTES = TVI_NAME_BYTES + 32 };

/* Lines "name=size of its memory", in a new string. */
static tvae_status describe(const tvi_parameter_list *parameters, char **out)
{
    char *text = tvi_alloc_array(parameters->n_items + 1, LINE_BYTES);
    size_t used = 0;

    *out = text;
    if (!text)
        return TVAE_E_NOMEM;
    for (size_t i = 0; i < parameters->n_items; i++)
        used += (size_t)snprintf(text + used, LINE_BYTES, "%s=%zu\n",
                                 parameters->items[i].name,
                                 parameters->items[i].parameter->count);
    return TVAE_OK;
}

static tvae_status agree(tvi_exchange *exchange, const tvi_parameter_list *parameters,
                         const char *call)
{
    char *text = NULL;
    tvae_status st = describe(parameters, &text);

    st = tvi_exchange_agree(exchange, st, text, call);
    tvi_free(text);
    return st;
}

tvae_status tvi_share_parameters(tvi_exchange *exchange,
                                 const tvi_parameter_list *parameters, const char *call)
{
    tvae_status st = agree(exchange, parameters, call);

    for (size_t i = 0; i < parameters->n_items && st == TVAE_OK; i++) {
        const tvi_parameter *p = parameters->items[i].parameter;

        tvi_backlog_settle(p);
        st = tvi_exchange_broadcast_floats(exchange, p->value, p->count, call);
    }
    return st;
}
