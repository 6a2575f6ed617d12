// SPDX-License-Identifier: Apache-2.0
// Titan's GPUs (OLCF, SC20: Ostrouchov and others), 2013 to 2019: failures that are drawn from the
// life table of the file, on as many GPUs of the same ages, are as many as the file has. Skipped
// where the traces are not there.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "model/small_portfolio.hpp"
#include "sim/faults.hpp"
#include "wire/faults_file.hpp"

using namespace ampacity;

namespace {

constexpr Duration day(86'400'000);
constexpr Duration week = 7 * day;  // GPUs were replaced by the thousand: their ages change
constexpr Duration month = 28 * day;

std::string example() {
  const auto* root = std::getenv("AMPACITY_SOURCE");
  REQUIRE(root != nullptr);
  return std::string(root) + "/examples/faults/titan-lifetimes.yaml";
}

struct Life {
  std::string id;
  Instant from;
  Instant until;
  bool failed = false;
};

// Read without the code under test, but for the cells.
std::vector<Life> lives_of(const std::string& path) {
  auto lines = LineReader::open(path);
  REQUIRE(lines.has_value());
  auto csv = CsvReader::begin(std::move(*lines));
  REQUIRE(csv.has_value());
  const auto column = [&](const char* name) { return csv->column(name).value(); };
  const auto sn = column("SN"), in = column("insert"), out = column("remove"),
             event = column("event");
  const auto time = [](std::string_view cell) {
    std::string text(cell);
    text[10] = 'T';
    return parse_instant(text + "Z").value();
  };
  std::vector<Life> lives;
  while (csv->next()) {
    if (csv->cell(in).empty()) continue;
    lives.push_back({std::string(csv->cell(sn)), time(csv->cell(in)), time(csv->cell(out)),
                     !csv->cell(event).empty()});
  }
  return lives;
}

// How many GPUs of each age (in months) were in service then.
std::map<std::int64_t, std::int64_t> ages_at(const std::vector<Life>& lives,
                                             const std::map<std::string, Instant>& born,
                                             Instant at) {
  std::map<std::int64_t, std::int64_t> ages;
  for (const auto& life : lives) {
    if (life.from <= at && at < life.until) ++ages[(at - born.at(life.id)) / month];
  }
  return ages;
}

// Failures of a week on such a fleet: a hall for each age.
std::int64_t failures_on(const std::map<std::int64_t, std::int64_t>& ages, const FaultSpec& faults,
                         Instant from, std::uint64_t seed) {
  auto portfolio = test::small_portfolio({{"titan", 1, 1}});
  auto& halls = portfolio.sites[0].halls;
  const auto hall = halls.front();
  halls.clear();
  for (const auto& [age, gpus] : ages) {
    halls.push_back(hall);
    halls.back().name = "age" + std::to_string(age);
    halls.back().racks_per_pod = gpus;
    halls.back().energised = from - month * age - month / 2;
  }
  Fleet fleet(portfolio);
  for (std::uint32_t i = 0; i < fleet.halls().size(); ++i) fleet.set_usable(HallIndex(i), true);
  FaultStream stream(faults, fleet, from, seed);
  std::int64_t failures = 0;
  while (*stream.next() <= from + week) {
    for (const auto& report : stream.due(*stream.next(), fleet)) {
      failures += report.state == NodeState::Down ? 1 : 0;
    }
  }
  return failures;
}

}  // namespace

TEST_CASE("Titan: as many failures of 18,688 GPUs over the years as its records have") {
  const auto file = (std::filesystem::path(example()).parent_path() /
                     "../../../shared/traces/failures/titan-gpu-gc_full.csv.gz")
                        .lexically_normal();
  if (!std::filesystem::exists(file)) {
    MESSAGE("skipped: ", file.string(), " is not there");
    return;
  }
  const auto input = load_faults(example());
  if (!input) FAIL(to_text(input.error()));
  const auto& records = input->records.begin()->second;
  CHECK(records.read == 37'343);
  CHECK(records.refused.at("without a beginning or an end") == 1'158);  // a second event in place
  const auto& table = input->spec.lifetimes->table;
  const auto lives = lives_of(file.string());
  std::int64_t recorded = 0;
  std::map<std::string, Instant> born;
  auto first = Instant::max();
  auto last = Instant();
  for (const auto& life : lives) {
    recorded += life.failed ? 1 : 0;
    const auto [it, fresh] = born.try_emplace(life.id, life.from);
    it->second = std::min(it->second, life.from);
    first = std::min(first, life.from);
    last = std::max(last, life.until);
  }
  CHECK(table.failed() == recorded);

  std::int64_t simulated = 0;
  std::int64_t counted = 0;
  std::int64_t most = 0;
  std::uint64_t seed = 1;
  for (auto at = first + 63 * day; at + week <= last; at += week, ++seed) {
    const auto ages = ages_at(lives, born, at);
    std::int64_t gpus = 0;
    for (const auto& [age, n] : ages) gpus += n;
    most = std::max(most, gpus);
    simulated += failures_on(ages, input->spec, at, seed);
    for (const auto& life : lives) {
      counted += life.failed && at <= life.until && life.until < at + week ? 1 : 0;
    }
  }
  MESSAGE(counted, " failures recorded, ", simulated, " simulated, on up to ", most, " GPUs; ",
          table.bins.size(), " bins");
  CHECK(most > 18'600);
  CHECK(most < 18'700);
  // Both are counts, of which a difference has the variance of their sum: 99 times of 100 within
  // 2.58 roots.
  const auto sigma = std::sqrt(static_cast<double>(counted + simulated));
  CHECK(std::abs(static_cast<double>(counted - simulated)) < 2.58 * sigma);
}
