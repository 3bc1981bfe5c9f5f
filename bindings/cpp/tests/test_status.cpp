/* SPDX-License-Identifier: MIT */
#include <cstring>

#include "check.hpp"

static tvae_status status_thrown_by(void (*body)())
{
    try {
        body();
    } catch (const tvae::error &thrown) {
        CHECK(std::strcmp(thrown.what(), tvae_last_error()) == 0);
        CHECK(thrown.what()[0] != '\0');
        return thrown.status();
    }
    return TVAE_OK;
}

static void failures_are_thrown_with_status_and_sentence()
{
    CHECK(status_thrown_by([] { (void)tvae::tensor::create({2, 0}); }) == TVAE_E_SHAPE);
    CHECK(status_thrown_by([] { (void)tvae::model::load("nowhere.safetensors"); }) ==
          TVAE_E_NOT_FOUND);
    CHECK(status_thrown_by([] { tvae::tensor().fill_normal(1, 1); }) == TVAE_E_INVALID);
    CHECK(status_thrown_by([] { (void)tvae::tensor::create({2, 3}); }) == TVAE_OK);
}

static void results_are_asked()
{
    auto good = tvae::tensor::create({2, 3}, tvae::nothrow);
    auto bad = tvae::tensor::create({2, 0}, tvae::nothrow);

    CHECK(good && good.status() == TVAE_OK && good->count() == 6);
    CHECK(!bad && bad.status() == TVAE_E_SHAPE && bad.sentence() == tvae_last_error());
    const tvae::tensor taken = std::move(good).value();
    CHECK(taken.count() == 6);
    bool thrown = false;
    try {
        (void)bad.value();
    } catch (const tvae::error &failure) {
        thrown = failure.status() == TVAE_E_SHAPE && failure.what() == bad.sentence();
    }
    CHECK(thrown);
}

static void results_of_nothing_are_asked()
{
    tvae::tensor x = tvae::tensor::create({2});
    const auto good = x.fill_normal(1, 1, tvae::nothrow);
    const auto bad = tvae::tensor().fill_normal(1, 1, tvae::nothrow);
    bool thrown = false;

    good.value();
    CHECK(good && !bad && bad.status() == TVAE_E_INVALID && !bad.sentence().empty());
    try {
        bad.value();
    } catch (const tvae::error &) {
        thrown = true;
    }
    CHECK(thrown);
}

static void facts_are_told()
{
    CHECK(tvae::version() == TVAE_VERSION_STRING);
    CHECK(tvae::status_name(TVAE_E_SHAPE) == "TVAE_E_SHAPE");
    tvae::set_threads(1);
    tvae::set_kernel_level(TVAE_KERNEL_PORTABLE);
    const tvae_runtime_facts facts = tvae::runtime_info();
    CHECK(facts.n_threads == 1 && facts.kernel_level == TVAE_KERNEL_PORTABLE);
    CHECK(!tvae::set_threads(0, tvae::nothrow));
}

int main()
{
    return run_tests({failures_are_thrown_with_status_and_sentence, results_are_asked,
                      results_of_nothing_are_asked, facts_are_told});
}
