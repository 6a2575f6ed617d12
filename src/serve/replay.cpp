// SPDX-License-Identifier: Apache-2.0
#include "serve/replay.hpp"

#include "engine/engine.hpp"
#include "journal/reader.hpp"
#include "wire/json.hpp"

namespace ampacity {

Result<Replayed> replay(const std::filesystem::path& data, std::optional<std::int64_t> until) {
  auto reader = open_sqlite_reader(data);
  if (!reader) return reader.error();
  Engine engine;
  Replayed result;
  while (true) {
    const auto rows = (*reader)->events_after(result.events, 5'000);
    if (!rows) return rows.error();
    if (rows->empty()) break;
    for (const auto& row : *rows) {
      if (until && row.id > *until) break;
      auto body = json::from_json<EventBody>(row.json);
      if (!body) return body.error().within(fmt::format("event {}", row.id));
      engine.evolve({row.at, std::move(*body)});
      result.events = row.id;
    }
    if (until && rows->back().id >= *until) break;
  }
  if (until && result.events < *until) {
    return Error{ErrorCode::NotFound,
                 fmt::format("the journal ends at event {}, before {}", result.events, *until)};
  }
  result.digest = engine.digest();
  result.jobs_live = static_cast<std::int64_t>(engine.state().jobs.size());
  return result;
}

}  // namespace ampacity
