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

  // Requires a key that is not in the tree.
  void insert(const Key& key, const Value& value) {
    root_ = placed(root_, make(key, value));
    ++size_;
  }

  // Requires a key that is in the tree.
  void erase(const Key& key) {
    auto gone = Aggregate::nothing();
    root_ = without(root_, key, gone);
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

  // Below those of higher priority. Only where it comes to stand the tree is cut.
  Link placed(Link at, Link fresh) {
    if (at == none) return fresh;
    auto& node = nodes_[at];
    auto& added = nodes_[fresh];
    if (added.priority > node.priority) {
      split(at, added.key, added.left, added.right);
      update(fresh);
      return fresh;
    }
    AMPACITY_ASSERT(node.key != added.key, "a key that is in the tree of {} already", size_);
    auto& side = added.key < node.key ? node.left : node.right;
    side = placed(side, fresh);
    node.aggregate = Aggregate::join(node.aggregate, added.value);
    ++node.size;
    return at;
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

  // `gone`: the value of the key.
  Link without(Link at, const Key& key, Value& gone) {
    AMPACITY_ASSERT(at != none, "a key that is not in the tree of {}", size_);
    auto& node = nodes_[at];
    if (key < node.key) {
      node.left = without(node.left, key, gone);
    } else if (node.key < key) {
      node.right = without(node.right, key, gone);
    } else {
      gone = node.value;
      unused_.push_back(at);
      return merge(node.left, node.right);
    }
    if constexpr (requires { Aggregate::less(gone, gone); }) {
      node.aggregate = Aggregate::less(node.aggregate, gone);
      --node.size;
    } else {
      update(at);
    }
    return at;
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
  Link root_ = none;
  std::size_t size_ = 0;
  std::uint64_t random_ = 1;
};

}  // namespace ampacity
