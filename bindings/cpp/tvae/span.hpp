/* SPDX-License-Identifier: MIT */
#ifndef TVAE_SPAN_HPP
#define TVAE_SPAN_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <type_traits>

#include <tvae/tensor.h>

namespace tvae
{

/** A stretch of somebody else's memory, as C++20's std::span: made from any array or
 * container that lies in one piece. */
template <class T> class span
{
  public:
    constexpr span() noexcept = default;
    constexpr span(T *first, std::size_t size) noexcept : first_(first), size_(size)
    {
    }

    /** From an array, std::array, std::vector, std::span, or a span of non-const. */
    template <class C,
              class = std::enable_if_t<
                  !std::is_same_v<std::remove_cv_t<std::remove_reference_t<C>>, span> &&
                  std::is_convertible_v<std::remove_pointer_t<decltype(std::data(
                                            std::declval<C &>()))> (*)[],
                                        T (*)[]>>>
    constexpr span(C &&container) noexcept
        : first_(std::data(container)), size_(std::size(container))
    {
    }

    constexpr T *data() const noexcept
    {
        return first_;
    }
    constexpr std::size_t size() const noexcept
    {
        return size_;
    }
    constexpr bool empty() const noexcept
    {
        return size_ == 0;
    }
    constexpr T *begin() const noexcept
    {
        return first_;
    }
    constexpr T *end() const noexcept
    {
        return first_ + size_;
    }
    constexpr T &operator[](std::size_t i) const noexcept
    {
        return first_[i];
    }

  private:
    T *first_ = nullptr;
    std::size_t size_ = 0;
};

/** The extents of a tensor: as many as it has axes, none for a single element. */
class shape
{
  public:
    shape() = default;
    shape(std::initializer_list<std::size_t> extents)
        : shape(extents.begin(), extents.size())
    {
    }
    /** More than TVAE_MAX_RANK extents keep their number, and are refused by the library.
     */
    shape(const std::size_t *extents, std::size_t rank) : rank_(rank)
    {
        std::copy_n(extents, std::min(rank, extents_.size()), extents_.begin());
    }

    std::int32_t rank() const noexcept
    {
        return static_cast<std::int32_t>(rank_);
    }
    const std::size_t *data() const noexcept
    {
        return extents_.data();
    }
    std::size_t size() const noexcept
    {
        return rank_;
    }
    std::size_t operator[](std::size_t axis) const noexcept
    {
        return extents_[axis];
    }

    /** How many elements a tensor of these extents has. */
    std::size_t count() const noexcept
    {
        std::size_t product = 1;

        for (std::size_t axis = 0; axis < std::min(rank_, extents_.size()); axis++)
            product *= extents_[axis];
        return product;
    }

    friend bool operator==(const shape &a, const shape &b) noexcept
    {
        return a.rank_ == b.rank_ && a.extents_ == b.extents_;
    }
    friend bool operator!=(const shape &a, const shape &b) noexcept
    {
        return !(a == b);
    }

  private:
    std::array<std::size_t, TVAE_MAX_RANK> extents_{};
    std::size_t rank_ = 0;
};

} // namespace tvae

#endif
