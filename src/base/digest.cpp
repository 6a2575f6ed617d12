// SPDX-License-Identifier: Apache-2.0
#include "base/digest.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include "base/assert.hpp"

namespace ampacity {

struct DigestSink::State {
  XXH3_state_t hash;
};

DigestSink::DigestSink() : state_(std::make_unique<State>()) {
  XXH3_128bits_reset(&state_->hash);
}

DigestSink::~DigestSink() = default;

void DigestSink::bytes(const void* data, std::size_t size) {
  XXH3_128bits_update(&state_->hash, data, size);
}

Digest DigestSink::finish() const {
  const auto hash = XXH3_128bits_digest(&state_->hash);
  return {hash.high64, hash.low64};
}

std::string Digest::text() const {
  return fmt::format("{:016x}{:016x}", high, low);
}

Digest digest_of(std::string_view bytes) {
  const auto hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

}  // namespace ampacity
