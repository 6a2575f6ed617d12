// SPDX-License-Identifier: Apache-2.0
// The folder of one attempt on a local cluster: all that the server and the shim say to each other.
// It is the memory of both, so either may die at any moment. docs/reference/local-cluster.md
// describes it for people.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "exec/process.hpp"
#include "protocol/vocabulary.hpp"

namespace ampacity::exec {

struct AttemptFolder {
  std::filesystem::path path;

  std::filesystem::path order() const { return path / "order.json"; }  // what to start
  std::filesystem::path script() const { return path / "script"; }     // the spooled batch script
  std::filesystem::path lock() const { return path / "lock"; }  // held by the shim for its life
  std::filesystem::path started() const { return path / "started"; }  // made once: the gate
  std::filesystem::path pids() const { return path / "pids"; }  // the processes, for the aftermath
  std::filesystem::path stop() const { return path / "stop"; }  // grace in ms: end it
  std::filesystem::path result() const { return path / "result.json"; }  // how it ended
  std::filesystem::path output() const { return path / "output"; }       // or a link to where it is

  Result<StartGang> read_order() const;
  Status write_order(const StartGang& order) const;
  std::optional<Ending> read_result() const;
  Status write_result(const Ending& ending) const;
  std::optional<ProcessId> shim() const;  // who passed the gate
};

}  // namespace ampacity::exec
