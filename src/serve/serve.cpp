// SPDX-License-Identifier: Apache-2.0
#include "serve/serve.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <fstream>

#include "exec/executor.hpp"
#include "journal/journal.hpp"
#include "serve/api.hpp"
#include "serve/conductor.hpp"
#include "serve/token.hpp"

namespace ampacity {
namespace {

namespace fs = std::filesystem;

Status prepare_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    return Error{ErrorCode::Io,
                 fmt::format("cannot make the data folder {}: {}; choose another with --data",
                             folder.string(), error.message())};
  }
  ::chmod(folder.c_str(), 0700);
  return {};
}

Result<std::unique_ptr<Executor>> make_executor(const Site& site, const ServeOptions& options) {
  if (site.cluster.kind == ClusterKind::Simulated) return make_simulated_executor();
  const auto folder = fs::absolute(options.data) / "attempts" / site.name;
  return make_local_executor({folder.string(), options.program, site.name});
}

// <data>/server: where the command line finds this server. Replaced whole, so that nobody reads
// half of it.
Status announce(const fs::path& data, const std::string& address, int port) {
  const auto file = data / "server";
  const auto fresh = data / "server.new";
  std::ofstream(fresh) << fmt::format("http://{}:{}\n", address, port);
  std::error_code error;
  fs::rename(fresh, file, error);
  if (error)
    return Error{ErrorCode::Io, fmt::format("writing {}: {}", file.string(), error.message())};
  return {};
}

Status check_address(const ServeOptions& options) {
  boost::system::error_code error;
  const auto ip = boost::asio::ip::make_address(options.address, error);
  if (error) return invalid(fmt::format("--listen: '{}' is not an IP address", options.address));
  if (ip.is_loopback() || options.allow_remote) return {};
  return invalid(fmt::format(
      "--listen {}: not a loopback address. Traffic is not encrypted yet: reads need no "
      "token. If the network is yours alone, add --allow-remote",
      options.address));
}

}  // namespace

Status serve(const Portfolio& portfolio, const ServeOptions& options) {
  const auto begun = std::chrono::steady_clock::now();
  if (auto status = check_address(options); !status) return status;
  if (auto status = prepare_folder(options.data); !status) return status;
  auto journal = open_sqlite_journal(options.data);
  if (!journal) return journal.error();
  const auto token = load_or_make_token(options.data);
  if (!token) return token.error();

  boost::asio::io_context io(1);
  Conductor conductor(io, std::move(*journal),
                      [&](const Site& site) { return make_executor(site, options); });
  const auto restored = conductor.restore();
  if (!restored) return restored.error();
  auto reader = open_sqlite_reader(options.data);
  if (!reader) return reader.error();
  Api api(io, conductor, std::move(*reader), *token);
  auto server = http::listen(io, options.address, options.port, api.handler());
  if (!server) return server.error();
  if (auto status = conductor.start(portfolio); !status) {
    return status.error().within("the portfolio is refused");
  }
  if (auto status = announce(options.data, options.address, (*server)->port()); !status)
    return status;

  Status outcome;
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  const auto finish = [&] {
    (*server)->stop();
    signals.cancel();
    conductor.stop([&] { io.stop(); });
  };
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) finish();
  });
  conductor.on_failure([&](const Error& error) {
    outcome =
        error.within("the journal failed, stopping so that nothing undurable is acknowledged");
    // Give the refusals on their way a moment to leave.
    auto timer = std::make_shared<boost::asio::steady_timer>(io, std::chrono::milliseconds(200));
    timer->async_wait([&, timer](const boost::system::error_code&) { finish(); });
  });
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begun);
  spdlog::info("serving {} on http://{}:{} (data in {}, {} events, {} replayed, ready in {} ms)",
               portfolio.name, options.address, (*server)->port(), options.data.string(),
               restored->last_event, restored->replayed, took.count());
  io.run();
  std::error_code ignored;
  fs::remove(options.data / "server", ignored);
  spdlog::info("stopped; jobs on local clusters go on and are re-adopted at the next start");
  return outcome;
}

}  // namespace ampacity
