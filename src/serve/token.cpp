// SPDX-License-Identifier: Apache-2.0
#include "serve/token.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace ampacity {
namespace {

Error trouble(const std::filesystem::path& file, const char* doing) {
  return {ErrorCode::Io, fmt::format("{} {}: {}", doing, file.string(), std::strerror(errno))};
}

Result<std::string> make_token(const std::filesystem::path& file) {
  std::array<unsigned char, 32> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
    return Error{ErrorCode::Io, "no random bytes from OpenSSL for the token"};
  }
  std::string text;
  for (const auto byte : random) text += fmt::format("{:02x}", byte);
  const auto fresh = file.string() + ".new";
  ::unlink(fresh.c_str());
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return trouble(fresh, "making");
  const auto line = text + "\n";
  const bool written = ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
                       ::fsync(fd) == 0;
  ::close(fd);
  if (!written || ::rename(fresh.c_str(), file.c_str()) != 0) return trouble(file, "writing");
  return text;
}

}  // namespace

Result<std::string> load_or_make_token(const std::filesystem::path& folder) {
  const auto file = folder / "token";
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) {
    return errno == ENOENT ? make_token(file) : Result<std::string>(trouble(file, "reading"));
  }
  if ((info.st_mode & 077U) != 0) {
    return Error{ErrorCode::Unauthorized,
                 fmt::format("{} can be read by others; make it private: chmod 600 {}",
                             file.string(), file.string())};
  }
  std::ifstream in(file);
  std::string text;
  if (!std::getline(in, text) || text.size() < 32) {
    return Error{ErrorCode::Corrupt,
                 fmt::format("{} holds no token; delete it and start again to get a new one",
                             file.string())};
  }
  return text;
}

bool same_token(const std::string& given, const std::string& wanted) {
  return given.size() == wanted.size() &&
         CRYPTO_memcmp(given.data(), wanted.data(), wanted.size()) == 0;
}

}  // namespace ampacity
