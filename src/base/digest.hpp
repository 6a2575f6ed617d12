// SPDX-License-Identifier: Apache-2.0
// Digest: 128 bits of XXH3 over the packed form of a value; the witness of determinism. Two engines
// whose digests are equal hold the same state. Not a defence against forgery.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ampacity {

struct Digest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const Digest&, const Digest&) = default;
  std::string text() const;  // 32 hexadecimal digits
};

// A sink for pack(): hashes instead of keeping the bytes.
class DigestSink {
 public:
  DigestSink();
  ~DigestSink();
  DigestSink(const DigestSink&) = delete;
  DigestSink& operator=(const DigestSink&) = delete;
  void bytes(const void* data, std::size_t size);
  Digest finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest digest_of(std::string_view bytes);

}  // namespace ampacity
