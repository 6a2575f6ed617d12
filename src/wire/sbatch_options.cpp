// SPDX-License-Identifier: Apache-2.0
#include "wire/sbatch_options.hpp"

#include <algorithm>

namespace ampacity {
namespace {

SbatchOption honoured(std::string_view name, char letter = 0, Takes takes = Takes::Value) {
  return {name, letter, takes, Treatment::Honoured, ""};
}

SbatchOption ignored(std::string_view name, char letter, Takes takes, std::string_view why) {
  return {name, letter, takes, Treatment::Ignored, why};
}

SbatchOption refused(std::string_view name, char letter, Takes takes, std::string_view why) {
  return {name, letter, takes, Treatment::Refused, why};
}

constexpr auto no_cpus = "CPUs are not scheduled; GPUs are";
constexpr auto no_memory = "memory is not scheduled; GPUs are";
constexpr auto no_mail = "no mail is sent; follow the job with `ampacity events -f`";
constexpr auto no_layout = "ranks are laid over the nodes in blocks";
constexpr auto for_submit = "it is about the command that submits, not about the job";
constexpr auto not_built = "is not built yet";
constexpr auto by_nodes = "nodes cannot be chosen by name; Ampacity places the gang";

std::vector<SbatchOption> make_honoured() {
  return {honoured("job-name", 'J'),
          honoured("nodes", 'N'),
          honoured("ntasks", 'n'),
          honoured("ntasks-per-node"),
          honoured("gpus", 'G'),
          honoured("gpus-per-node"),
          honoured("gpus-per-task"),
          honoured("gres"),
          honoured("cpus-per-task", 'c'),
          honoured("constraint", 'C'),
          honoured("time", 't'),
          honoured("output", 'o'),
          honoured("error", 'e'),
          honoured("requeue", 0, Takes::Nothing),
          honoured("no-requeue", 0, Takes::Nothing),
          honoured("signal"),
          honoured("chdir", 'D'),
          honoured("export"),
          honoured("account", 'A'),
          honoured("qos", 'q'),
          honoured("reservation")};
}

std::vector<SbatchOption> make_ignored() {
  return {
      ignored("partition", 'p', Takes::Value,
              "there are no partitions; every allowed site is tried"),
      ignored("mem", 0, Takes::Value, no_memory),
      ignored("mem-per-cpu", 0, Takes::Value, no_memory),
      ignored("mem-per-gpu", 0, Takes::Value, no_memory),
      ignored("mem-bind", 0, Takes::Value, no_memory),
      ignored("tmp", 0, Takes::Value, "local disk is not scheduled"),
      ignored("cpus-per-gpu", 0, Takes::Value, no_cpus),
      ignored("mincpus", 0, Takes::Value, no_cpus),
      ignored("cores-per-socket", 0, Takes::Value, no_cpus),
      ignored("sockets-per-node", 0, Takes::Value, no_cpus),
      ignored("threads-per-core", 0, Takes::Value, no_cpus),
      ignored("extra-node-info", 'B', Takes::Value, no_cpus),
      ignored("hint", 0, Takes::Value, no_cpus),
      ignored("core-spec", 'S', Takes::Value, no_cpus),
      ignored("thread-spec", 0, Takes::Value, no_cpus),
      ignored("ntasks-per-core", 0, Takes::Value, no_cpus),
      ignored("ntasks-per-socket", 0, Takes::Value, no_cpus),
      ignored("cpu-freq", 0, Takes::Value, no_cpus),
      ignored("overcommit", 'O', Takes::Nothing, no_cpus),
      ignored("gpu-bind", 0, Takes::Value, "a rank sees the GPUs of its node"),
      ignored("exclusive", 0, Takes::MaybeValue,
              "a node that the gang does not fill may be shared with others"),
      ignored("oversubscribe", 's', Takes::Nothing, "a GPU is never shared"),
      ignored("share", 0, Takes::Nothing, "a GPU is never shared"),
      ignored("distribution", 'm', Takes::Value, no_layout),
      ignored("contiguous", 0, Takes::Nothing, no_layout),
      ignored("spread-job", 0, Takes::Nothing, no_layout),
      ignored("use-min-nodes", 0, Takes::Nothing, no_layout),
      ignored("switches", 0, Takes::Value, "the gang is placed as close together as it fits"),
      ignored("mail-type", 0, Takes::Value, no_mail),
      ignored("mail-user", 0, Takes::Value, no_mail),
      ignored("comment", 0, Takes::Value, "it is not kept"),
      ignored("admin-comment", 0, Takes::Value, "it is not kept"),
      ignored("wckey", 0, Takes::Value, "it is not kept; --account says who pays"),
      ignored("extra", 0, Takes::Value, "it is not kept"),
      ignored("nice", 0, Takes::MaybeValue, "order comes from --qos (a priority class), then age"),
      ignored("time-min", 0, Takes::Value, "--time counts"),
      ignored("open-mode", 0, Takes::Value, "output is appended to"),
      ignored("acctg-freq", 0, Takes::Value, "energy is accounted without sampling"),
      ignored("profile", 0, Takes::Value, "energy is accounted without sampling"),
      ignored("propagate", 0, Takes::MaybeValue, "resource limits are those of the cluster"),
      ignored("get-user-env", 0, Takes::MaybeValue, "--export says what is passed on"),
      ignored("kill-on-invalid-dep", 0, Takes::Value, "there are no dependencies"),
      ignored("wait-all-nodes", 0, Takes::Value, "a gang always starts whole"),
      ignored("quiet", 'Q', Takes::Nothing, for_submit),
      ignored("verbose", 'v', Takes::Nothing, for_submit),
      ignored("parsable", 0, Takes::Nothing, for_submit),
      ignored("wait", 'W', Takes::Nothing, for_submit),
  };
}

std::vector<SbatchOption> make_refused() {
  return {
      refused("array", 'a', Takes::Value, "is not built yet; submit one job for each task"),
      refused("dependency", 'd', Takes::Value, "is not built yet; submit the next job at the end"),
      refused("begin", 'b', Takes::Value, not_built),
      refused("deadline", 0, Takes::Value, not_built),
      refused("hold", 'H', Takes::Nothing, "is not built yet; submit the job when it may start"),
      refused("immediate", 'I', Takes::MaybeValue, not_built),
      refused("priority", 0, Takes::Value, "name a priority class with --qos"),
      refused("input", 'i', Takes::Value, "is not built yet; redirect inside the script"),
      refused("nodelist", 'w', Takes::Value, by_nodes),
      refused("nodefile", 'F', Takes::Value, by_nodes),
      refused("exclude", 'x', Takes::Value, "drain the nodes instead (`ampacity drain`)"),
      refused("prefer", 0, Takes::Value, not_built),
      refused("licenses", 'L', Takes::Value, not_built),
      refused("clusters", 'M', Takes::Value, "name no cluster; every allowed site is tried"),
      refused("cluster-constraint", 0, Takes::Value,
              "name no cluster; every allowed site is tried"),
      refused("ntasks-per-gpu", 0, Takes::Value, "write --ntasks and --gpus instead"),
      refused("gpus-per-socket", 0, Takes::Value, "write --gpus-per-node instead"),
      refused("gpu-freq", 0, Takes::Value, "clocks are not managed yet"),
      refused("power", 0, Takes::Value, not_built),
      refused("tres-per-task", 0, Takes::Value, "write --gpus-per-task instead"),
      refused("tres-bind", 0, Takes::Value, not_built),
      refused("no-kill", 'k', Takes::MaybeValue, "a gang that lost a node is restarted whole"),
      refused("uid", 0, Takes::Value, "jobs run as the user of the cluster"),
      refused("gid", 0, Takes::Value, "jobs run as the user of the cluster"),
      refused("export-file", 0, Takes::Value, "is not built yet; use --export"),
      refused("container", 0, Takes::Value, not_built),
      refused("container-id", 0, Takes::Value, not_built),
      refused("bb", 0, Takes::Value, not_built),
      refused("bbf", 0, Takes::Value, not_built),
      refused("burst-buffer", 0, Takes::Value, not_built),
      refused("delay-boot", 0, Takes::Value, not_built),
      refused("reboot", 0, Takes::Nothing, not_built),
      refused("network", 0, Takes::Value, not_built),
      refused("mcs-label", 0, Takes::Value, not_built),
      refused("wrap", 0, Takes::Value, "has no place inside a script"),
      refused("test-only", 0, Takes::Nothing, "has no place inside a script; use `ampacity check`"),
      refused("ignore-pbs", 0, Takes::Nothing, "#PBS lines are never read"),
  };
}

}  // namespace

const std::vector<SbatchOption>& sbatch_options() {
  static const auto all = [] {
    auto out = make_honoured();
    for (const auto& part : {make_ignored(), make_refused()}) {
      out.insert(out.end(), part.begin(), part.end());
    }
    return out;
  }();
  return all;
}

const SbatchOption* find_sbatch_option(std::string_view name) {
  const auto& all = sbatch_options();
  const auto it = std::find_if(all.begin(), all.end(), [&](auto& o) { return o.name == name; });
  return it == all.end() ? nullptr : &*it;
}

const SbatchOption* find_sbatch_option(char letter) {
  const auto& all = sbatch_options();
  const auto it = std::find_if(all.begin(), all.end(),
                               [&](auto& o) { return o.letter == letter && letter != 0; });
  return it == all.end() ? nullptr : &*it;
}

}  // namespace ampacity
