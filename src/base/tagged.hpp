// SPDX-License-Identifier: Apache-2.0
// Tagged<Tag, Rep>: a dense id that cannot be mistaken for another. Ids are assigned by the engine
// in sequence, from 0 (indexes) or 1 (jobs); no random id is ever made below the edges.
#pragma once

#include <compare>
#include <cstdint>

namespace ampacity {

template <class Tag, class Rep>
class Tagged {
 public:
  using rep = Rep;
  constexpr Tagged() = default;
  explicit constexpr Tagged(Rep value) : value_(value) {}
  constexpr Rep value() const { return value_; }
  friend constexpr auto operator<=>(Tagged, Tagged) = default;

 private:
  Rep value_ = 0;
};

}  // namespace ampacity
