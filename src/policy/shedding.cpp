// SPDX-License-Identifier: Apache-2.0
#include "policy/shedding.hpp"

#include <algorithm>

#include "units/arithmetic.hpp"

namespace ampacity {
namespace {

enum class Step { Stays, Shrinks, Pauses, Moves };

struct LoadPart {
  const Load* load = nullptr;
  Ratio pace;
  Step step = Step::Stays;
};

Power saved_by(const LoadPart& part) {
  const auto now = draw_at(*part.load, part.load->pace);
  const auto slower = draw_at(*part.load, part.pace);
  switch (part.step) {
    case Step::Stays:
      return now - slower;
    case Step::Shrinks: {  // and works on at full pace
      const auto keeps = part.load->gpus - part.load->spare;
      return now - Power::of(scaled(draw_at(*part.load, one).count(), keeps, part.load->gpus));
    }
    case Step::Pauses:
    case Step::Moves:
      break;
  }
  return now;
}

Power saved_at(const std::vector<Load>& loads, Ratio common) {
  Power sum;
  for (const auto& load : loads) sum += saved_by({&load, slowed_to(load, common), Step::Stays});
  return sum;
}

// The highest pace, in whole percent, that saves enough; the lowest if none does.
Ratio common_pace(const std::vector<Load>& loads, Power wanted) {
  return last_pace([&](Ratio pace) { return saved_at(loads, pace) >= wanted; });
}

bool may(const Load& load, Step step) {
  switch (step) {
    case Step::Stays:
      return false;
    case Step::Shrinks:
      return load.spare > 0;
    case Step::Pauses:
      return load.may_pause;
    case Step::Moves:
      return load.may_move;
  }
  return false;
}

class Shedding {
 public:
  Shedding(const std::vector<Load>& loads, Power wanted) : wanted_(wanted) {
    const auto common = common_pace(loads, wanted);
    for (const auto& load : loads) {
      parts_.push_back({&load, slowed_to(load, common), Step::Stays});
      saved_ += saved_by(parts_.back());
    }
  }

  void take(Step step) {
    if (saved_ >= wanted_) return;
    std::vector<LoadPart*> order;
    for (auto& part : parts_) {
      const bool saves = saved_by({part.load, part.pace, step}) > saved_by(part);
      if (may(*part.load, step) && saves) order.push_back(&part);
    }
    std::sort(order.begin(), order.end(), [&](const LoadPart* a, const LoadPart* b) {
      const auto x = Wide{a->load->loss} * more_by(*b, step).count();
      const auto y = Wide{b->load->loss} * more_by(*a, step).count();
      return std::pair(x, a->load->job.value()) < std::pair(y, b->load->job.value());
    });
    std::size_t taken = 0;
    for (; taken < order.size() && saved_ < wanted_; ++taken) put(*order[taken], step);
    for (auto i = taken; i-- > 0;) {  // who is not needed after all
      auto& part = *order[i];
      const auto more = saved_by(part) - saved_by({part.load, part.pace, before_[i]});
      if (saved_ - more >= wanted_) put(part, before_[i]);
    }
    before_.clear();
  }

  // A later step may save so much that an earlier one was for nothing: the worst is undone first,
  // of each step the dearest for a watt; then those that work slower do so as little as suffices.
  void give_back() {
    for (const auto step : {Step::Moves, Step::Pauses, Step::Shrinks}) {
      std::vector<LoadPart*> order;
      for (auto& part : parts_) {
        if (part.step == step) order.push_back(&part);
      }
      std::sort(order.begin(), order.end(), [&](const LoadPart* a, const LoadPart* b) {
        const auto x = Wide{b->load->loss} * saved_by(*a).count();
        const auto y = Wide{a->load->loss} * saved_by(*b).count();
        return std::pair(x, a->load->job.value()) < std::pair(y, b->load->job.value());
      });
      for (auto* part : order) undo(*part);
    }
    raise();
  }

  Relief relief() const {
    Relief relief;
    relief.power = saved_;
    for (const auto& part : parts_) {
      const auto job = part.load->job;
      switch (part.step) {
        case Step::Shrinks:
          relief.shrunk.push_back(job);
          continue;
        case Step::Pauses:
          relief.paused.push_back(job);
          continue;
        case Step::Moves:
          relief.moved.push_back(job);
          continue;
        case Step::Stays:
          break;
      }
      if (part.pace != part.load->pace) relief.slowed.push_back({job, part.pace});
    }
    return relief;
  }

 private:
  void undo(LoadPart& part) {
    for (const auto less : {Step::Stays, Step::Shrinks}) {
      if (less >= part.step || (less == Step::Shrinks && part.load->spare == 0)) continue;
      const auto more = saved_by(part) - saved_by({part.load, part.pace, less});
      if (saved_ - more < wanted_) continue;
      part.step = less;
      saved_ -= more;
      return;
    }
  }

  void raise() {
    std::vector<Load> slowed;
    Power rest;
    for (const auto& part : parts_) {
      if (part.step == Step::Stays) {
        slowed.push_back(*part.load);
      } else {
        rest += saved_by(part);
      }
    }
    const auto common = common_pace(slowed, std::max(wanted_ - rest, Power()));
    saved_ = rest;
    for (auto& part : parts_) {
      if (part.step != Step::Stays) continue;
      part.pace = slowed_to(*part.load, common);
      saved_ += saved_by(part);
    }
  }

  // What the step saves beyond what is saved of this gang already.
  static Power more_by(const LoadPart& part, Step step) {
    return saved_by({part.load, part.pace, step}) - saved_by(part);
  }

  void put(LoadPart& part, Step step) {
    if (step > part.step) before_.push_back(part.step);
    saved_ -= saved_by(part);
    part.step = step;
    saved_ += saved_by(part);
  }

  Power wanted_;
  Power saved_;
  std::vector<LoadPart> parts_;
  std::vector<Step> before_;  // of those that take() took, in its order
};

}  // namespace

Power draw_at(const Load& load, Ratio pace) {
  return load.power.at(pace);
}

Ratio slowed_to(const Load& load, Ratio common) {
  return std::min(load.pace, std::max(common, load.least_pace));
}

Relief shed(const std::vector<Load>& loads, Power wanted) {
  if (wanted <= Power()) return {};
  Shedding shedding(loads, wanted);
  for (const auto step : {Step::Shrinks, Step::Pauses, Step::Moves}) shedding.take(step);
  shedding.give_back();
  auto relief = shedding.relief();
  const auto ascending = [](auto& jobs) { std::sort(jobs.begin(), jobs.end()); };
  std::sort(relief.slowed.begin(), relief.slowed.end(),
            [](const auto& a, const auto& b) { return a.job < b.job; });
  ascending(relief.shrunk);
  ascending(relief.paused);
  ascending(relief.moved);
  return relief;
}

}  // namespace ampacity
