/* SPDX-License-Identifier: MIT */
#include <type_traits>
#include <vector>

#include "check.hpp"

static_assert(!std::is_copy_constructible_v<tvae::tensor> &&
                  !std::is_copy_assignable_v<tvae::tensor> &&
                  std::is_nothrow_move_constructible_v<tvae::tensor> &&
                  std::is_nothrow_move_assignable_v<tvae::model>,
              "handles are moved, not copied");
static_assert(sizeof(tvae::tensor) == sizeof(void *),
              "a handle costs what a pointer does");

static void handles_move()
{
    tvae::tensor a = tvae::tensor::create({2, 3});
    tvae_tensor *const raw = a.get();
    tvae::tensor b = std::move(a);

    CHECK(!a && b && b.get() == raw);
    a = tvae::tensor::create({4});
    a = std::move(b);
    CHECK(!b && a.get() == raw);
    tvae::tensor &same = a;
    a = std::move(same);
    CHECK(a.get() == raw);
    tvae_tensor *owned = a.release();
    CHECK(!a && owned == raw);
    const tvae::tensor back(owned);
    CHECK(back.count() == 6);
}

static void references_are_shared()
{
    tvae::tensor first = tvae::tensor::create({3});
    first.data()[1] = 5.0f;
    const tvae::tensor second = first.share();
    first = tvae::tensor();
    CHECK(second.data()[1] == 5.0f);
    CHECK(!tvae::tensor().share());
}

static void tensors_wrap_and_view_without_copies()
{
    std::vector<float> memory(6, 1.0f);
    tvae::tensor x = tvae::tensor::wrap(memory, {2, 3});
    const tvae::tensor row = x.view(3, {3});

    memory[4] = 7.0f;
    CHECK(row.data()[1] == 7.0f && row.data().size() == 3);
    CHECK(x.extents() == tvae::shape({2, 3}) && x.extents() != tvae::shape({3, 2}));
    CHECK(x.rank() == 2 && x.extent(1) == 3 && tvae::tensor().extents().rank() == 0);
    float sum = 0.0f;
    for (float value : x.data())
        sum += value;
    CHECK(sum == 12.0f);
    CHECK(tvae::tensor::wrap(memory, {7}, tvae::nothrow).status() == TVAE_E_SHAPE);
    CHECK(x.view(4, {3}, tvae::nothrow).status() == TVAE_E_SHAPE);
}

static void shapes_hold_any_rank()
{
    const tvae::tensor scalar = tvae::tensor::create({});
    const tvae::shape nine{1, 1, 1, 1, 1, 1, 1, 1, 1};

    CHECK(scalar.rank() == 0 && scalar.count() == 1);
    CHECK(tvae::tensor::create({1, 1, 1, 1, 1, 1, 1, 1}).rank() == TVAE_MAX_RANK);
    CHECK(tvae::tensor::create(nine, tvae::nothrow).status() == TVAE_E_INVALID);
}

static void options_hold_the_defaults()
{
    const tvae::train_options train;
    tvae_train_options c;

    CHECK(tvae_train_options_init(&c, sizeof c) == TVAE_OK);
    CHECK(train.size == sizeof c && train.learning_rate == c.learning_rate &&
          train.seed == c.seed);
    CHECK(tvae::prior_options().capsule_dims[1] == 1);
}

int main()
{
    return run_tests({handles_move, references_are_shared,
                      tensors_wrap_and_view_without_copies, shapes_hold_any_rank,
                      options_hold_the_defaults});
}
