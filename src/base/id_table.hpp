// SPDX-License-Identifier: Apache-2.0
// An ordered map whose keys are ids that were given out in sequence, in pages of 64 that copies
// share until one of them writes: a copy of a million entries costs some ten thousand pointers.
// Called by the engine for its jobs, so that a what-if starts in milliseconds. Packs like a
// std::map. Costs: find O(log size); change the same, plus the copy of one page if it is shared;
// append and erase O(page). A page goes when its last entry goes.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "base/assert.hpp"
#include "base/pack.hpp"

namespace ampacity {

template <class Id, class T>
class IdTable {
  using Entry = std::pair<Id, T>;
  using Page = std::vector<Entry>;  // ascending
  using Pages = std::map<std::uint64_t, std::shared_ptr<Page>>;

 public:
  class Iterator {
   public:
    Iterator(typename Pages::const_iterator page, std::size_t at) : page_(page), at_(at) {}
    const Entry& operator*() const { return (*page_->second)[at_]; }
    Iterator& operator++() {
      if (++at_ == page_->second->size()) {
        ++page_;
        at_ = 0;
      }
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    typename Pages::const_iterator page_;
    std::size_t at_;
  };

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Iterator begin() const { return {pages_.begin(), 0}; }
  Iterator end() const { return {pages_.end(), 0}; }

  // Null: there is no such entry. A pointer lives until the next call that is not const.
  const T* find(Id id) const {
    const auto page = pages_.find(number(id));
    if (page == pages_.end()) return nullptr;
    const auto it = place(*page->second, id);
    return it == page->second->end() || it->first != id ? nullptr : &it->second;
  }
  T* change(Id id) {
    const auto page = pages_.find(number(id));
    if (page == pages_.end()) return nullptr;
    auto& own = owned(page->second);
    const auto it = place(own, id);
    return it == own.end() || it->first != id ? nullptr : &it->second;
  }

  // Requires an id above all that were appended since the last erase of a higher one.
  T& append(Id id, T value) {
    auto& page = pages_[number(id)];
    if (!page) page = std::make_shared<Page>();
    auto& own = owned(page);
    AMPACITY_ASSERT(own.empty() || own.back().first < id, "id {} is appended out of order",
                    id.value());
    own.emplace_back(id, std::move(value));
    ++size_;
    return own.back().second;
  }

  // Requires an entry.
  void erase(Id id) {
    const auto page = pages_.find(number(id));
    AMPACITY_ASSERT(page != pages_.end(), "no entry {}", id.value());
    auto& own = owned(page->second);
    const auto it = place(own, id);
    AMPACITY_ASSERT(it != own.end() && it->first == id, "no entry {}", id.value());
    own.erase(it);
    --size_;
    if (own.empty()) {
      pages_.erase(page);
    } else if (own.size() * 4 < own.capacity()) {
      own.shrink_to_fit();
    }
  }

 private:
  static constexpr std::uint64_t page_size = 64;

  static std::uint64_t number(Id id) { return static_cast<std::uint64_t>(id.value()) / page_size; }
  template <class AnyPage>
  static auto place(AnyPage& page, Id id) {
    return std::lower_bound(page.begin(), page.end(), id,
                            [](const Entry& entry, Id wanted) { return entry.first < wanted; });
  }
  static Page& owned(std::shared_ptr<Page>& page) {
    if (page.use_count() > 1) page = std::make_shared<Page>(*page);
    return *page;
  }

  Pages pages_;
  std::size_t size_ = 0;
};

template <class Id, class T>
struct Packing<IdTable<Id, T>> {
  template <class Sink>
  static void put(Sink& sink, const IdTable<Id, T>& table) {
    pack_integer(sink, static_cast<std::int64_t>(table.size()));
    for (const auto& [id, value] : table) {
      pack(sink, id);
      pack(sink, value);
    }
  }
  static void get(Unpacker& from, IdTable<Id, T>& table) {
    table = {};
    std::optional<Id> last;
    for (auto n = from.length(); n > 0 && from.ok(); --n) {
      Id id{};
      T value{};
      unpack(from, id);
      unpack(from, value);
      if (last && !(*last < id)) {
        from.fail();
        return;
      }
      last = id;
      table.append(id, std::move(value));
    }
  }
};

}  // namespace ampacity
