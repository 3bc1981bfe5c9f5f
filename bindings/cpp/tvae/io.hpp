/* SPDX-License-Identifier: MIT */
#ifndef TVAE_IO_HPP
#define TVAE_IO_HPP

#include <tvae/io.h>
#include <tvae/tensor.hpp>

namespace tvae
{

/** Named tensors with text metadata, in `.safetensors`, `.npz` and `.npy` files. */
class archive : public shared_handle<archive, tvae_archive, tvae_archive_destroy,
                                     tvae_archive_retain>
{
  public:
    using shared_handle::shared_handle;

    template <class M = default_mode> static returns<M, archive> create(M = {})
    {
        return detail::got<M, archive>(tvae_archive_create);
    }

    template <class M = default_mode>
    static returns<M, archive> load(const std::string &path, M = {})
    {
        return detail::got<M, archive>(
            [&](tvae_archive **out) { return tvae_archive_load(path.c_str(), out); });
    }

    template <class M = default_mode>
    returns<M, void> save(const std::string &path, M = {}) const
    {
        return detail::finish<M>(tvae_archive_save(get(), path.c_str()));
    }

    std::size_t count() const noexcept
    {
        return tvae_archive_count(get());
    }
    /** Empty past the end. */
    std::string name(std::size_t index) const
    {
        return detail::or_empty(tvae_archive_name(get(), index));
    }

    /** The archive's tensor of that name; the data is shared, not copied. */
    template <class M = default_mode>
    returns<M, tensor> get_tensor(const std::string &name, M = {}) const
    {
        return detail::got<M, tensor>([&](tvae_tensor **out) {
            return tvae_archive_get(get(), name.c_str(), out);
        });
    }

    template <class M = default_mode>
    returns<M, void> put(const std::string &name, const tensor &value, M = {})
    {
        return detail::finish<M>(tvae_archive_put(get(), name.c_str(), value.get()));
    }

    /** Nothing if the key is not there. */
    std::optional<std::string> metadata(const std::string &key) const
    {
        const char *text = tvae_archive_metadata(get(), key.c_str());

        return text ? std::optional<std::string>(text) : std::nullopt;
    }

    template <class M = default_mode>
    returns<M, void> set_metadata(const std::string &key, const std::string &text, M = {})
    {
        return detail::finish<M>(
            tvae_archive_set_metadata(get(), key.c_str(), text.c_str()));
    }
};

} // namespace tvae

#endif
