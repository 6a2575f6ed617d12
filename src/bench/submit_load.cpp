// SPDX-License-Identifier: Apache-2.0
#include "bench/submit_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>

namespace ampacity::bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

class Generator {
 public:
  explicit Generator(const Load& load) : load_(load) {
    result_.latencies_us.reserve(static_cast<std::size_t>(load.jobs));
  }

  Result<LoadResult> run() {
    const auto begun = Clock::now();
    for (int i = 0; i < load_.clients; ++i) asio::co_spawn(io_, client(), asio::detached);
    io_.run();
    result_.seconds = std::chrono::duration<double>(Clock::now() - begun).count();
    if (!failure_.empty()) return Error{ErrorCode::Unavailable, failure_};
    std::sort(result_.latencies_us.begin(), result_.latencies_us.end());
    return std::move(result_);
  }

 private:
  // The script is 600 bytes, about what people submit.
  http::request<http::string_body> request(std::int64_t number) const {
    http::request<http::string_body> r(http::verb::post, "/v1/jobs", 11);
    r.set(http::field::host, "127.0.0.1");
    r.set(http::field::authorization, "Bearer " + load_.token);
    r.set(http::field::content_type, "application/json");
    const std::string script = "#!/bin/bash\\n" + std::string(588, '#');
    r.body() = fmt::format(
        R"({{"request":"bench-{}","by":"bench","job":{{"name":"job-{}","gpus":8,"launch":"Script",)"
        R"("script":"{}","walltime":3600000,"simulated_runtime":3600000}}}})",
        number, number, script);
    r.prepare_payload();
    return r;
  }

  asio::awaitable<void> client() {
    beast::tcp_stream stream(io_);
    error_code error;
    const asio::ip::tcp::endpoint to(asio::ip::address_v4::loopback(),
                                     static_cast<std::uint16_t>(std::stoi(load_.port)));
    co_await stream.async_connect(to, asio::redirect_error(asio::use_awaitable, error));
    beast::flat_buffer buffer;
    while (!error && next_ < load_.jobs && failure_.empty()) {
      const auto message = request(next_++);
      const auto sent = Clock::now();
      co_await http::async_write(stream, message, asio::redirect_error(asio::use_awaitable, error));
      http::response<http::string_body> response;
      if (!error) {
        co_await http::async_read(stream, buffer, response,
                                  asio::redirect_error(asio::use_awaitable, error));
      }
      if (!error && response.result_int() != 201) {
        failure_ = fmt::format("{}: {}", response.result_int(), response.body());
      }
      const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - sent);
      result_.latencies_us.push_back(took.count());
      ++result_.accepted;
    }
    if (error) failure_ = error.message();
  }

  const Load& load_;
  asio::io_context io_{1};
  std::int64_t next_ = 0;
  LoadResult result_;
  std::string failure_;
};

}  // namespace

Result<LoadResult> run_load(const Load& load) {
  Generator generator(load);
  return generator.run();
}

}  // namespace ampacity::bench
