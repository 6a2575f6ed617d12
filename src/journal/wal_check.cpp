// SPDX-License-Identifier: Apache-2.0
// The format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
#include "journal/wal_check.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

#include "journal/errors.hpp"

namespace ampacity::sqlite {
namespace {

constexpr std::size_t header_size = 32;
constexpr std::size_t frame_header_size = 24;
constexpr std::uint32_t magic = 0x377f0682;  // the lowest bit: checksums read words big-endian

std::uint32_t big_endian(std::string_view bytes, std::size_t at) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < 4; ++i) word = word << 8U | static_cast<unsigned char>(bytes[at + i]);
  return word;
}

class Checksum {
 public:
  explicit Checksum(bool big) : big_(big) {}

  void add(std::string_view bytes) {  // a multiple of eight
    for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
      first_ += word(bytes, i) + second_;
      second_ += word(bytes, i + 4) + first_;
    }
  }
  bool is(std::uint32_t first, std::uint32_t second) const {
    return first_ == first && second_ == second;
  }

 private:
  std::uint32_t word(std::string_view bytes, std::size_t at) const {
    const auto value = big_endian(bytes, at);
    return big_ ? value : __builtin_bswap32(value);
  }

  bool big_;
  std::uint32_t first_ = 0;
  std::uint32_t second_ = 0;
};

struct Log {
  std::ifstream in;
  std::string header = std::string(header_size, '\0');
  std::uint32_t page_size = 0;
  Checksum sum{false};
};

// False if nothing was ever synced into it; Corrupt if its header is damaged.
Result<bool> open_log(Log& log, const std::filesystem::path& path) {
  log.in.open(path, std::ios::binary);
  if (!log.in || !log.in.read(log.header.data(), header_size)) return false;
  if (log.header == std::string(header_size, '\0')) return false;
  const auto kind = big_endian(log.header, 0);
  log.page_size = big_endian(log.header, 8);
  log.sum = Checksum((kind & 1U) != 0);
  log.sum.add(std::string_view(log.header).substr(0, 24));
  const bool valid = (kind & ~1U) == magic && log.page_size >= 512 && log.page_size <= 65'536 &&
                     log.sum.is(big_endian(log.header, 24), big_endian(log.header, 28));
  if (valid) return true;
  return corrupt({path, "opening"}, "the header of the write-ahead log is damaged");
}

struct Tail {
  std::int64_t damaged = 0;       // the first damaged frame, from 1; 0: none
  std::int64_t transactions = 0;  // that end behind it
};

Tail walk(Log& log) {
  Tail tail;
  std::string frame(frame_header_size + log.page_size, '\0');
  const auto salt = std::string_view(log.header).substr(16, 8);
  const std::string_view bytes(frame);
  for (std::int64_t n = 1; log.in.read(frame.data(), static_cast<std::streamsize>(frame.size()));
       ++n) {
    const bool ours = bytes.substr(8, 8) == salt;  // else left over from before the log was reset
    if (tail.damaged == 0) {
      log.sum.add(bytes.substr(0, 8));
      log.sum.add(bytes.substr(frame_header_size));
      if (ours && log.sum.is(big_endian(bytes, 16), big_endian(bytes, 20))) continue;
      tail.damaged = n;
    }
    if (ours && big_endian(bytes, 4) != 0) ++tail.transactions;
  }
  return tail;
}

}  // namespace

Status check_wal(const std::filesystem::path& file) {
  const std::filesystem::path path = file.string() + "-wal";
  Log log;
  const auto used = open_log(log, path);
  if (!used) return used.error();
  if (!*used) return {};
  const auto tail = walk(log);
  if (tail.transactions < 2) return {};
  return corrupt(
      {path, "opening"},
      fmt::format(
          "frame {} of the write-ahead log is damaged, and {} transactions follow that would "
          "be lost in silence",
          tail.damaged, tail.transactions));
}

}  // namespace ampacity::sqlite
