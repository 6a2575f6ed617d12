// SPDX-License-Identifier: Apache-2.0
#include "serve/api.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/describe/enum_from_string.hpp>
#include <charconv>

#include "base/text.hpp"
#include "ledger/energy_account.hpp"
#include "serve/answers.hpp"
#include "serve/billing.hpp"
#include "serve/curtailment_routes.hpp"
#include "serve/log_stream.hpp"
#include "serve/metrics.hpp"
#include "serve/power_routes.hpp"
#include "serve/request_routes.hpp"
#include "serve/token.hpp"
#include "serve/views.hpp"
#include "wire/json.hpp"
#include "wire/openapi.hpp"
#include "wire/portfolio_file.hpp"
#include "wire/zones.hpp"

namespace ampacity {
namespace {

// The settings as the portfolio file would be read, in one line of problems.
Result<Policy> changed_policy(const Policy& policy, const Settings& settings) {
  constexpr std::size_t most = 100;
  if (settings.empty()) return invalid("settings: there is nothing to change");
  if (settings.size() > most) return invalid(fmt::format("settings: at most {}", most));
  for (const auto& [key, value] : settings) {
    if (key.size() + value.size() > 200) return invalid("settings: one is longer than 200 bytes");
  }
  auto changed = with_settings(policy, settings, "policy");
  if (changed) return std::move(*changed);
  std::string text;
  for (const auto& problem : changed.error()) {
    text += (text.empty() ? "" : "; ") + to_text(problem);
  }
  return invalid(std::move(text));
}

}  // namespace

struct Api::Routes : std::enable_shared_from_this<Api::Routes> {
  Routes(asio::io_context& io_, Conductor& conductor_, std::unique_ptr<JournalReader> reader_,
         std::string token_)
      : io(io_), conductor(conductor_), reader(std::move(reader_)), token(std::move(token_)) {}

  Reply handle(const Request& request, http::Stream& stream) {
    ++requests;
    if (request.method != "GET" && request.method != "HEAD" && !may_write(request)) {
      co_return failure(401,
                        "changes need the bearer token: Authorization: Bearer … (see <data>/token)",
                        "Unauthorized");
    }
    const auto& p = request.path;
    if (p.size() == 1 && request.method == "GET") co_return co_await top(p[0]);
    if (p.empty() || p[0] != "v1" || p.size() < 2) co_return no_route(request);
    if (p[1] == "jobs") co_return co_await jobs(request, stream);
    if (p[1] == "bookings" && p.size() == 3 && request.method == "DELETE") {
      co_return co_await end_booking(request);
    }
    const bool grid = p[1] == "openadr" || (p[1] == "curtailments" && request.method != "GET");
    if (grid) co_return co_await curtailment_route(conductor, request);
    if (p[1] == "power" && p.size() == 3 && p[2] == "readings" && request.method == "POST") {
      co_return co_await report_readings(conductor, request);
    }
    const bool wanted = p[1] == "requests" || p[1] == "rights";
    if (wanted && (p.size() > 2 || request.method == "POST")) {
      co_return co_await request_route(conductor, request);
    }
    if (p[1] == "leases" && p.size() > 2) co_return co_await leases(request);
    const bool billed = p[1] == "billing" || p[1] == "chargeback";
    if (request.method == "GET" && billed && p.size() == 3) co_return co_await month_of(request);
    if (request.method == "GET" && p[1] == "energy" && p.size() == 3) {
      co_return co_await energy_of(request);
    }
    if (p.size() != 2) co_return no_route(request);
    if (request.method == "GET") co_return co_await view_of(request, stream);
    co_return co_await change_of(request);
  }

 private:
  bool may_write(const Request& request) const {
    const auto given = request.header("authorization");
    return given.rfind("Bearer ", 0) == 0 && same_token(given.substr(7), token);
  }

  Reply top(std::string name) {
    if (name == "healthz") {
      co_return conductor.failed() ? failure(*conductor.failure())
                                   : answer(200, R"({"status":"ok"})");
    }
    if (name == "openapi.json") co_return answer(200, openapi_document());
    if (name == "metrics") {
      if (auto status = co_await conductor.settled(); !status) co_return failure(status.error());
      co_return Response{200, metrics_text(conductor, requests), "text/plain; version=0.0.4"};
    }
    co_return failure(404, "there is no /" + name + "; GET /openapi.json lists what there is",
                      "NotFound");
  }

  Reply view_of(const Request& request, http::Stream& stream) {
    const auto& what = request.path[1];
    if (what == "events") co_return co_await events(request, stream);
    if (what == "snapshot") co_return co_await snapshot();
    if (what == "programmes") co_return co_await programme_list();
    const auto before = what == "state" ? state() : api::StateView{};  // told once it is durable
    if (auto status = co_await conductor.settled(); !status) co_return failure(status.error());
    const auto& engine = conductor.engine();
    if (what == "sites") co_return ok(site_list(engine, conductor.now()));
    if (what == "leases") co_return ok(lease_list(engine, conductor.now()));
    if (what == "teams") co_return ok(team_list(engine, conductor.now()));
    if (what == "bookings") co_return ok(booking_list(engine));
    if (what == "power") co_return ok(power_list(engine, conductor.now()));
    if (what == "curtailments") co_return ok(curtailment_list(engine, conductor.now()));
    if (what == "requests") co_return ok(request_list(engine));
    if (what == "rights") co_return ok(right_list(engine, conductor.now()));
    if (what == "portfolio") co_return ok(*engine.state().portfolio);
    if (what == "policy") co_return ok(policy());
    if (what == "state") co_return ok(before);
    co_return no_route(request);
  }

  Reply change_of(const Request& request) {
    const auto is = [&](const char* method, const char* what) {
      return request.method == method && request.path[1] == what;
    };
    if (is("POST", "drain")) co_return co_await drain(request);
    if (is("POST", "resume")) co_return co_await resume(request);
    if (is("POST", "nodes")) co_return co_await nodes(request);
    if (is("POST", "forecast")) co_return co_await dry_run(request);
    if (is("POST", "bookings")) co_return co_await book(request);
    if (is("PUT", "portfolio")) co_return co_await configure(request);
    if (is("PATCH", "policy")) co_return co_await set_policy(request);
    co_return no_route(request);
  }

  api::PolicyView policy() const {
    return {settings_of(conductor.engine().state().portfolio->policy)};
  }

  api::StateView state() const {
    const auto& engine = conductor.engine();
    return {.portfolio = engine.state().portfolio->name,
            .digest = engine.digest().text(),
            .last_event = conductor.decided_event(),
            .waiting = static_cast<std::int64_t>(engine.waiting()),
            .live = static_cast<std::int64_t>(engine.live_attempts().size()),
            .now_ms = to_ms(conductor.now())};
  }

  // ---- jobs ----

  Reply jobs(const Request& request, http::Stream& stream) {
    const auto& p = request.path;
    if (p.size() == 2 && request.method == "POST") co_return co_await submit(request);
    if (p.size() == 2 && request.method == "GET") co_return list(request);
    if (p.size() > 4) co_return no_route(request);
    const auto id = p.size() > 2 ? parse_job_id(p[2]) : std::nullopt;
    if (!id)
      co_return failure(
          404, fmt::format("'{}' is not a job; jobs are numbers", p.size() > 2 ? p[2] : ""),
          "NotFound");
    if (p.size() == 3 && request.method == "DELETE") co_return co_await cancel(*id, request);
    if (p.size() == 4 && request.method == "POST") {
      if (p[3] == "hold") co_return co_await hold(*id, request);
      if (p[3] == "release") co_return co_await release(*id, request);
    }
    if (request.method != "GET") co_return no_route(request);
    const auto row = reader->job(*id);
    if (!row) co_return failure(row.error());
    if (!*row) co_return failure(404, fmt::format("there is no job {}", id->value()), "JobUnknown");
    if (p.size() == 3) co_return detail(**row);
    if (p[3] == "explanation") co_return explanation(*id);
    if (p[3] == "forecast") co_return co_await forecast_of(*id);
    if (p[3] == "events") co_return events_of(*id);
    if (p[3] == "log") co_return co_await log(request, stream, *id);
    co_return no_route(request);
  }

  Reply submit(const Request& request) {
    auto body = body_of<api::SubmitBody>(request);
    if (!body) co_return failure(body.error());
    // A name for each value that crosses a co_await: GCC 12 destroys braced temporaries there
    // twice.
    Command command =
        SubmitJob{std::move(body->request), std::move(body->job), std::move(body->by)};
    auto told = co_await conductor.tell(std::move(command));
    if (!told) co_return failure(told.error());
    if (told->refusal) co_return refusal(*told->refusal, true);
    co_return ok(api::Submitted{told->job->value(), !told->changed}, told->changed ? 201 : 200);
  }

  Reply cancel(JobId id, const Request& request) {
    Command command = CancelJob{id, query_text(request, "by")};
    co_return co_await change(std::move(command));
  }

  Reply hold(JobId id, const Request& request) {
    auto body = body_of<api::HoldBody>(request);
    if (!body) co_return failure(body.error());
    Command command = HoldJob{id, std::move(body->by), std::move(body->note)};
    co_return co_await change(std::move(command));
  }

  Reply release(JobId id, const Request& request) {
    auto body = body_of<api::ReleaseBody>(request);
    if (!body) co_return failure(body.error());
    Command command = ReleaseJob{id, std::move(body->by)};
    co_return co_await change(std::move(command));
  }

  Reply change(Command command) {
    const auto told = co_await conductor.tell(std::move(command));
    if (!told) co_return failure(told.error());
    if (told->refusal) co_return refusal(*told->refusal, false);
    co_return ok(api::Done{});
  }

  std::optional<Response> list(const Request& request) {
    JobFilter filter;
    const auto get = [&](const char* key) { return query_text(request, key); };
    if (const auto text = get("state"); !text.empty()) {
      JobState state{};
      if (!boost::describe::enum_from_string(text.c_str(), state)) {
        return failure(400, fmt::format("?state=: '{}' is not a state of a job", text),
                       "InvalidInput");
      }
      filter.state = state;
    }
    filter.unfinished_only = get("unfinished") == "1" || get("unfinished") == "true";
    filter.team = get("team");
    filter.name = get("name");
    const auto limit = query_number(request, "limit", 100, 1, 10'000);
    const auto before =
        query_number(request, "before", 0, 0, std::numeric_limits<std::int64_t>::max());
    if (!limit) return failure(limit.error());
    if (!before) return failure(before.error());
    filter.limit = *limit;
    filter.before = *before;
    const auto rows = reader->jobs(filter);
    if (!rows) return failure(rows.error());
    api::JobList all;
    const auto now = conductor.now();
    for (const auto& row : *rows) all.jobs.push_back(job_view(row, conductor.engine(), now));
    if (static_cast<std::int64_t>(rows->size()) == *limit) all.before = rows->back().id.value();
    return ok(all);
  }

  std::optional<Response> detail(const JobRow& row) {
    const auto spec = reader->spec(row.id);
    const auto attempts = reader->attempts(row.id);
    if (!spec) return failure(spec.error());
    if (!attempts) return failure(attempts.error());
    const auto now = conductor.now();
    api::JobDetail all;
    all.job = job_view(row, conductor.engine(), now);
    for (const auto& attempt : *attempts) {
      all.attempts.push_back(attempt_view(attempt, conductor.engine(), now));
    }
    if (row.state == JobState::Waiting) all.explanation = conductor.engine().explain(row.id, now);
    all.spec = **spec;
    return ok(all);
  }

  std::optional<Response> explanation(JobId id) {
    auto e = conductor.engine().explain(id, conductor.now());
    if (e && conductor.engine().state().jobs.find(id)->live) {  // and why there
      const auto attempts = reader->attempts(id);
      if (attempts && !attempts->empty()) e->message += "; " + attempts->back().why;
    }
    if (e) return ok(*e);
    return failure(409, fmt::format("job {} has ended; nothing holds it up", id.value()),
                   "JobEnded");
  }

  Reply forecast_of(JobId id) {
    if (conductor.engine().state().jobs.find(id) == nullptr) {
      co_return failure(409, fmt::format("job {} has ended", id.value()), "JobEnded");
    }
    Foresee look = [id](const Engine& engine, Instant now) {
      return forecast(engine, id, now, {});
    };
    co_return co_await foretell(std::move(look), id);
  }

  // What would become of a job that is not submitted.
  Reply dry_run(const Request& request) {
    auto body = body_of<api::SubmitBody>(request);
    if (!body) co_return failure(body.error());
    auto job = std::make_shared<const SubmitJob>(SubmitJob{"", std::move(body->job), body->by});
    Foresee look = [job](const Engine& engine, Instant now) {
      return forecast(engine, *job, now, {});
    };
    co_return co_await foretell(std::move(look), std::nullopt);
  }

  using Foresee = std::function<Forecast(const Engine&, Instant)>;

  Reply foretell(Foresee look, std::optional<JobId> id) {
    Forecast told;
    Conductor::Look keep = [&](const Engine& engine, Instant now) { told = look(engine, now); };
    if (!co_await conductor.look_ahead(std::move(keep))) co_return busy();
    if (told.refusal) co_return refusal(*told.refusal, true);
    auto view = forecast_view(told);
    if (id) view.job = id->value();
    co_return ok(view);
  }

  static Response busy() {
    return failure(503, "eight copies of the state are looked at already; ask again", "Busy");
  }

  // The whole state, packed: what `ampacity simulate --from` plays on. Copied in one piece between
  // two decisions; packed on another thread.
  Reply snapshot() {
    std::string bytes;
    Conductor::Look pack = [&](const Engine& engine, Instant now) {
      const api::SnapshotHead head{Engine::shape(), engine.digest().text(), to_ms(now)};
      bytes = json::to_json(head) + "\n" + engine.pack_state();
    };
    if (!co_await conductor.look_ahead(std::move(pack))) co_return busy();
    Response response{200, std::move(bytes), "application/octet-stream"};
    co_return response;
  }

  std::optional<Response> events_of(JobId id) {
    const auto rows = reader->events_of(id);
    if (!rows) return failure(rows.error());
    api::EventList list;
    for (const auto& row : *rows) {
      auto view = event_view(row);
      if (!view) return failure(view.error());
      list.events.push_back(std::move(*view));
    }
    return ok(list);
  }

  Reply log(const Request& request, http::Stream& stream, JobId id) {
    LogRequest wanted{.job = id};
    const auto attempt = query_number(request, "attempt", 0, 0, 1'000'000);
    if (!attempt) co_return failure(attempt.error());
    if (*attempt > 0) wanted.attempt = *attempt;
    const auto it = request.query.find("follow");
    wanted.follow = it != request.query.end() && (it->second == "1" || it->second == "true");
    const auto status = co_await stream_log(io, conductor, *reader, wanted, stream);
    if (!status) co_return failure(status.error());
    co_return std::nullopt;
  }

  // ---- operations ----

  Reply drain(const Request& request) {
    auto body = body_of<api::TargetBody>(request);
    if (!body) co_return failure(body.error());
    Command command = Drain{body->target, body->by, body->note};
    co_return co_await change(std::move(command));
  }

  Reply resume(const Request& request) {
    auto body = body_of<api::TargetBody>(request);
    if (!body) co_return failure(body.error());
    Command command = Resume{body->target, body->by};
    co_return co_await change(std::move(command));
  }

  Reply nodes(const Request& request) {
    auto body = body_of<api::NodeBody>(request);
    if (!body) co_return failure(body.error());
    Command command = ReportNode{body->node, body->state, body->detail};
    co_return co_await change(std::move(command));
  }

  Reply book(const Request& request) {
    auto body = body_of<api::BookingBody>(request);
    if (!body) co_return failure(body.error());
    const auto name = body->booking.name;
    Command command = MakeBooking{std::move(body->booking), std::move(body->by)};
    const auto told = co_await conductor.tell(std::move(command));
    if (!told) co_return failure(told.error());
    if (told->refusal) co_return refusal(*told->refusal, true);
    for (const auto& view : booking_list(conductor.engine()).bookings) {
      if (view.name == name) co_return ok(view, 201);
    }
    co_return failure(409, fmt::format("booking {} has ended already", name), "BookingConflict");
  }

  Reply end_booking(const Request& request) {
    Command command = EndBooking{request.path[2], query_text(request, "by")};
    co_return co_await change(std::move(command));
  }

  Reply configure(const Request& request) {
    auto body = body_of<Portfolio>(request);
    if (!body) co_return failure(body.error());
    if (const auto known = load_calendars(*body); !known) co_return failure(known.error());
    const auto told = co_await conductor.configure(std::move(*body));
    if (!told) co_return failure(told.error());
    if (told->refusal) co_return refusal(*told->refusal, false);
    co_return ok(api::Changed{told->changed});
  }

  Reply set_policy(const Request& request) {
    auto body = body_of<api::PolicyBody>(request);
    if (!body) co_return failure(body.error());
    auto changed = changed_policy(conductor.engine().state().portfolio->policy, body->settings);
    if (!changed) co_return failure(changed.error());
    Command command = SetPolicy{std::move(*changed), std::move(body->by)};
    const auto told = co_await conductor.tell(std::move(command));
    if (!told) co_return failure(told.error());
    if (told->refusal) co_return refusal(*told->refusal, false);
    co_return ok(policy());
  }

  // ---- contracts and money ----

  const Lease* lease_named(const std::string& name) const {
    const auto& all = conductor.engine().state().portfolio->leases;
    const auto it =
        std::find_if(all.begin(), all.end(), [&](const Lease& l) { return l.name == name; });
    return it == all.end() ? nullptr : &*it;
  }

  Reply leases(const Request& request) {
    const auto& p = request.path;
    if (auto status = co_await conductor.settled(); !status) co_return failure(status.error());
    const auto* lease = lease_named(p[2]);
    if (lease == nullptr) {
      const auto known = names_of(conductor.engine().state().portfolio->leases);
      co_return failure(404, unknown_name("lease", p[2], known), "NameUnknown");
    }
    if (p.size() == 3 && request.method == "GET") co_return ok(detail_of(*lease));
    if (p.size() == 4 && request.method == "POST" && p[3] == "amendments") {
      co_return co_await amend(request);
    }
    if (p.size() != 5 || request.method != "GET" || p[3] != "invoices") co_return no_route(request);
    const auto month = parse_month(p[4]);
    if (!month) co_return failure(month.error());
    std::optional<Invoice> found;
    const std::string name = p[2];
    Fold look_up = [&](const Portfolio& portfolio, const AllInvoices& all, const AllFacts&) {
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (portfolio.leases[i].name == name) found = of_month(all[i], *month);
      }
    };
    if (auto no = co_await fold(*month, std::move(look_up))) co_return std::move(*no);
    if (found) co_return ok(*found);
    co_return failure(
        404,
        fmt::format("lease {} has no invoice of {}: it does not run then", name, to_text(*month)),
        "NotFound");
  }

  api::LeaseDetail detail_of(const Lease& lease) const {
    api::LeaseDetail detail;
    for (auto& view : lease_list(conductor.engine(), conductor.now()).leases) {
      if (view.name == lease.name) detail.lease = std::move(view);
    }
    detail.terms = lease;
    return detail;
  }

  Reply amend(const Request& request) {
    auto body = body_of<api::AmendBody>(request);
    if (!body) co_return failure(body.error());
    const std::string name = request.path[2];
    Command command = AmendLease{name, std::move(body->amendment), std::move(body->by)};
    const auto told = co_await conductor.tell(std::move(command));
    if (!told) co_return failure(told.error());
    if (told->refusal) co_return refusal(*told->refusal, false);
    const auto* lease = lease_named(name);
    if (lease == nullptr) co_return failure(409, "lease " + name + " is gone", "Conflict");
    co_return ok(detail_of(*lease), 201);
  }

  static std::optional<Invoice> of_month(const std::vector<Invoice>& invoices, Month month) {
    for (const auto& invoice : invoices) {
      if (invoice.month == to_text(month)) return invoice;
    }
    return std::nullopt;
  }

  using Fold = std::function<void(const Portfolio&, const AllInvoices&, const AllFacts&)>;

  // Hands all invoices until `last` to `use`: facts are read here, folded on another thread.
  Reply fold(Month last, Fold use) {
    const auto now = conductor.now();
    const auto portfolio = conductor.engine().state().portfolio;
    const auto facts = metered(*reader, conductor.engine(), now);
    if (!facts) co_return failure(facts.error());
    const auto calendars = load_calendars(*portfolio);
    if (!calendars) co_return failure(calendars.error());
    Conductor::Look look = [&](const Engine&, Instant) {
      use(*portfolio, all_invoices(*portfolio, *calendars, *facts, last, now), *facts);
    };
    if (!co_await conductor.look_ahead(std::move(look))) co_return busy();
    co_return std::nullopt;
  }

  // GET /v1/billing/MONTH, /v1/chargeback/MONTH
  Reply month_of(const Request& request) {
    if (auto status = co_await conductor.settled(); !status) co_return failure(status.error());
    const auto month = parse_month(request.path[2]);
    if (!month) co_return failure(month.error());
    const bool all_of_it = request.path[1] == "billing";
    const auto by = query_text(request, "by");
    if (!by.empty() && by != "team" && by != "project") {
      co_return failure(400, fmt::format("?by=: expected team or project, got '{}'", by),
                        "InvalidInput");
    }
    Billing billing{to_text(*month), {}};
    Chargeback charged;
    FleetWatch seen;
    if (!all_of_it) {
      auto read = watched(*reader, conductor.engine(), *month, conductor.now());
      if (!read) co_return failure(read.error());
      seen = std::move(*read);
    }
    Fold sum_up = [&](const Portfolio& portfolio, const AllInvoices& all, const AllFacts& facts) {
      if (!all_of_it) {
        const Observed observed{facts, seen};
        charged = chargeback(portfolio, all, *month, by == "project", &observed);
        return;
      }
      for (const auto& invoices : all) {
        if (auto found = of_month(invoices, *month)) billing.invoices.push_back(std::move(*found));
      }
    };
    if (auto no = co_await fold(*month, std::move(sum_up))) co_return std::move(*no);
    co_return all_of_it ? ok(billing) : ok(charged);
  }

  // GET /v1/energy/MONTH
  Reply energy_of(const Request& request) {
    if (auto status = co_await conductor.settled(); !status) co_return failure(status.error());
    const auto month = parse_month(request.path[2]);
    if (!month) co_return failure(month.error());
    const auto now = conductor.now();
    const auto portfolio = conductor.engine().state().portfolio;
    const auto facts = metered(*reader, conductor.engine(), now);
    if (!facts) co_return failure(facts.error());
    const auto seen = outages_of(*reader, conductor.engine(), *month, now);
    if (!seen) co_return failure(seen.error());
    EnergyAccount account;
    Conductor::Look look = [&](const Engine&, Instant) {
      account = energy_account(*portfolio, *facts, *seen, *month);
    };
    if (!co_await conductor.look_ahead(std::move(look))) co_return busy();
    co_return ok(account);
  }

  Reply programme_list() {
    if (auto status = co_await conductor.settled(); !status) co_return failure(status.error());
    ProgrammeList list;
    const auto last = last_month(conductor.engine().state().portfolio->programmes);
    if (!last) co_return ok(list);
    Fold add_up = [&](const Portfolio& portfolio, const AllInvoices& all, const AllFacts&) {
      list = programmes(portfolio, all);
    };
    if (auto no = co_await fold(*last, std::move(add_up))) co_return std::move(*no);
    co_return ok(list);
  }

  // ---- events: Server-Sent Events, from the tables, so that a reader can resume at any id ----

  Reply events(const Request& request, http::Stream& stream) {
    auto last = query_number(request, "after", -1, -1, std::numeric_limits<std::int64_t>::max());
    if (!last) co_return failure(last.error());
    if (const auto id = number(request.header("last-event-id")); id && *id >= 0) last = *id;
    if (*last < 0) last = conductor.durable_event();  // from now on
    const auto it = request.query.find("follow");
    const bool follow = it == request.query.end() || it->second != "0";
    if (!co_await stream.begin("text/event-stream")) co_return std::nullopt;
    bool alive = co_await stream.send(": ampacity events\n\n");
    while (alive) {
      const auto rows = reader->events_after(*last, 500);
      if (!rows) {
        spdlog::error("events: {}", rows.error().message);
        co_return std::nullopt;
      }
      std::string text;
      for (const auto& row : *rows) {
        const auto view = event_view(row);
        if (view) text += fmt::format("id: {}\ndata: {}\n\n", row.id, json::to_json(*view));
        last = row.id;
      }
      if (!text.empty()) {
        alive = co_await stream.send(text);
        continue;
      }
      if (!follow) co_return std::nullopt;
      alive = co_await next_event(*last, stream);
    }
    co_return std::nullopt;
  }

  // Waits for the next event; a comment every 15 s tells the peer (and us) that the line is alive.
  asio::awaitable<bool> next_event(std::int64_t last, http::Stream& stream) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(15);
    while (conductor.durable_event() <= last) {
      if (stopping || conductor.failed()) co_return false;
      if (std::chrono::steady_clock::now() >= deadline)
        co_return co_await stream.send(": alive\n\n");
      co_await conductor.next_commit(std::chrono::seconds(1));
    }
    co_return true;
  }

 public:
  asio::io_context& io;
  Conductor& conductor;
  std::unique_ptr<JournalReader> reader;
  std::string token;
  std::int64_t requests = 0;
  bool stopping = false;
};

Api::Api(asio::io_context& io, Conductor& conductor, std::unique_ptr<JournalReader> reader,
         std::string token)
    : routes_(std::make_shared<Routes>(io, conductor, std::move(reader), std::move(token))) {}

Api::~Api() {
  routes_->stopping = true;
}

http::Handler Api::handler() {
  return [routes = routes_](const http::Request& request, http::Stream& stream) {
    return routes->handle(request, stream);
  };
}

}  // namespace ampacity
