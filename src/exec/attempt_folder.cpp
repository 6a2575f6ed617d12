// SPDX-License-Identifier: Apache-2.0
#include "exec/attempt_folder.hpp"

#include "wire/json.hpp"

namespace ampacity::exec {

Result<StartGang> AttemptFolder::read_order() const {
  const auto text = read_whole(order());
  if (!text) return Error{ErrorCode::NotFound, order().string() + " is not there"};
  auto read = json::from_json<StartGang>(*text);
  if (!read) return read.error().within(order().string());
  if (!read->spec || read->nodes.empty()) {
    return Error{ErrorCode::Corrupt, order().string() + " names no job or no nodes"};
  }
  return read;
}

Status AttemptFolder::write_order(const StartGang& order_) const {
  return write_whole(order(), json::to_json(order_) + "\n");
}

std::optional<Ending> AttemptFolder::read_result() const {
  const auto text = read_whole(result());
  if (!text) return std::nullopt;
  auto read = json::from_json<Ending>(*text);
  if (!read) return Ending{.kind = EndKind::Lost, .detail = read.error().message};
  return *read;
}

Status AttemptFolder::write_result(const Ending& ending) const {
  return write_whole(result(), json::to_json(ending) + "\n");
}

std::optional<ProcessId> AttemptFolder::shim() const {
  const auto text = read_whole(started());
  return text ? parse_process(*text) : std::nullopt;
}

}  // namespace ampacity::exec
