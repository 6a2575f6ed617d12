// SPDX-License-Identifier: Apache-2.0
// Any bytes as a batch script: refused with reasons, or a sound job that keeps the script
// unchanged.
#include "base/assert.hpp"
#include "wire/sbatch.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ampacity;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto script = parse_sbatch(text, "f");
  if (!script) {
    AMPACITY_ASSERT(!script.error().empty(), "refused without a reason");
    return 0;
  }
  AMPACITY_ASSERT(script->spec.script == text, "the script was changed");
  AMPACITY_ASSERT(check(script->spec).empty(), "accepted, but not sound");
  for (const auto& note : script->notes)
    AMPACITY_ASSERT(note.at.line > 0, "a note without a place");
  export_environment(*script, {{"HOME", "/"}, {"SLURM_X", "1"}});
  return 0;
}
