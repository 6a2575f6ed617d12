// SPDX-License-Identifier: Apache-2.0
// Bookings: nodes that are kept from an instant to an instant (model/booking.hpp). Until it begins
// a booking is a reservation of the planner, so that nothing starts that would run into it; from
// then on its nodes are out of service for all but the jobs that name it.
#include <algorithm>

#include "base/text.hpp"
#include "engine/engine.hpp"
#include "fleet/booked_room.hpp"
#include "units/text.hpp"

namespace ampacity {
namespace {

std::optional<Refusal> unknown(const char* kind, const std::string& name,
                               const std::vector<std::string>& known) {
  if (contains(known, name)) return std::nullopt;
  return Refusal{Reason::NameUnknown, unknown_name(kind, name, known)};
}

bool overlap(const Booking& a, const Booking& b) {
  return a.from < b.until && b.from < a.until;
}

// Whole nodes of the range, as runs in one rack.
std::vector<Share> whole_nodes(const Fleet& fleet, NodeRange range) {
  std::vector<Share> shares;
  for (auto n = range.begin; n < range.end;) {
    const NodeIndex node(n);
    const auto end =
        std::min(range.end, fleet.topology().nodes_of(fleet.topology().rack_of(node)).end);
    shares.push_back({node, end - n, fleet.gpus(node)});
    n = end;
  }
  return shares;
}

// How a pool is asked for so many GPUs: on whole nodes. Its segments may not come out even there.
Demand demand_of(const Booking& booking, std::int64_t gpus_per_node) {
  const auto nodes = (booking.gpus.count() + gpus_per_node - 1) / gpus_per_node;
  return {nodes * gpus_per_node, {}, booking.within, {}, booking.segment};
}

}  // namespace

std::optional<Refusal> Engine::objection_to(const Booking& booking) const {
  const auto& portfolio = *state_.portfolio;
  if (const auto problems = check(booking); !problems.empty()) {
    return Refusal{Reason::BookingInvalid, to_text(problems.front())};
  }
  if (state_.bookings.count(booking.name) > 0) {
    return Refusal{Reason::BookingInvalid,
                   fmt::format("a booking is called '{}' already", booking.name)};
  }
  if (booking.until <= now_) {
    return Refusal{Reason::BookingInvalid,
                   fmt::format("until: {} has passed", to_text(booking.until))};
  }
  if (state_.bookings.size() >= limits::bookings) {
    return Refusal{Reason::BookingInvalid,
                   fmt::format("there are {} bookings, the limit", limits::bookings)};
  }
  if (!booking.target.empty() && !fleet_.resolve(booking.target)) {
    return Refusal{
        Reason::NameUnknown,
        fmt::format("nothing is called '{}'; book a site, site/hall, … down to a node{}",
                    booking.target, did_you_mean(booking.target, names_of(portfolio.sites)))};
  }
  if (!booking.team.empty()) {
    if (auto no = unknown("team", booking.team, names_of(portfolio.teams))) return no;
  }
  for (const auto& site : booking.sites) {
    if (auto no = unknown("site", site, names_of(portfolio.sites))) return no;
  }
  for (const auto& name : booking.accelerators) {
    auto known = names_of(portfolio.accelerators);
    for (const auto& a : built_in_accelerators()) known.push_back(a.name);
    if (auto no = unknown("accelerator", name, known)) return no;
  }
  return std::nullopt;
}

void Engine::on(const MakeBooking& command) {
  if (!state_.configured) {
    return refuse(Reason::PortfolioInvalid, "no portfolio is configured yet");
  }
  auto booking = command.booking;
  booking.from = std::max(booking.from, now_);
  if (auto objected = objection_to(booking)) return refuse(std::move(*objected));
  const auto nodes = nodes_for(booking);
  if (!nodes) return refuse(Reason::BookingConflict, nodes.error().message);
  emit(BookingMade{std::make_shared<const Booking>(booking), named(*nodes), command.by});
  refresh_capacity(now_);
}

void Engine::on(const EndBooking& command) {
  if (state_.bookings.count(command.name) == 0) {
    return refuse(Reason::NameUnknown,
                  unknown_name("booking", command.name, keys_of(state_.bookings)));
  }
  emit(BookingEnded{command.name, command.by.empty() ? "cancelled" : "cancelled by " + command.by});
}

Result<std::vector<Share>> Engine::nodes_for(const Booking& booking) const {
  if (booking.target.empty()) return chosen_nodes(booking);
  const auto range = fleet_.resolve(booking.target);
  for (const auto& [name, other] : state_.bookings) {
    if (!overlap(booking, other.booking)) continue;
    for (const auto& share : other.nodes) {
      const auto nodes = ampacity::nodes_of(share);
      if (nodes.end <= range->begin || nodes.begin >= range->end) continue;
      return invalid(fmt::format("booking {} has {} from {} until {}", name,
                                 fleet_.path(share.node), to_text(other.booking.from),
                                 to_text(other.booking.until)));
    }
  }
  return whole_nodes(fleet_, *range);
}

// On a copy of the fleet as it will be when the booking begins: halls that are energised and leased
// by then, gangs gone that are expected to have ended, other bookings in force.
Result<std::vector<Share>> Engine::chosen_nodes(const Booking& booking) const {
  const auto& portfolio = *state_.portfolio;
  auto later = fleet_;
  const auto then = standings(portfolio, later, state_.lease_use, booking.from);
  for (std::uint32_t i = 0; i < later.halls().size(); ++i) {
    const auto& hall = later.halls()[i];
    const bool energised = !hall.energised || *hall.energised <= booking.from;
    const bool usable = energised && then[hall.pool.value()].lease.has_value();
    if (usable != later.is_usable(HallIndex(i))) later.set_usable(HallIndex(i), usable);
  }
  for (std::uint32_t i = 0; i < later.sites().size(); ++i) {
    later.set_power_limit(SiteIndex(i), admitted_at(portfolio.sites[i], booking.from));
  }
  for (const auto id : live_jobs()) {
    const auto& live = *job_of(id).live;
    if (live.expected_end > booking.from) continue;
    later.give_back(live.shares);
    later.draw(live.shares, Power() - live.draws);
  }
  for (const auto& [name, other] : state_.bookings) {
    const bool clash = overlap(booking, other.booking);
    for (const auto nodes : ranges_of(other.nodes)) later.set_booked(nodes, clash);
  }
  std::optional<PoolIndex> best;
  std::int64_t most = 0;
  bool asked = false;
  bool even = false;  // its segments, in some pool
  const auto allows = [](const std::vector<std::string>& names, const std::string& name) {
    return names.empty() || contains(names, name);
  };
  const auto key = [&](PoolIndex pool) {
    return std::tuple(then[pool.value()].key.provider, later.pool(pool).gpus_free, pool.value());
  };
  for (std::uint32_t i = 0; i < later.pools().size(); ++i) {
    const PoolIndex index(i);
    const auto& pool = later.pool(index);
    if (!then[i].lease || !allows(booking.accelerators, pool.accelerator_name) ||
        !allows(booking.sites, later.sites()[pool.site.value()].name)) {
      continue;
    }
    const auto demand = demand_of(booking, pool.gpus_per_node);
    asked = true;
    even |= cut(demand, pool.gpus_per_node).has_value();
    most = std::max(most, later.usable_gpus(index, demand));
    if (later.fits(index, demand) && (!best || key(index) < key(*best))) best = index;
  }
  if (asked && !even) {
    return invalid(fmt::format("segment: {} GPUs on whole nodes do not come in pieces of {}",
                               booking.gpus.count(), *booking.segment));
  }
  if (!best) {
    return invalid(fmt::format(
        "needs {} GPUs{} from {}; the best place will have {} that are free, in service and not "
        "booked by then",
        booking.gpus.count(), together(demand_of(booking, 1)), to_text(booking.from), most));
  }
  return later.find(*best, demand_of(booking, later.pool(*best).gpus_per_node));
}

void Engine::apply(const BookingMade& event, Instant) {
  state_.bookings[event.booking->name] = {*event.booking, shares_of(event.nodes), false};
  booked_ahead_stale_ = true;
  dirty_ = true;
}

void Engine::apply(const BookingBegun& event, Instant) {
  auto& b = state_.bookings.at(event.name);
  b.begun = true;
  for (const auto nodes : ranges_of(b.nodes)) {
    fleet_.set_booked(nodes, true);
    reoccupy(nodes);
  }
  booked_ahead_stale_ = true;
  dirty_ = true;
}

void Engine::apply(const BookingEnded& event, Instant) {
  const auto b = std::move(state_.bookings.at(event.name));
  state_.bookings.erase(event.name);
  if (b.begun) {
    for (const auto nodes : ranges_of(b.nodes)) {
      fleet_.set_booked(nodes, false);
      reoccupy(nodes);
    }
  }
  booked_ahead_stale_ = true;
  requeue_booked(event.name);
  dirty_ = true;
}

// The jobs that named it wait as any others now.
void Engine::requeue_booked(const std::string& name) {
  const auto jobs = booked_jobs_.find(name);
  if (jobs == booked_jobs_.end()) return;
  const auto ids = std::move(jobs->second);
  booked_jobs_.erase(jobs);
  for (const auto id : ids) {
    auto& job = change(id);
    dequeue(id, job);
    enqueue(id, job);
  }
}

void Engine::bookings_due(Instant now) {
  std::vector<std::string> begin;
  std::vector<std::string> end;
  for (const auto& [name, b] : state_.bookings) {
    look_at_capacity(b.booking.from);
    look_at_capacity(b.booking.until);
    if (b.booking.until <= now) {
      end.push_back(name);
    } else if (!b.begun && b.booking.from <= now) {
      begin.push_back(name);
    }
  }
  for (const auto& name : end) emit(BookingEnded{name, "its time is over"});
  for (const auto& name : begin) emit(BookingBegun{name});
}

void Engine::rebuild_bookings() {
  booked_jobs_.clear();
  for (const auto& [name, b] : state_.bookings) {
    if (!b.begun) continue;
    for (const auto nodes : ranges_of(b.nodes)) fleet_.set_booked(nodes, true);
  }
  booked_ahead_stale_ = true;
}

// Those that lie ahead, in every pass. What is out of service is not counted: it is not in what is
// free either.
void Engine::reserve_bookings() {
  if (booked_ahead_stale_) {
    booked_ahead_.clear();
    for (const auto& [name, b] : state_.bookings) {
      if (b.begun) continue;
      std::map<PoolIndex, Planner::Reservation> parts;
      for (const auto& share : b.nodes) {
        const auto pool = fleet_.pool_of(share.node);
        auto& r = parts[pool];
        each_node(share, [&](NodeIndex node) { r.need.nodes += fleet_.in_service(node) ? 1 : 0; });
        r.places.push_back(ampacity::nodes_of(share));
      }
      for (auto& [pool, r] : parts) {
        r.at = b.booking.from;
        r.until = b.booking.until;
        r.booking = name;
        r.need.gpus = r.need.nodes * fleet_.pool(pool).gpus_per_node;
        booked_ahead_.emplace_back(pool, std::move(r));
      }
    }
    booked_ahead_stale_ = false;
  }
  for (const auto& [pool, r] : booked_ahead_) planner_.reserve(pool, r);
}

std::optional<Refusal> Engine::objection_to_booking(const JobSpec& job) const {
  if (job.booking.empty()) return std::nullopt;
  const auto known = state_.bookings.find(job.booking);
  if (known == state_.bookings.end())
    return unknown("booking", job.booking, keys_of(state_.bookings));
  const auto& b = known->second;
  if (b.booking.maintenance) {
    return Refusal{Reason::BookingInvalid,
                   fmt::format("booking {} is a maintenance; nobody runs in it", job.booking)};
  }
  if (!b.booking.team.empty() && b.booking.team != job.team) {
    return Refusal{Reason::BookingInvalid,
                   fmt::format("booking {} is for team {}, not for {}", job.booking, b.booking.team,
                               job.team.empty() ? "work without a team" : job.team)};
  }
  const auto least = job.least().count();
  if (const auto booked = gpus_of(b.nodes); least > booked) {
    return Refusal{Reason::NeverFits,
                   fmt::format("needs {} GPUs; booking {} has {}", least, job.booking, booked)};
  }
  const auto walltime = job.walltime.value_or(state_.portfolio->policy.default_walltime);
  const auto from = std::max(b.booking.from, now_);
  if (from + walltime > b.booking.until) {
    return Refusal{
        Reason::NeverFits,
        fmt::format("a walltime of {} does not fit into booking {}, which lasts from {} "
                    "until {}",
                    to_text(walltime), job.booking, to_text(from), to_text(b.booking.until))};
  }
  return std::nullopt;
}

// In its booking jobs start strictly in order: the first that does not fit has the rest of it.
Engine::Answer Engine::offer_booked(const WaitingQueue::Candidate& candidate) {
  const auto& shape = queue_.shape(candidate.shape);
  const auto& b = state_.bookings.at(shape.booking);
  if (!b.begun || full_bookings_.count(shape.booking) > 0) return Answer::Closed;
  if (now_ + candidate.walltime > b.booking.until) return Answer::NoRoom;  // a shorter one may
  for (std::size_t k = 0; k < shape.pools.size(); ++k) {
    const auto pool = shape.pools[k];
    const auto walltime = walltime_in(shape, k, candidate.walltime);
    if (!standings_[pool.value()].lease || now_ + walltime > b.booking.until) continue;
    const auto there = [&](const Demand& demand) {
      const std::optional<std::vector<Share>> nothing;
      const auto place =
          fleet_.has_power(pool, demand) ? find_booked(fleet_, pool, demand, b.nodes) : nothing;
      if (!place || !fleet_.feeds(*place, fleet_.power_of(pool, demand.sized(1)))) return nothing;
      const auto lasts = power_window(fleet_, planner_, fleet_.pool(pool).site,
                                      fleet_.power_of(pool, demand), now_);
      return lasts < walltime ? nothing : place;
    };
    if (!there(shape.demand)) continue;
    const auto size = largest_size(fleet_, pool, shape.demand, shape.demand.most,
                                   [&](const Demand& d) { return there(d).has_value(); });
    const Choice choice{pool,
                        *there(shape.demand.sized(size)),
                        walltime,
                        speed_in(shape, k),
                        fmt::format("in booking {}", shape.booking),
                        false};
    if (waits_for_power(candidate.job, choice)) return Answer::Closed;
    place(candidate, choice);
    return Answer::Placed;
  }
  full_bookings_.insert(shape.booking);
  return Answer::Closed;
}

std::vector<NodeShare> Engine::nodes_of_booking(const std::string& name) const {
  return named(state_.bookings.at(name).nodes);
}

// Why a job that names a booking waits; none: it names none that is there.
std::optional<Explanation> Engine::explain_booked(const JobSpec& spec, Duration walltime,
                                                  Instant now) const {
  const auto known = state_.bookings.find(spec.booking);
  if (known == state_.bookings.end()) return std::nullopt;
  const auto& b = known->second;
  Explanation e;
  if (!b.begun) {
    e.reason = Reason::BookingAhead;
    e.message = fmt::format("booking {} begins at {}, in {}", spec.booking, to_text(b.booking.from),
                            to_text(b.booking.from - now));
    return e;
  }
  std::int64_t free = 0;
  for (const auto& share : b.nodes) {
    each_node(share, [&](NodeIndex node) {
      free += fleet_.serves_booking(node) ? fleet_.free_gpus(node) : 0;
    });
  }
  e.reason = Reason::BookingFull;
  e.message = fmt::format("needs {} GPUs until {}; booking {} has {} of {} free and lasts until {}",
                          spec.least().count(), to_text(now + walltime), spec.booking, free,
                          gpus_of(b.nodes), to_text(b.booking.until));
  return e;
}

}  // namespace ampacity
