/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TENSOR_HPP
#define TVAE_TENSOR_HPP

#include <tvae/handle.hpp>
#include <tvae/tensor.h>

namespace tvae
{

/** Float32 elements, row-major: owned, wrapped around the host's memory, or a view. */
class tensor
    : public shared_handle<tensor, tvae_tensor, tvae_tensor_destroy, tvae_tensor_retain>
{
  public:
    using shared_handle::shared_handle;

    /** Zeros. */
    template <class M = default_mode>
    static returns<M, tensor> create(const shape &extents, M = {})
    {
        return detail::got<M, tensor>([&](tvae_tensor **out) {
            return tvae_tensor_create(extents.rank(), extents.data(), out);
        });
    }

    /** The host's own memory, which must live as long as the tensor; not copied. */
    template <class M = default_mode>
    static returns<M, tensor> wrap(span<float> data, const shape &extents, M = {})
    {
        if (extents.count() != data.size())
            return detail::fail<M, tensor>(
                {TVAE_E_SHAPE,
                 "tensor::wrap: " + std::to_string(data.size()) + " elements, want " +
                     std::to_string(extents.count()),
                 nullptr});
        return detail::got<M, tensor>([&](tvae_tensor **out) {
            return tvae_tensor_wrap(data.data(), extents.rank(), extents.data(), out);
        });
    }

    /** A contiguous part under another shape; it keeps this tensor's memory alive. */
    template <class M = default_mode>
    returns<M, tensor> view(std::size_t offset, const shape &extents, M = {})
    {
        return detail::got<M, tensor>([&](tvae_tensor **out) {
            return tvae_tensor_view(get(), offset, extents.rank(), extents.data(), out);
        });
    }

    template <class M = default_mode>
    returns<M, void> fill_normal(std::uint64_t seed, std::uint64_t stream, M = {})
    {
        return detail::finish<M>(tvae_tensor_fill_normal(get(), seed, stream));
    }

    std::int32_t rank() const noexcept
    {
        return tvae_tensor_rank(get());
    }
    std::size_t extent(std::int32_t axis) const noexcept
    {
        return tvae_tensor_extent(get(), axis);
    }
    std::size_t count() const noexcept
    {
        return tvae_tensor_count(get());
    }

    shape extents() const
    {
        std::array<std::size_t, TVAE_MAX_RANK> all{};
        const std::int32_t n_axes = std::max(rank(), 0);

        for (std::int32_t axis = 0; axis < n_axes; axis++)
            all[static_cast<std::size_t>(axis)] = extent(axis);
        return shape(all.data(), static_cast<std::size_t>(n_axes));
    }

    span<float> data() noexcept
    {
        return {tvae_tensor_data(get()), count()};
    }
    span<const float> data() const noexcept
    {
        return {tvae_tensor_data_const(get()), count()};
    }
};

} // namespace tvae

#endif
