/* SPDX-License-Identifier: MIT */
#include "model/model.h"

/* Parameters by name: the list that tvae_model_compose() gathered does the work. */

static tvae_status check_model(const tvae_model *model, const char *call)
{
    return model ? TVAE_OK : tvi_fail(TVAE_E_INVALID, "%s: model is NULL", call);
}

size_t tvae_model_parameter_count(const tvae_model *model)
{
    return model ? model->parameters.n_items : 0;
}

tvae_status tvae_model_parameter_info(const tvae_model *model, size_t index, char *name,
                                      size_t capacity, int32_t *rank, size_t *shape)
{
    const tvae_status st = check_model(model, "model_parameter_info");

    if (st != TVAE_OK)
        return st;
    return tvi_parameter_list_info(&model->parameters, index, name, capacity, rank, shape,
                                   "model_parameter_info");
}

tvae_status tvae_model_get_parameter(const tvae_model *model, const char *name,
                                     tvae_tensor *value)
{
    const tvae_status st = check_model(model, "model_get_parameter");

    if (st != TVAE_OK)
        return st;
    return tvi_parameter_list_get(&model->parameters, name, value, "model_get_parameter");
}

tvae_status tvae_model_set_parameter(tvae_model *model, const char *name,
                                     const tvae_tensor *value)
{
    const tvae_status st = check_model(model, "model_set_parameter");

    if (st != TVAE_OK)
        return st;
    return tvi_parameter_list_set(&model->parameters, name, value, "model_set_parameter");
}

tvae_status tvae_model_get_gradient(const tvae_model *model, const char *name,
                                    tvae_tensor *gradient)
{
    const tvae_status st = check_model(model, "model_get_gradient");

    if (st != TVAE_OK)
        return st;
    return tvi_parameter_list_get_gradient(&model->parameters, name, gradient,
                                           "model_get_gradient");
}

tvae_status tvae_model_zero_gradient(tvae_model *model)
{
    const tvae_status st = check_model(model, "model_zero_gradient");

    if (st == TVAE_OK)
        tvi_parameter_list_zero_gradients(&model->parameters);
    return st;
}
