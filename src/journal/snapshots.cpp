// SPDX-License-Identifier: Apache-2.0
#include "journal/snapshots.hpp"

#include <fmt/format.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <charconv>

#include "journal/event_log.hpp"
#include "journal/statement.hpp"

namespace ampacity::sqlite {
namespace {

std::string bytes_of(soci::blob& blob) {
  std::string bytes(blob.get_len(), '\0');
  if (!bytes.empty()) blob.read(0, bytes.data(), bytes.size());
  return bytes;
}

}  // namespace

Result<std::optional<StoredSnapshot>> newest_snapshot(Database& database, const std::string& shape,
                                                      std::int64_t last_event) {
  using Found = std::optional<StoredSnapshot>;
  return database.guarded("reading a snapshot of", [&]() -> Result<Found> {
    auto& session = database.session();
    long long id = 0;
    long long chain = 0;
    long long most = last_event;
    std::string digest;
    soci::blob body(session);
    soci::statement rows =
        (session.prepare << "SELECT last_event, chain, digest, body FROM snapshots "
                            "WHERE shape = :s AND last_event <= :m ORDER BY last_event DESC",
         soci::use(shape), soci::use(most), soci::into(id), soci::into(chain), soci::into(digest),
         soci::into(body));
    for (bool more = rows.execute(true); more; more = rows.fetch()) {
      auto bytes = bytes_of(body);
      const auto actual = digest_of(bytes);
      if (actual.text() != digest || chain_at(session, id) != chain) continue;
      return Found(StoredSnapshot{Snapshot{id, shape, actual, std::move(bytes)}, chain});
    }
    return Found();
  });
}

Status write_snapshot(Database& database, const Snapshot& snapshot) {
  if (snapshot.bytes.size() > snapshot_bytes) {
    return Error{ErrorCode::LimitExceeded,
                 fmt::format("a snapshot of {} bytes: at most {} can be kept",
                             snapshot.bytes.size(), snapshot_bytes)};
  }
  if (digest_of(snapshot.bytes) != snapshot.digest) {
    return invalid("the digest of the snapshot is not that of its bytes");
  }
  auto& session = database.session();
  long long id = snapshot.last_event;
  const auto known = chain_at(session, id);
  if (!known)
    return corrupt({database.file(), "writing a snapshot to"},
                   fmt::format("event {} is missing", id));
  long long chain = *known;
  auto digest = snapshot.digest.text();
  soci::blob body(session);
  body.append(snapshot.bytes.data(), snapshot.bytes.size());
  session << "INSERT OR REPLACE INTO snapshots(last_event, shape, digest, chain, body) "
             "VALUES(:a, :b, :c, :d, :e)",
      soci::use(id), soci::use(snapshot.shape), soci::use(digest), soci::use(chain),
      soci::use(body);
  session << "DELETE FROM snapshots WHERE last_event NOT IN "
             "(SELECT last_event FROM snapshots ORDER BY last_event DESC LIMIT 2)";
  return {};
}

}  // namespace ampacity::sqlite
