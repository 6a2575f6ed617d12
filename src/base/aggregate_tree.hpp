// SPDX-License-Identifier: Apache-2.0
// An ordered map in one array that also knows, for every stretch of its keys, the aggregate of
// their values: the sum of what is released up to an instant, the shortest walltime of the jobs
// behind another. A treap (Seidel and Aragon, 1996) of 32-bit links: insert, erase and every
// question cost O(log size) expected; a copy is a copy of one vector. Called by the planner and the
// waiting queue. The answers do not depend on the shape of the tree, so they are the same
// everywhere. Aggregate: `static Value nothing()` and `static Value join(Value, Value)`,
// associative and commutative; with `static Value less(Value all, Value one)`, which takes one back
// out of a join, an erase does not look at the neighbours of its path.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/assert.hpp"

namespace ampacity {

template <class Key, class Value, class Aggregate>
class AggregateTree {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Value total() const { return of(root_); }

  // Requires a key that is not in the tree. It comes below those of higher priority; only where it
  // comes to stand the tree is cut.
  void insert(const Key& key, const Value& value) {
    const auto fresh = make(key, value);
    auto& added = nodes_[fresh];
    auto* link = &root_;
    while (*link != none && nodes_[*link].priority >= added.priority) {
      auto& node = nodes_[*link];
      node.aggregate = Aggregate::join(node.aggregate, value);
      ++node.size;
      const bool before = key < node.key;
      AMPACITY_ASSERT(before || node.key < key, "a key that is in the tree of {} already", size_);
      link = before ? &node.left : &node.right;
    }
    if (*link != none) {
      split(*link, key, added.left, added.right);
      update(fresh);
    }
    *link = fresh;
    ++size_;
  }

  // Requires a key that is in the tree.
  void erase(const Key& key) {
    path_.clear();
    auto* link = &root_;
    while (true) {
      AMPACITY_ASSERT(*link != none, "a key that is not in the tree of {}", size_);
      auto& node = nodes_[*link];
      const bool before = key < node.key;
      if (!before && !(node.key < key)) break;
      path_.push_back(*link);
      link = before ? &node.left : &node.right;
    }
    const auto gone = *link;
    unused_.push_back(gone);
    *link = merge(nodes_[gone].left, nodes_[gone].right);
    for (auto i = path_.size(); i-- > 0;) lessen(path_[i], nodes_[gone].value);
    --size_;
  }

  // The aggregate of all keys <= key.
  Value through(const Key& key) const {
    auto sum = Aggregate::nothing();
    for (auto at = root_; at != none;) {
      const auto& node = nodes_[at];
      if (key < node.key) {
        at = node.left;
      } else {
        sum = Aggregate::join(sum, Aggregate::join(of(node.left), node.value));
        at = node.right;
      }
    }
    return sum;
  }

  // The first key whose prefix satisfies `enough`, which must stay true once it is true.
  template <class Enough>
  std::optional<Key> first_with_prefix(const Enough& enough) const {
    std::optional<Key> found;
    auto before = Aggregate::nothing();
    for (auto at = root_; at != none;) {
      const auto& node = nodes_[at];
      const auto with = Aggregate::join(Aggregate::join(before, of(node.left)), node.value);
      if (enough(with)) {
        found = node.key;
        at = node.left;
      } else {
        before = with;
        at = node.right;
      }
    }
    return found;
  }

  // The first entry (after `after`, if given) whose own value satisfies `good`. Requires that
  // `good` of an aggregate tells whether one of its values is good, as "the least is small enough"
  // does.
  template <class Good>
  std::optional<std::pair<Key, Value>> first_where(const std::optional<Key>& after,
                                                   const Good& good) const {
    const auto found = search(root_, after, good);
    if (found == none) return std::nullopt;
    return std::pair(nodes_[found].key, nodes_[found].value);
  }

  // How many keys are less than `key`.
  std::size_t rank(const Key& key) const {
    std::size_t count = 0;
    for (auto at = root_; at != none;) {
      const auto& node = nodes_[at];
      if (node.key < key) {
        count += 1 + size_of(node.left);
        at = node.right;
      } else {
        at = node.left;
      }
    }
    return count;
  }

  // In order, until `visit` returns false.
  template <class Visit>
  void for_each(const Visit& visit) const {
    walk(root_, visit);
  }

 private:
  using Link = std::uint32_t;
  static constexpr Link none = ~Link(0);

  struct Node {
    Key key;
    Value value;
    Value aggregate;
    Link left = none;
    Link right = none;
    std::uint32_t size = 1;
    std::uint32_t priority = 0;
  };

  Value of(Link link) const { return link == none ? Aggregate::nothing() : nodes_[link].aggregate; }
  std::uint32_t size_of(Link link) const { return link == none ? 0 : nodes_[link].size; }

  Link make(const Key& key, const Value& value) {
    random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;
    const Node node{key, value, value, none, none, 1, static_cast<std::uint32_t>(random_ >> 32U)};
    if (!unused_.empty()) {
      const auto link = unused_.back();
      unused_.pop_back();
      nodes_[link] = node;
      return link;
    }
    AMPACITY_ASSERT(nodes_.size() < none, "a tree of {} nodes", nodes_.size());
    nodes_.push_back(node);
    return static_cast<Link>(nodes_.size() - 1);
  }

  void update(Link link) {
    auto& node = nodes_[link];
    node.aggregate = Aggregate::join(Aggregate::join(of(node.left), node.value), of(node.right));
    node.size = 1 + size_of(node.left) + size_of(node.right);
  }

  // Keys before `key` to the left, the others to the right.
  void split(Link at, const Key& key, Link& before, Link& after) {
    if (at == none) {
      before = after = none;
      return;
    }
    if (nodes_[at].key < key) {
      Link rest = none;
      split(nodes_[at].right, key, rest, after);
      nodes_[at].right = rest;
      before = at;
    } else {
      AMPACITY_ASSERT(key < nodes_[at].key, "a key that is in the tree of {} already", size_);
      Link rest = none;
      split(nodes_[at].left, key, before, rest);
      nodes_[at].left = rest;
      after = at;
    }
    update(at);
  }

  Link merge(Link left, Link right) {
    if (left == none) return right;
    if (right == none) return left;
    if (nodes_[left].priority > nodes_[right].priority) {
      nodes_[left].right = merge(nodes_[left].right, right);
      update(left);
      return left;
    }
    nodes_[right].left = merge(left, nodes_[right].left);
    update(right);
    return right;
  }

  // A key of this value is gone from below.
  void lessen(Link link, const Value& gone) {
    if constexpr (requires { Aggregate::less(gone, gone); }) {
      auto& node = nodes_[link];
      node.aggregate = Aggregate::less(node.aggregate, gone);
      --node.size;
    } else {
      update(link);
    }
  }

  template <class Good>
  Link search(Link at, const std::optional<Key>& after, const Good& good) const {
    if (at == none || !good(nodes_[at].aggregate)) return none;
    const auto& node = nodes_[at];
    const bool beyond = !after || *after < node.key;
    if (beyond) {
      if (const auto found = search(node.left, after, good); found != none) return found;
      if (good(node.value)) return at;
    }
    return search(node.right, beyond ? std::nullopt : after, good);
  }

  template <class Visit>
  bool walk(Link at, const Visit& visit) const {
    if (at == none) return true;
    const auto& node = nodes_[at];
    return walk(node.left, visit) && visit(node.key, node.value) && walk(node.right, visit);
  }

  std::vector<Node> nodes_;
  std::vector<Link> unused_;
  std::vector<Link> path_;  // of the erase under way
  Link root_ = none;
  std::size_t size_ = 0;
  std::uint64_t random_ = 1;
};

}  // namespace ampacity
