/* SPDX-License-Identifier: MIT */
#ifndef TVAE_DATA_HPP
#define TVAE_DATA_HPP

#include <tvae/data.h>
#include <tvae/tensor.hpp>

namespace tvae
{

using mnist_options = options<tvae_mnist_options, tvae_mnist_options_init>;
using sprites_options = options<tvae_sprites_options, tvae_sprites_options_init>;
using npz_options = options<tvae_npz_options, tvae_npz_options_init>;
using loader_options = options<tvae_loader_options, tvae_loader_options_init>;

/** Sequences of transformed images. */
class dataset : public shared_handle<dataset, tvae_dataset, tvae_dataset_destroy,
                                     tvae_dataset_retain>
{
  public:
    using shared_handle::shared_handle;

    template <class M = default_mode>
    static returns<M, dataset> mnist(const std::string &folder,
                                     const tvae_mnist_options &wanted, M = {})
    {
        return detail::got<M, dataset>([&](tvae_dataset **out) {
            return tvae_dataset_create_mnist(folder.c_str(), &wanted, out);
        });
    }

    template <class M = default_mode>
    static returns<M, dataset> sprites(const tvae_sprites_options &wanted, M = {})
    {
        return detail::got<M, dataset>([&](tvae_dataset **out) {
            return tvae_dataset_create_sprites(&wanted, out);
        });
    }

    template <class M = default_mode>
    static returns<M, dataset> dsprites(const std::string &path,
                                        const tvae_sprites_options &wanted, M = {})
    {
        return detail::got<M, dataset>([&](tvae_dataset **out) {
            return tvae_dataset_create_dsprites(path.c_str(), &wanted, out);
        });
    }

    template <class M = default_mode>
    static returns<M, dataset> npz(const std::string &path,
                                   const tvae_npz_options &wanted, M = {})
    {
        return detail::got<M, dataset>([&](tvae_dataset **out) {
            return tvae_dataset_create_npz(path.c_str(), &wanted, out);
        });
    }

    /** Keeps both tensors alive; `factors` may be empty. */
    template <class M = default_mode>
    static returns<M, dataset> memory(const tensor &x, const tensor &factors, M = {})
    {
        return detail::got<M, dataset>([&](tvae_dataset **out) {
            return tvae_dataset_create_memory(x.get(), factors.get(), out);
        });
    }

    std::size_t count() const noexcept
    {
        return tvae_dataset_count(get());
    }

    /** Frames, channels, height, width. */
    template <class M = default_mode>
    returns<M, std::array<std::size_t, 4>> sequence_shape(M = {}) const
    {
        return detail::got<M, std::array<std::size_t, 4>>(
            [&](auto *out) { return tvae_dataset_shape(get(), out->data()); });
    }

    std::size_t factor_count() const noexcept
    {
        return tvae_dataset_factor_count(get());
    }
    /** Empty past the end. */
    std::string factor_name(std::size_t factor) const
    {
        return detail::or_empty(tvae_dataset_factor_name(get(), factor));
    }
    /** 0 if unknown. */
    std::size_t factor_values(std::size_t factor) const noexcept
    {
        return tvae_dataset_factor_values(get(), factor);
    }

    /** `factors` may be empty. */
    template <class M = default_mode>
    returns<M, void> read(std::size_t item, std::uint64_t seed, std::uint64_t draw,
                          tensor &x, const tensor &factors, M = {}) const
    {
        return detail::finish<M>(
            tvae_dataset_get(get(), item, seed, draw, x.get(), factors.get()));
    }
};

/** Where a part lies in a batch that is shared among ranks, in sequences. */
struct batch_place {
    std::size_t first, n_total;
};

/** Batches, prepared in the background; keeps its dataset alive. */
class loader : public handle<tvae_loader, tvae_loader_destroy>
{
  public:
    using handle::handle;

    template <class M = default_mode>
    static returns<M, loader> create(const dataset &of, const tvae_loader_options &wanted,
                                     M = {})
    {
        return detail::got<M, loader>([&](tvae_loader **out) {
            return tvae_loader_create(of.get(), &wanted, out);
        });
    }

    std::size_t batches_per_epoch() const noexcept
    {
        return tvae_loader_batches_per_epoch(get());
    }

    /** Gives how many sequences were written; `factors` may be empty. */
    template <class M = default_mode>
    returns<M, std::size_t> next(tensor &x, const tensor &factors, M = {})
    {
        return detail::got<M, std::size_t>([&](std::size_t *out) {
            return tvae_loader_next(get(), x.get(), factors.get(), out);
        });
    }

    /** Of the batch that next() gave last. */
    template <class M = default_mode> returns<M, batch_place> place(M = {}) const
    {
        return detail::got<M, batch_place>([&](batch_place *out) {
            return tvae_loader_place(get(), &out->first, &out->n_total);
        });
    }
};

} // namespace tvae

#endif
