// SPDX-License-Identifier: Apache-2.0
// When each node was down, or down or drained. Called by serve/billing.cpp, for the credits of
// leases and the explanation of idle capacity. A report on a rack or a hall is one on all nodes in
// it; a node counts once, and is up again by the first report that says so; it is drained until the
// last of its drains is over. Where another portfolio is put in force, what is there still stays as
// it is, and the rest is forgotten, as the engine does. Cost: O(nodes named) a report, and of all
// reports so far a portfolio.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "fleet/fleet.hpp"
#include "ledger/books.hpp"
#include "ledger/free_nodes.hpp"
#include "protocol/vocabulary.hpp"

namespace ampacity {

class OutTimes {
 public:
  explicit OutTimes(bool drains_count) : drains_count_(drains_count) {}

  // Both in the order of time. Events before the first fleet, and of places that it has not, do not
  // count.
  void configure(std::shared_ptr<const Fleet> fleet, Instant at);
  void hear(const Event& event);  // NodeChanged, Drained or Resumed

  // Each node's own, by site; of one fleet only. Ends the object's use, as `until` does.
  std::map<std::string, std::vector<NodeSpan>> nodes(Instant now);
  // By site: nodes that went and came back together are one outage.
  std::map<std::string, std::vector<OutOfService>> until(Instant now);

 private:
  struct Node {
    bool down = false;
    std::int64_t drains = 0;
    std::optional<Instant> out;
  };
  // What an event says of the nodes of a place.
  struct Report {
    std::string place;
    std::optional<bool> down;
    std::int64_t drains = 0;
  };

  static Report report_of(const Event& event);
  static void take(const Report& report, Node& node);
  bool is_out(const Node& node) const { return node.down || (drains_count_ && node.drains > 0); }
  void close(std::uint32_t number, Node& node, Instant at);
  void close_all(Instant at);

  std::shared_ptr<const Fleet> fleet_;
  bool drains_count_;
  std::vector<Report> heard_;  // of places that are there
  std::map<std::uint32_t, Node> nodes_;
  std::map<std::tuple<std::string, Instant, Instant>, std::int64_t> outages_;
  std::map<std::string, std::vector<NodeSpan>> spans_;
};

}  // namespace ampacity
