/* SPDX-License-Identifier: MIT */
/* Compiled with exceptions switched off: calls give results. */
#include "check.hpp"

#ifdef __cpp_exceptions
#error "this test wants exceptions switched off"
#endif

static void calls_give_results()
{
    auto made = tvae::tensor::create({2, 3});
    CHECK(made && made->count() == 6);
    CHECK(made->fill_normal(1, 1));
    CHECK(tvae::tensor::create({0}).status() == TVAE_E_SHAPE);
}

static void callbacks_are_called()
{
    tvae::custom_layer functions;
    functions.output_width = [](std::size_t n_inputs) { return n_inputs; };
    functions.forward = [](const tvae::custom_rows &rows, tvae::span<float> y) {
        for (std::size_t i = 0; i < y.size(); i++)
            y[i] = 2.0f * rows.x[i];
    };
    functions.backward = [](const tvae::custom_rows &, tvae::span<const float>,
                            tvae::span<const float>, tvae::span<float>,
                            float *const *) {};
    const auto layer = tvae::layer::custom(std::move(functions));
    auto work = tvae::workspace::create();
    auto x = tvae::tensor::create({1, 1}), y = tvae::tensor::create({1, 1});
    CHECK(layer && work && x && y);
    x->data()[0] = 3.0f;
    CHECK(layer->forward(*work, *x, *y));
    CHECK(y->data()[0] == 6.0f);
}

int main()
{
    return run_tests({calls_give_results, callbacks_are_called});
}
