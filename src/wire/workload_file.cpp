// SPDX-License-Identifier: Apache-2.0
#include "wire/workload_file.hpp"

#include "wire/records.hpp"
#include "wire/swf.hpp"
#include "wire/synthetic_file.hpp"
#include "wire/trace_map.hpp"
#include "wire/yaml_reader.hpp"

namespace ampacity {
namespace {

bool is_swf(std::string_view path) {
  return path.ends_with(".swf") || path.ends_with(".swf.gz");
}

Loaded<WorkloadSource> no(const std::string& path, std::string why) {
  return std::vector<FileProblem>{{path, {}, "", std::move(why)}};
}

template <class T>
Loaded<WorkloadSource> as_source(Loaded<T> loaded) {
  if (!loaded) return loaded.error();
  return WorkloadSource(std::move(*loaded));
}

Loaded<WorkloadSource> load_mapped(const std::string& text, const std::string& path) {
  const auto map = parse_trace_map(text, path);
  if (!map) return map.error();
  auto lines = LineReader::open(trace_path(*map, path));
  if (!lines) return lines.error();
  return as_source(read_trace(*map, std::move(*lines)));
}

}  // namespace

WorkloadFile recognise_workload(const std::string& path, std::string_view text) {
  if (is_swf(path)) return WorkloadFile::Swf;
  ProblemList ignored(path);
  YamlTree tree;
  const auto* root = YamlTree::parse(tree, text, ignored);
  if (root == nullptr || root->kind != YamlNode::Kind::Mapping) return WorkloadFile::Unknown;
  for (std::size_t i = 0; i + 1 < root->children.size(); i += 2) {
    if (root->children[i]->text != "kind") continue;
    const auto& kind = root->children[i + 1]->text;
    if (kind == "TraceMap") return WorkloadFile::TraceMap;
    if (kind == "Synthetic") return WorkloadFile::Synthetic;
  }
  return WorkloadFile::Unknown;
}

Loaded<WorkloadSource> load_workload(const std::string& path) {
  if (is_swf(path)) return as_source(load_swf(path, {}));
  if (is_csv(path)) {
    return no(path,
              "a CSV file needs a mapping file, which names its columns (kind: TraceMap); "
              "docs/reference/workloads.md");
  }
  const auto text = read_text_file(path);
  if (!text) return text.error();
  switch (recognise_workload(path, *text)) {
    case WorkloadFile::TraceMap:
      return load_mapped(*text, path);
    case WorkloadFile::Synthetic:
      return as_source(parse_synthetic(*text, path));
    case WorkloadFile::Swf:
    case WorkloadFile::Unknown:
      break;
  }
  ProblemList problems(path);  // what is wrong with it as YAML, if anything, is the better answer
  YamlTree tree;
  if (YamlTree::parse(tree, *text, problems) == nullptr) return problems.take();
  return no(path,
            "is no workload: expected an SWF log (.swf, .swf.gz), or YAML with 'kind: "
            "TraceMap' or 'kind: Synthetic'");
}

}  // namespace ampacity
