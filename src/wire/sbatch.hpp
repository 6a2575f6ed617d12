// SPDX-License-Identifier: Apache-2.0
// An sbatch script, unchanged, as a job. Called by `ampacity submit SCRIPT` and `ampacity check`.
// Reads the #SBATCH lines up to the first command, as sbatch does; the whole text becomes the
// script of the job (Launch::Script: run once on the first node, its ranks started by srun). What
// is honoured, ignored with a note or refused: docs/reference/sbatch.md, table in
// sbatch_options.cpp. Promises: nothing is dropped silently: every option is honoured, noted or
// refused with file:line:column, and all refusals of a script are reported together. The job passes
// check(JobSpec). Bounds: limits::script_bytes. Pure but for load_sbatch: no environment, no clock.
// Cost: linear.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/job.hpp"
#include "wire/file_problem.hpp"

namespace ampacity {

struct SbatchScript {
  JobSpec spec;
  // What was understood and does nothing here: "train.sh:4:9: --partition: ignored: …".
  std::vector<FileProblem> notes;
  // --export: whether all of the submitter's variables go along (sbatch's default), or those named.
  // Values given in the script (A=B) are already in spec.environment.
  bool export_all = true;
  std::vector<std::string> export_names;
};

Loaded<SbatchScript> parse_sbatch(std::string_view text, const std::string& file);
Loaded<SbatchScript> load_sbatch(const std::string& path);

// Whether a text is meant as a script (it starts with "#!") rather than as a YAML job.
bool looks_like_script(std::string_view text);

// Puts the submitter's variables into the job as --export asks. What the script sets itself wins;
// SLURM_* and AMPACITY_* are the cluster's to set and are left out.
void export_environment(SbatchScript& script, const std::map<std::string, std::string>& submitter);

}  // namespace ampacity
