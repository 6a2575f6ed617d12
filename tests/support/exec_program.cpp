// SPDX-License-Identifier: Apache-2.0
// The part of the ampacity binary that runs inside jobs, alone: what executor_test gives the local
// executor as its program, so that the room is tested without the rest. As a hammer it starts one
// attempt and is killed at once.
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "exec/executor.hpp"
#include "exec/shim.hpp"
#include "exec/srun.hpp"
#include "wire/json.hpp"

int main(int argc, char** argv) {
  using namespace ampacity;
  if (std::filesystem::path(argv[0]).filename() == "srun") return exec::run_srun(argc, argv);
  if (argc == 3 && std::string_view(argv[1]) == "shim") return exec::run_shim(argv[2]);
  if (argc == 4 && std::string_view(argv[1]) == "hammer") {  // hammer FOLDER ORDER
    auto order = json::from_json<StartGang>(argv[3]);
    const auto self = std::filesystem::read_symlink("/proc/self/exe").string();
    auto executor = make_local_executor({argv[2], self, "here"});
    if (!order || !executor) return 3;
    (*executor)->start(*order, from_ms(0));
    return 0;
  }
  return 2;
}
