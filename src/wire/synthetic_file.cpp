// SPDX-License-Identifier: Apache-2.0
#include "wire/synthetic_file.hpp"

#include "wire/document.hpp"
#include "wire/workload_forms.hpp"

namespace ampacity {

void describe(Fields& f, SyntheticSize& size) {
  f.required("gpus", size.gpus, "GPUs of the job.");
  f.optional("weight", size.weight, "So many jobs of this size, against the other weights.");
}

void describe(Fields& f, SyntheticBand& band) {
  f.optional("up_to", band.up_to, "Jobs of up to so many GPUs, and more than the band before.");
  f.optional("shortest", band.shortest, "None is shorter.");
  f.required("p50", band.p50, "Half of them run no longer.");
  f.required("p90", band.p90, "90 % of them run no longer.");
  f.required("p99", band.p99, "99 % of them run no longer.");
  f.required("longest", band.longest, "None is longer.");
  f.optional("failed", band.failed, "Share of them that fail; left out: as of all.");
  f.optional("cancelled", band.cancelled, "Share of them that are cancelled; left out: as of all.");
}

void describe(Fields& f, SyntheticWalltime& walltime) {
  f.required("factor", walltime.factor, "Walltime over run time.");
  f.optional("weight", walltime.weight, "So many jobs, against the other weights.");
}

void describe(Fields& f, SyntheticTeam& team) {
  f.required("name", team.name, "A team of the portfolio.");
  f.optional("weight", team.weight, "So many jobs, against the other weights.");
  f.optional("priority_class", team.priority_class, "Of its jobs.");
  f.optional("slowest", team.slowest, "Of their pace, that its jobs put up with in a curtailment.");
  f.optional("pausable", team.pausable, "Whether they may pause for one.");
  f.optional("requeue", team.requeue, "false: they are never stopped for others.");
}

void describe(Fields& f, SyntheticElastic& elastic) {
  f.required("share", elastic.share, "Of the jobs.");
  f.optional("least", elastic.least, "The smallest size they run on, as a share of their GPUs.");
  f.optional("from_gpus", elastic.from_gpus, "Smaller jobs are not elastic.");
}

void describe(Fields& f, SyntheticCheckpoints& checkpoints) {
  f.required("share", checkpoints.share, "Of the jobs.");
  f.optional("interval", checkpoints.interval, "How often they save themselves.");
  f.optional("from_gpus", checkpoints.from_gpus, "Smaller jobs do not.");
}

void describe(Fields& f, SyntheticSpec& spec) {
  KindSynthetic kind{};
  f.required("kind", kind, "Synthetic: a workload that is made.");
  f.required("workload", spec.name, "Name of the workload.");
  f.optional("description", spec.description, "What it is, in a few words.");
  f.optional("source", spec.source, "Where its figures come from.");
  f.optional("seed", spec.seed, "Another seed, other jobs of the same kind.");
  f.required("from", spec.from, "Jobs come from here on.");
  f.optional("until", spec.until, "To here; two of until, jobs and per_day are given.");
  f.optional("jobs", spec.jobs, "So many in all.");
  f.optional("per_day", spec.per_day, "So many a day, on average.");
  f.optional("hours", spec.hours, "24 weights: jobs by the hour of the day, UTC.");
  f.optional("weekdays", spec.weekdays, "7 weights: jobs by the day, from Monday.");
  f.optional("growth", spec.growth, "Of the rate at which jobs come, a year.");
  f.required("sizes", spec.sizes, "GPUs of a job, with weights.");
  f.required("durations", spec.durations, "How long jobs run, by their size.");
  f.optional("walltimes", spec.walltimes,
             "What they ask for, over what they need; left out: exactly that.");
  f.optional("teams", spec.teams, "Who submits them.");
  f.optional("elastic", spec.elastic, "Jobs that run on fewer GPUs too.");
  f.optional("checkpoints", spec.checkpoints, "Jobs that save themselves.");
  f.optional("failed", spec.failed, "Share of the jobs that end with exit code 1.");
  f.optional("cancelled", spec.cancelled, "Share of the jobs that are cancelled as they run.");
}

Loaded<SyntheticSpec> parse_synthetic(std::string_view text, const std::string& file) {
  return parse_document<SyntheticSpec>(text, file, [](const std::string& path) { return path; });
}

std::string synthetic_schema() {
  return schema_text(Form<SyntheticSpec>::schema(), "Ampacity synthetic workload",
                     "A workload that is made from distributions. Written by `ampacity schema "
                     "synthetic`; do not edit.");
}

}  // namespace ampacity
