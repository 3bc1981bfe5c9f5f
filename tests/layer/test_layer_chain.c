/* SPDX-License-Identifier: MIT */
#include "layer_support.h"

#include "base/memory.h"
#include "layer/layer.h"

START_TEST(sequential_names_children_by_index)
{
    static const char *const want[] = {"0.weight",  "0.bias",     "2.0.a",
                                       "2.0.shift", "2.1.weight", "2.1.bias"};
    tvae_layer *inner[2] = {create_product(), create_linear(4, 2)};
    tvae_layer *outer[3] = {create_linear(3, 5), NULL, NULL};
    tvae_layer *chain;
    char name[128];

    ASSERT_OK(tvae_layer_create_relu(&outer[1]));
    outer[2] = create_chain(inner, 2);
    chain = create_chain(outer, 3);
    ck_assert_uint_eq(tvae_layer_parameter_count(chain), 6);
    for (size_t i = 0; i < 6; i++) {
        ASSERT_OK(tvae_layer_parameter_info(chain, i, name, sizeof name, NULL, NULL));
        ck_assert_str_eq(name, want[i]);
    }
    tvae_layer_destroy(&chain);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(sequential_refuses_widths_that_do_not_meet)
{
    tvae_layer *children[2] = {create_linear(3, 5), create_linear(4, 2)};
    tvae_layer *chain = create_chain(children, 2);
    size_t width = 0;

    ASSERT_STATUS(tvae_layer_output_width(chain, 3, &width), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_layer_output_width(chain, 4, &width), TVAE_E_SHAPE);
    tvae_layer_destroy(&chain);
}
END_TEST

START_TEST(create_sequential_rejects_bad_lists)
{
    tvae_layer *a = create_linear(3, 3), *inner = NULL, *chain = NULL;
    tvae_layer *with_null[] = {a, NULL}, *repeated[] = {a, a}, *nested[2];

    ASSERT_STATUS(tvae_layer_create_sequential(NULL, 1, &chain), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_create_sequential(repeated, 0, &chain), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_create_sequential(repeated, 1, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_create_sequential(with_null, 2, &chain), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_create_sequential(repeated, 2, &chain), TVAE_E_INVALID);
    ASSERT_OK(tvae_layer_create_sequential(repeated, 1, &inner));
    nested[0] = a;
    nested[1] = inner;
    ASSERT_STATUS(tvae_layer_create_sequential(nested, 2, &chain), TVAE_E_INVALID);
    ck_assert_ptr_null(chain);
    tvae_layer_destroy(&a);
    tvae_layer_destroy(&inner);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

/* Names grow by two characters a level; the chain whose names no longer fit is refused.
 */
START_TEST(create_sequential_refuses_names_too_long)
{
    tvae_layer *chain = create_linear(2, 2), *deeper = NULL;
    tvae_status st = TVAE_OK;
    size_t depth = 0;

    while (depth < 100) {
        st = tvae_layer_create_sequential(&chain, 1, &deeper);
        if (st != TVAE_OK)
            break;
        tvae_layer_destroy(&chain);
        chain = deeper;
        depth++;
    }
    ck_assert_int_eq(st, TVAE_E_INVALID);
    ck_assert_uint_eq(depth, 60); /* 2 * 60 + strlen("weight") < 128 */
    tvae_layer_destroy(&chain);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(children_and_their_options_are_known)
{
    tvae_layer *children[2] = {create_linear_with(4, 6, 2, TVAE_WEIGHT_IN_OUT, 0),
                               create_product()};
    const tvae_linear_options *options;
    tvae_layer *chain;

    chain = create_chain(children, 2);
    options = tvi_layer_options(tvi_layer_child(chain, 0));
    ck_assert_int_eq(options->n_biases, 2);
    ck_assert_ptr_null(tvi_layer_options(tvi_layer_child(chain, 1)));
    ck_assert_ptr_null(tvi_layer_options(chain));
    ck_assert_str_eq(tvi_layer_child(chain, 1)->kind->name, "custom");
    ck_assert_ptr_null(tvi_layer_child(chain, 2));
    ck_assert_ptr_null(tvi_layer_child(tvi_layer_child(chain, 0), 0));
    tvae_layer_destroy(&chain);
}
END_TEST

/* Options of each kind that has some make the same layer again. */
START_TEST(recipes_make_the_layer_again)
{
    const tvae_conv2d_options images = conv2d_options(2, 5, 4, 3, 3, 2, 1);
    tvae_layer *layers[4] = {create_conv2d(&images, false), create_conv2d(&images, true),
                             create_linear_with(4, 6, 2, TVAE_WEIGHT_IN_OUT, 0), NULL};

    ASSERT_OK(tvae_layer_create_leaky_relu(0.7, &layers[3]));
    for (size_t i = 0; i < 4; i++) {
        const tvi_layer_class *kind = tvi_layer_kind(layers[i]->kind->name);
        const tvi_layer_recipe *recipe = &layers[i]->kind->recipe;
        const void *options = tvi_layer_options(layers[i]);
        tvae_layer *again = NULL;
        size_t n_floats = 0;

        ck_assert_ptr_eq(kind, layers[i]->kind);
        ASSERT_OK(recipe->rebuild(kind, options, &again));
        ck_assert_ptr_eq(again->kind, kind);
        ck_assert_mem_eq(tvi_layer_options(again), options, recipe->options_bytes);
        for (size_t k = 0; k < again->parameters.n_items; k++)
            n_floats += again->parameters.items[k].parameter->n_rows *
                        again->parameters.items[k].parameter->n_columns;
        ck_assert_uint_eq(
            recipe->parameter_floats ? recipe->parameter_floats(options) : 0, n_floats);
        tvae_layer_destroy(&again);
        tvae_layer_destroy(&layers[i]);
    }
}
END_TEST

START_TEST(kinds_are_found_by_name)
{
    const char *const names[] = {"linear", "conv2d",     "conv_transpose2d",
                                 "relu",   "leaky_relu", "sigmoid",
                                 "tanh",   "softplus"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const tvi_layer_class *kind = tvi_layer_kind(names[i]);

        ck_assert_msg(kind && kind->recipe.rebuild, "%s", names[i]);
        ck_assert_str_eq(kind->name, names[i]);
    }
    ck_assert_ptr_null(tvi_layer_kind("sequential"));
    ck_assert_ptr_null(tvi_layer_kind("custom"));
    ck_assert_ptr_null(tvi_layer_kind(""));
}
END_TEST

/* Each parameter takes the next stream: a child's draws depend on its place alone. */
START_TEST(initialise_gives_each_parameter_its_stream)
{
    tvae_layer *same[2] = {create_linear(4, 4), create_linear(4, 4)};
    tvae_layer *only = create_linear(4, 4), *chain = create_chain(same, 2);
    tvae_tensor *first, *second, *alone;

    ASSERT_OK(tvae_layer_initialise(chain, 5));
    ASSERT_OK(tvae_layer_initialise(only, 5));
    first = copy_parameter(chain, "0.weight");
    second = copy_parameter(chain, "1.weight");
    alone = copy_parameter(only, "weight");
    ck_assert_mem_eq(tvae_tensor_data(first), tvae_tensor_data(alone),
                     16 * sizeof(float));
    ck_assert_mem_ne(tvae_tensor_data(first), tvae_tensor_data(second),
                     16 * sizeof(float));
    tvae_tensor_destroy(&first);
    tvae_tensor_destroy(&second);
    tvae_tensor_destroy(&alone);
    tvae_layer_destroy(&only);
    tvae_layer_destroy(&chain);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("layer chain");
    TCase *tc = tcase_create("layer chain");

    tcase_add_test(tc, sequential_names_children_by_index);
    tcase_add_test(tc, sequential_refuses_widths_that_do_not_meet);
    tcase_add_test(tc, create_sequential_rejects_bad_lists);
    tcase_add_test(tc, create_sequential_refuses_names_too_long);
    tcase_add_test(tc, children_and_their_options_are_known);
    tcase_add_test(tc, recipes_make_the_layer_again);
    tcase_add_test(tc, kinds_are_found_by_name);
    tcase_add_test(tc, initialise_gives_each_parameter_its_stream);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
