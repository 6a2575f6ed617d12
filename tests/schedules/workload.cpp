// SPDX-License-Identifier: Apache-2.0
#include "schedules/workload.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstdlib>

#include "base/assert.hpp"

namespace ampacity::test {
namespace {

namespace fs = std::filesystem;
using Row = std::vector<std::string>;

std::vector<Row> read_csv(const fs::path& path) {
  std::vector<Row> rows;
  auto* file = gzopen(path.c_str(), "rb");
  AMPACITY_ASSERT(file != nullptr, "cannot open {}", path.string());
  char line[4096];
  while (gzgets(file, line, sizeof line) != nullptr) {
    Row row(1);
    for (const char* c = line; *c != '\0' && *c != '\n' && *c != '\r'; ++c) {
      if (*c == ',') {
        row.emplace_back();
      } else {
        row.back() += *c;
      }
    }
    rows.push_back(std::move(row));
  }
  gzclose(file);
  return rows;
}

}  // namespace

fs::path reference_schedules() {
  const auto* shared = std::getenv("AMPACITY_SHARED");
  const auto* source = std::getenv("AMPACITY_SOURCE");
  const fs::path root =
      shared != nullptr ? shared : fs::path(source == nullptr ? "." : source) / "../shared";
  const auto folder = root / "reference-schedules";
  return fs::exists(folder) ? folder : fs::path();
}

Workload read_workload(const fs::path& folder, const std::string& name, std::int64_t procs) {
  Workload workload{name, procs, {}};
  auto rows = read_csv(folder / (name + ".jobs.csv.gz"));
  rows.erase(rows.begin());
  for (const auto& row : rows) {
    workload.jobs.push_back({std::stoll(row.at(0)), std::stoll(row.at(1)), std::stoll(row.at(2)),
                             std::stoll(row.at(3)), std::stoll(row.at(4))});
  }
  return workload;
}

Starts read_starts(const fs::path& folder, const std::string& name, const std::string& column) {
  const auto path = folder / (name + ".starts.csv.gz");
  if (!fs::exists(path)) return {};
  const auto rows = read_csv(path);
  const auto& names = rows.front();
  const auto at = std::find(names.begin(), names.end(), column);
  if (at == names.end()) return {};
  Starts starts;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    starts.push_back(std::stoll(rows[i].at(static_cast<std::size_t>(at - names.begin()))));
  }
  return starts;
}

}  // namespace ampacity::test
