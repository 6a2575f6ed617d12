// SPDX-License-Identifier: Apache-2.0
#include "journal/waits.hpp"

#include <boost/json/parse.hpp>

namespace ampacity::sqlite {

void Waits::add(const decltype(WaitColumns::values)& row) {
  const auto& [job, submitted, ended, gpus, sites, accelerators, per_node, together, placed,
               attempt_ended] = row;
  if (job != now_.job) {
    over();
    now_ = {};
    now_.job = job;
    now_.since = from_ms(submitted);
    if (ended.get()) now_.ended = from_ms(*ended.get());
    now_.row.gpus = gpus;
    now_.row.sites = names_in(sites.get().value_or(""));
    now_.row.accelerators = names_in(accelerators.get().value_or(""));
    now_.row.per_node.reset();
    if (per_node.get()) now_.row.per_node = *per_node.get();
    now_.row.together = together != 0;
  }
  if (!placed.get()) return;
  waited(from_ms(*placed.get()));
  now_.since.reset();
  if (attempt_ended.get()) now_.since = from_ms(*attempt_ended.get());
}

std::vector<WaitRow> Waits::take() {
  over();
  now_ = {};
  return std::move(rows_);
}

void Waits::waited(Instant until) {
  if (!now_.since || *now_.since >= until || *now_.since >= until_ || until <= from_) return;
  now_.row.from = *now_.since;
  now_.row.until = until;
  rows_.push_back(now_.row);
}

void Waits::over() {
  waited(now_.ended.value_or(Instant::max()));
}

// A list of names, or of objects that have one.
const std::vector<std::string>& Waits::names_in(const std::string& text) {
  const auto [known, fresh] = lists_.try_emplace(text);
  if (!fresh || text.empty()) return known->second;
  boost::system::error_code failed;
  const auto list = boost::json::parse(text, failed);
  if (failed || !list.is_array()) return known->second;
  for (const auto& item : list.get_array()) {
    const auto* name = item.is_object() ? item.get_object().if_contains("name") : &item;
    if (name != nullptr && name->is_string()) known->second.emplace_back(name->get_string());
  }
  return known->second;
}

}  // namespace ampacity::sqlite
