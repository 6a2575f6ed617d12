// SPDX-License-Identifier: Apache-2.0
#include "client/completion.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

namespace ampacity::client {

std::string completion_script(const CLI::App& app) {
  std::string commands;
  std::string cases;
  for (const auto* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (sub->get_group().empty()) continue;  // hidden
    commands += sub->get_name() + " ";
    std::string options = "--help";
    for (const auto* option : sub->get_options()) {
      for (const auto& name : option->get_lnames()) options += " --" + name;
    }
    cases += fmt::format("    {}) words=\"{}\" ;;\n", sub->get_name(), options);
  }
  return fmt::format(R"(# bash completion for ampacity: source <(ampacity completion)
_ampacity() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{}" -- "$word"))
    return
  fi
  case ${{COMP_WORDS[1]}} in
{}  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}}
complete -o filenames -F _ampacity ampacity
)",
                     commands, cases);
}

}  // namespace ampacity::client
