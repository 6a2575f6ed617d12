// SPDX-License-Identifier: Apache-2.0
// An ordered map whose keys are ids that were given out in sequence, in pages of 64 that copies
// share until one of them writes: a copy of a million entries costs some ten thousand pointers.
// Called by the engine for its jobs, so that a what-if starts in milliseconds. Packs like a
// std::map. Costs: find O(1); change the same, plus the copy of one page if it is shared;
// append and erase O(page). A page goes when its last entry goes; its pointer, 16 bytes for 64 ids,
// stays while lower and higher ids are left.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "base/assert.hpp"
#include "base/pack.hpp"

namespace ampacity {

template <class Id, class T>
class IdTable {
  using Entry = std::pair<Id, T>;
  static constexpr std::uint64_t page_size = 64;
  // Which of its ids are there, a bit each, and their entries, ascending: how many bits lie below
  // an id's own says where it is. Entries that were erased stay, empty, until they are half.
  struct Page {
    std::uint64_t known = 0;
    std::uint64_t stored = 0;
    std::vector<Entry> entries;
    std::size_t place(Id id) const { return count(stored & (bit(id) - 1)); }
    bool has(Id id) const { return (known & bit(id)) != 0; }
    void forget_last_erased() {
      while (!entries.empty() && !has(entries.back().first)) {
        stored &= ~bit(entries.back().first);
        entries.pop_back();
      }
    }
    void compact() {
      std::vector<Entry> left;
      left.reserve(count(known));
      for (auto& entry : entries) {
        if (has(entry.first)) left.push_back(std::move(entry));
      }
      entries = std::move(left);
      stored = known;
    }
    // std::popcount is a call where the oldest processors are built for (Hacker's Delight 5-1).
    static std::size_t count(std::uint64_t bits) {
      bits -= bits >> 1U & 0x5555'5555'5555'5555U;
      bits = (bits & 0x3333'3333'3333'3333U) + (bits >> 2U & 0x3333'3333'3333'3333U);
      bits = (bits + (bits >> 4U)) & 0x0F0F'0F0F'0F0F'0F0FU;
      return static_cast<std::size_t>(bits * 0x0101'0101'0101'0101U >> 56U);
    }
    static std::uint64_t bit(Id id) {
      return std::uint64_t{1} << static_cast<std::uint64_t>(id.value()) % page_size;
    }
  };
  using Pages = std::vector<std::shared_ptr<Page>>;  // null: none of its ids is left

 public:
  class Iterator {
   public:
    Iterator(const Pages& pages, std::size_t page) : pages_(&pages), page_(page) { skip(); }
    const Entry& operator*() const { return (*pages_)[page_]->entries[at_]; }
    Iterator& operator++() {
      ++at_;
      skip();
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    void skip() {
      for (; page_ < pages_->size(); ++page_, at_ = 0) {
        const auto* page = (*pages_)[page_].get();
        if (page == nullptr) continue;
        const auto& entries = page->entries;
        while (at_ < entries.size() && !page->has(entries[at_].first)) ++at_;
        if (at_ < entries.size()) return;
      }
    }
    const Pages* pages_;
    std::size_t page_;
    std::size_t at_ = 0;
  };

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Iterator begin() const { return {pages_, 0}; }
  Iterator end() const { return {pages_, pages_.size()}; }

  // Null: there is no such entry. A pointer lives until the next call that is not const.
  const T* find(Id id) const {
    const auto at = place_of(id);
    if (at >= pages_.size() || !pages_[at]) return nullptr;
    const auto& page = *pages_[at];
    return page.has(id) ? &page.entries[page.place(id)].second : nullptr;
  }
  T* change(Id id) {
    const auto at = place_of(id);
    if (at >= pages_.size() || !pages_[at]) return nullptr;
    auto& own = owned(pages_[at]);
    return own.has(id) ? &own.entries[own.place(id)].second : nullptr;
  }

  // Requires an id above all that were appended since the last erase of a higher one.
  T& append(Id id, T value) {
    if (pages_.empty()) first_ = number(id);
    const auto at = place_of(id);
    AMPACITY_ASSERT(at + 1 >= pages_.size(), "id {} is appended out of order", id.value());
    if (at >= pages_.size()) pages_.resize(at + 1);
    auto& page = pages_[at];
    if (!page) page = std::make_shared<Page>();
    auto& own = owned(page);
    auto& entries = own.entries;
    own.forget_last_erased();
    AMPACITY_ASSERT(entries.empty() || entries.back().first < id, "id {} is appended out of order",
                    id.value());
    entries.emplace_back(id, std::move(value));
    own.known |= Page::bit(id);
    own.stored |= Page::bit(id);
    ++size_;
    return entries.back().second;
  }

  // Requires an entry.
  void erase(Id id) {
    const auto at = place_of(id);
    AMPACITY_ASSERT(at < pages_.size() && pages_[at], "no entry {}", id.value());
    auto& own = owned(pages_[at]);
    AMPACITY_ASSERT(own.has(id), "no entry {}", id.value());
    own.entries[own.place(id)].second = T();
    own.known &= ~Page::bit(id);
    --size_;
    if (own.known == 0) {
      pages_[at].reset();
      trim(at);
    } else if (2 * Page::count(own.known) <= own.entries.size()) {
      own.compact();
    }
  }

 private:
  static std::uint64_t number(Id id) { return static_cast<std::uint64_t>(id.value()) / page_size; }
  // Of an id below the first page: beyond the last.
  std::size_t place_of(Id id) const { return static_cast<std::size_t>(number(id) - first_); }
  // The page there has gone: those behind the last that is left go with it at once, those before
  // the first once they are half of all.
  void trim(std::size_t gone) {
    while (!pages_.empty() && !pages_.back()) pages_.pop_back();
    empty_ = std::min(empty_, pages_.size());
    if (gone == empty_) {
      while (empty_ < pages_.size() && !pages_[empty_]) ++empty_;
    }
    if (2 * empty_ < pages_.size()) return;
    pages_.erase(pages_.begin(), pages_.begin() + static_cast<std::ptrdiff_t>(empty_));
    first_ += empty_;
    empty_ = 0;
  }
  static Page& owned(std::shared_ptr<Page>& page) {
    if (page.use_count() > 1) page = std::make_shared<Page>(*page);
    return *page;
  }

  Pages pages_;
  std::uint64_t first_ = 0;  // number of the first page
  std::size_t empty_ = 0;    // pages in front that have gone
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
