// SPDX-License-Identifier: Apache-2.0
#include "serve/log_stream.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>
#include <fstream>

namespace ampacity {
namespace {

constexpr std::size_t chunk_bytes = 256U << 10U;

}  // namespace

class LogStreamer {
 public:
  LogStreamer(asio::io_context& io, Conductor& conductor, JournalReader& reader,
              const LogRequest& request, http::Stream& stream)
      : io_(io), conductor_(conductor), reader_(reader), request_(request), stream_(stream) {}

  asio::awaitable<Status> run() {
    auto attempts = reader_.attempts(request_.job);
    if (!attempts) co_return attempts.error();
    if (const auto status = choose_first(*attempts); !status) co_return status;
    if (!co_await stream_.begin("text/plain; charset=utf-8")) co_return Status{};
    while (true) {
      attempts = reader_.attempts(request_.job);
      if (!attempts) co_return Status{};  // the stream has begun: all one can do is end it
      const bool over = has_ended(*attempts);
      if (!co_await pump(*attempts)) co_return Status{};
      if (over && !move_on(*attempts)) {
        if (!request_.follow || request_.attempt || !unfinished()) co_return Status{};
      }
      if (!request_.follow) co_return Status{};
      if (conductor_.failed()) co_return Status{};
      co_await pause();
    }
  }

 private:
  Status choose_first(const std::vector<AttemptRow>& attempts) {
    if (request_.attempt) {
      current_ = *request_.attempt;
      if (current_ <= static_cast<std::int64_t>(attempts.size())) {
        return has_output(attempts[static_cast<std::size_t>(current_ - 1)]);
      }
      return Error{ErrorCode::NotFound,
                   fmt::format("job {} has {} attempts, not {}", request_.job.value(),
                               attempts.size(), current_)};
    }
    if (attempts.empty()) {
      if (request_.follow) return {};
      return Error{
          ErrorCode::NotFound,
          fmt::format("job {} has not started; 'ampacity explain {}' says why, 'logs -f' waits",
                      request_.job.value(), request_.job.value())};
    }
    current_ = request_.follow ? 1 : static_cast<std::int64_t>(attempts.size());
    return has_output(attempts.back());
  }

  Status has_output(const AttemptRow& row) const {
    if (conductor_.output_file(row.site, row.attempt) || (!row.ended && is_local(row.site)))
      return {};
    return Error{ErrorCode::NotFound,
                 fmt::format("attempt {} at {} has no output (a simulated cluster keeps none)",
                             to_text(row.attempt), row.site)};
  }

  bool is_local(const std::string& name) const {
    for (const auto& site : conductor_.engine().state().portfolio->sites) {
      if (site.name == name) return site.cluster.kind == ClusterKind::Local;
    }
    return false;
  }

  const AttemptRow* row(const std::vector<AttemptRow>& attempts) const {
    const auto index = static_cast<std::size_t>(current_ - 1);
    return index < attempts.size() ? &attempts[index] : nullptr;
  }

  bool has_ended(const std::vector<AttemptRow>& attempts) const {
    const auto* r = row(attempts);
    return r != nullptr && r->ended.has_value();
  }

  bool unfinished() const {
    const auto job = reader_.job(request_.job);
    return job && *job && !is_final((*job)->state);
  }

  // To the next attempt, if there is one.
  bool move_on(const std::vector<AttemptRow>& attempts) {
    if (request_.attempt || current_ >= static_cast<std::int64_t>(attempts.size())) return false;
    ++current_;
    return true;
  }

  // Sends what the file has grown by. False: the peer is gone.
  asio::awaitable<bool> pump(const std::vector<AttemptRow>& attempts) {
    const auto* r = row(attempts);
    if (r == nullptr) co_return true;
    const auto file = conductor_.output_file(r->site, r->attempt);
    if (!file) co_return true;
    std::error_code ignored;
    const auto path = std::filesystem::weakly_canonical(*file, ignored).string();
    if (path != path_) {
      path_ = path;
      offset_ = 0;
    }
    std::ifstream in(path_, std::ios::binary);
    if (!in) co_return true;
    in.seekg(0, std::ios::end);
    if (in.tellg() < offset_) offset_ = 0;  // truncated by a later attempt
    std::string chunk(chunk_bytes, '\0');
    while (in && in.seekg(offset_)) {
      in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
      const auto got = in.gcount();
      if (got <= 0) break;
      offset_ += got;
      if (!co_await stream_.send(std::string_view(chunk.data(), static_cast<std::size_t>(got)))) {
        co_return false;
      }
      in.clear();
    }
    co_return true;
  }

  asio::awaitable<void> pause() {
    asio::steady_timer timer(io_, std::chrono::milliseconds(100));
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }

  asio::io_context& io_;
  Conductor& conductor_;
  JournalReader& reader_;
  LogRequest request_;
  http::Stream& stream_;
  std::int64_t current_ = 1;
  std::string path_;
  std::streamoff offset_ = 0;
};

asio::awaitable<Status> stream_log(asio::io_context& io, Conductor& conductor,
                                   JournalReader& reader, LogRequest request,
                                   http::Stream& stream) {
  LogStreamer streamer(io, conductor, reader, request, stream);
  co_return co_await streamer.run();
}

}  // namespace ampacity
