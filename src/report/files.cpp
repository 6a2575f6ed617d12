// SPDX-License-Identifier: Apache-2.0
#include "report/files.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "report/csv.hpp"
#include "wire/json.hpp"

namespace ampacity::report {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t most_bytes = 512U << 20U;

Error failed(const char* what, const fs::path& file, int number) {
  const auto code = number == ENOENT   ? ErrorCode::NotFound
                    : number == ENOSPC ? ErrorCode::NoSpace
                                       : ErrorCode::Io;
  return {code, fmt::format("{} {}: {}", what, file.string(), std::strerror(number))};
}

// What the curves are drawn from must fit: a page would otherwise read past its lists.
Status check_shape(const SimulationResult& r) {
  for (std::size_t i = 0; i < r.samples.size(); ++i) {
    const auto& s = r.samples[i];
    if (s.sites.size() != r.sites.size()) {
      return invalid(fmt::format("samples[{}].sites: has {} entries, and there are {} sites", i,
                                 s.sites.size(), r.sites.size()));
    }
    if (s.waiting_by_class.size() != r.size_classes.size()) {
      return invalid(
          fmt::format("samples[{}].waiting_by_class: has {} entries, and there are {} size_classes",
                      i, s.waiting_by_class.size(), r.size_classes.size()));
    }
  }
  return {};
}

}  // namespace

Status write_file(const fs::path& file, std::string_view text) {
  auto part = file;
  part += ".part";
  errno = 0;
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.close();
  std::error_code error;
  if (!out) {
    const auto number = errno;
    fs::remove(part, error);
    return failed("cannot write", file, number == 0 ? EIO : number);
  }
  fs::rename(part, file, error);
  if (error) return failed("cannot write", file, error.value());
  return {};
}

Status write_result(const fs::path& file, const SimulationResult& result) {
  return write_file(file, json::to_json(result) + "\n");
}

Result<SimulationResult> parse_result(std::string_view text) {
  const auto value = json::parse(text, most_bytes);
  if (!value) return value.error();
  if (!value->is_object() || !value->get_object().contains("portfolio") ||
      !value->get_object().contains("samples")) {
    return invalid(
        "this is no result of a simulation (expected an object with portfolio and samples): write "
        "one with ampacity simulate --json");
  }
  SimulationResult result;
  if (const auto status = json::read(*value, result); !status) return status.error();
  if (const auto status = check_shape(result); !status) return status.error();
  return result;
}

Result<SimulationResult> read_result(const fs::path& file) {
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  std::error_code error;
  if (!in) return failed("cannot read", file, errno == 0 ? EIO : errno);
  if (fs::is_directory(file, error)) return failed("cannot read", file, EISDIR);
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) return failed("cannot read", file, EIO);
  auto result = parse_result(text.str());
  if (!result) return result.error().within(file.string());
  return result;
}

Status write_tables(const fs::path& folder, const SimulationResult& result) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return failed("cannot make", folder, error.value());
  for (const auto& table : csv_tables(result)) {
    if (auto status = write_file(folder / table.name, table.text); !status) return status;
  }
  return {};
}

}  // namespace ampacity::report
