// SPDX-License-Identifier: Apache-2.0
#include "wire/openapi.hpp"

#include "protocol/billing.hpp"
#include "wire/api.hpp"
#include "wire/indented.hpp"
#include "wire/json.hpp"

namespace ampacity {
namespace {

using json::Array;
using json::Object;
using json::Value;

// Collects the schemas of described structs under their names.
class Schemas {
 public:
  template <class T>
  Value of() {
    using namespace json::detail;
    if constexpr (std::is_same_v<T, Value>) {
      return Object{{"type", "object"}};
    } else if constexpr (std::is_same_v<T, bool>) {
      return Object{{"type", "boolean"}};
    } else if constexpr (std::is_same_v<T, Accepted>) {
      return Object{{"anyOf", Array{of<std::string>(), reference<T>()}}};
    } else if constexpr (std::is_same_v<T, AttemptId>) {
      return Object{{"type", "string"}, {"pattern", "^[1-9][0-9]*\\.[1-9][0-9]*$"}};
    } else if constexpr (std::is_enum_v<T>) {
      return enumeration<T>();
    } else if constexpr (std::is_integral_v<T> || Counted<T> || IsDuration<T>::value ||
                         IsInstant<T>::value || IsTagged<T>::value) {
      return Object{{"type", "integer"}};
    } else if constexpr (std::is_same_v<T, std::string>) {
      return Object{{"type", "string"}};
    } else if constexpr (IsOptional<T>::value) {
      return of<typename T::value_type>();
    } else if constexpr (IsShared<T>::value) {
      return of<std::remove_const_t<typename T::element_type>>();
    } else if constexpr (IsVector<T>::value) {
      return Object{{"type", "array"}, {"items", of<typename T::value_type>()}};
    } else if constexpr (IsMap<T>::value) {
      return Object{{"type", "object"}, {"additionalProperties", of<typename T::mapped_type>()}};
    } else if constexpr (IsVariant<T>::value) {
      return variant<T>();
    } else {
      return reference<T>();
    }
  }

  Object take() { return std::move(all_); }

 private:
  template <class T>
  static Value enumeration() {
    Array names;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>(
        [&](auto e) { names.push_back(boost::json::string(e.name)); });
    return Object{{"type", "string"}, {"enum", std::move(names)}};
  }

  template <class T>
  Value reference() {
    const std::string name(json::kind_name<T>());
    if (!all_.contains(name)) {
      all_[name] = Object{};  // present while its members are described
      all_[name] = structure<T>();
    }
    return Object{{"$ref", "#/components/schemas/" + name}};
  }

  template <class T>
  Value structure() {
    Object properties;
    Array required;
    boost::mp11::mp_for_each<json::detail::Members<T>>([&](auto member) {
      using Item = std::remove_cvref_t<decltype(std::declval<T>().*member.pointer)>;
      properties[member.name] = of<Item>();
      if (!json::detail::IsOptional<Item>::value)
        required.push_back(boost::json::string(member.name));
    });
    Object schema{{"type", "object"}, {"properties", std::move(properties)}};
    if (!is_request<T>() && !required.empty()) schema["required"] = std::move(required);
    return schema;
  }

  // In what clients send, everything has a default; the server says what it misses.
  template <class T>
  static constexpr bool is_request() {
    return std::is_same_v<T, api::SubmitBody> || std::is_same_v<T, JobSpec> ||
           std::is_same_v<T, api::TargetBody> || std::is_same_v<T, api::NodeBody> ||
           std::is_same_v<T, api::BookingBody> || std::is_same_v<T, Booking> ||
           std::is_same_v<T, api::ReadingsBody> || std::is_same_v<T, PowerReading> ||
           std::is_same_v<T, api::CurtailmentBody> || std::is_same_v<T, Curtailment> ||
           std::is_same_v<T, api::HoldBody> || std::is_same_v<T, api::ReleaseBody> ||
           std::is_same_v<T, api::PolicyBody> || std::is_same_v<T, api::AmendBody> ||
           std::is_same_v<T, Amendment> || std::is_same_v<T, Accepted> ||
           std::is_same_v<T, api::RequestBody> || std::is_same_v<T, CapacityRequest> ||
           std::is_same_v<T, api::AcceptBody> || std::is_same_v<T, api::DeclineBody> ||
           std::is_same_v<T, api::QuoteBody> || std::is_same_v<T, Quote> ||
           std::is_same_v<T, api::AwardBody> || std::is_same_v<T, api::RightBody> ||
           std::is_same_v<T, RightAmendment> || std::is_same_v<T, EarlySignal>;
  }

  template <class T>
  Value variant() {
    Array options;
    boost::mp11::mp_for_each<boost::mp11::mp_iota_c<std::variant_size_v<T>>>([&](auto i) {
      using Item = std::variant_alternative_t<i, T>;
      const std::string name(json::kind_name<Item>());
      options.push_back(Object{{"allOf", Array{of<Item>()}},
                               {"properties", Object{{"kind", Object{{"const", name}}}}},
                               {"required", Array{"kind"}}});
    });
    return Object{{"oneOf", std::move(options)}};
  }

  Object all_;
};

Object content(const std::string& type, Value schema) {
  return Object{{type, Object{{"schema", std::move(schema)}}}};
}

Object answer(const char* what, Object body) {
  return Object{{"description", what}, {"content", std::move(body)}};
}

Object parameter(const char* name, const char* in, const char* what, Value schema) {
  Object p{{"name", name}, {"in", in}, {"description", what}, {"schema", std::move(schema)}};
  if (std::string_view(in) == "path") p["required"] = true;
  return p;
}

Value integer() {
  return Object{{"type", "integer"}};
}
Value text() {
  return Object{{"type", "string"}};
}

class Paths {
 public:
  explicit Paths(Schemas& schemas) : schemas_(schemas) {}

  template <class T>
  void get(const char* path, const char* what, const Array& parameters = {}) {
    add(path, "get", what, parameters,
        answer("as asked", content("application/json", schemas_.of<T>())));
  }
  void stream(const char* path, const char* what, const char* type, const Array& parameters = {}) {
    add(path, "get", what, parameters, answer("as it comes", content(type, text())));
  }
  template <class Body, class T>
  void send(const char* method, const char* path, const char* what, const Array& parameters = {},
            const char* status = "200") {
    send_as<T>(method, path, what, schemas_.of<Body>(), parameters, status);
  }
  // A body that another standard defines.
  template <class T>
  void post(const char* path, const char* what, Value body) {
    send_as<T>("post", path, what, std::move(body), {}, "201");
  }
  template <class Body, class T>
  void post(const char* path, const char* what, const char* status = "200") {
    send<Body, T>("post", path, what, {}, status);
  }
  void remove(const char* path, const char* what, const Array& parameters) {
    add(path, "delete", what, parameters,
        answer("done and durable", content("application/json", schemas_.of<api::Done>())));
  }
  Object take() { return std::move(paths_); }

 private:
  template <class T>
  void send_as(const char* method, const char* path, const char* what, Value body,
               const Array& parameters, const char* status) {
    add(path, method, what, parameters,
        answer("done and durable", content("application/json", schemas_.of<T>())), status);
    paths_[path].as_object()[method].as_object()["requestBody"] =
        Object{{"required", true}, {"content", content("application/json", std::move(body))}};
  }

  void add(const char* path, const char* method, const char* what, const Array& parameters,
           Object good, const char* status = "200") {
    Object responses{
        {status, std::move(good)},
        {"default", answer("no: why, with numbers",
                           content("application/json", schemas_.of<api::ErrorBody>()))}};
    Object operation{{"summary", what}, {"responses", std::move(responses)}};
    if (!parameters.empty()) operation["parameters"] = parameters;
    if (std::string_view(method) != "get")
      operation["security"] = Array{Object{{"token", Array{}}}};
    if (!paths_.contains(path)) paths_[path] = Object{};
    paths_[path].as_object()[method] = std::move(operation);
  }

  Schemas& schemas_;
  Object paths_;
};

void job_paths(Paths& p, Schemas& schemas) {
  const auto id = parameter("id", "path", "job number", integer());
  p.post<api::SubmitBody, api::Submitted>(
      "/v1/jobs", "Submit a job. 201, or 200 if this request id submitted it before", "201");
  p.get<api::JobList>(
      "/v1/jobs", "Jobs, the newest first",
      {parameter("state", "query", "of this state", schemas.of<JobState>()),
       parameter("unfinished", "query", "1: only jobs that have not ended", integer()),
       parameter("team", "query", "of this team", text()),
       parameter("name", "query", "with this name", text()),
       parameter("limit", "query", "1 to 10000, default 100", integer()),
       parameter("before", "query", "older than this job", integer())});
  p.get<api::JobDetail>("/v1/jobs/{id}", "A job, its attempts, and why it waits", {id});
  p.remove("/v1/jobs/{id}", "Cancel a job: TERM, then KILL after the grace",
           {id, parameter("by", "query", "who, for the record", text())});
  p.get<Explanation>("/v1/jobs/{id}/explanation", "Why a job waits, site by site, with numbers",
                     {id});
  p.get<api::ForecastView>("/v1/jobs/{id}/forecast",
                           "When and where it would start: the engine played forward on a copy",
                           {id});
  p.post<api::SubmitBody, api::ForecastView>(
      "/v1/forecast", "The same for a job that is not submitted; changes nothing");
  p.get<api::EventList>("/v1/jobs/{id}/events", "What happened to a job", {id});
  p.stream(
      "/v1/jobs/{id}/log", "The job's output", "text/plain; charset=utf-8",
      {id, parameter("follow", "query", "1: until the job has ended, through restarts", integer()),
       parameter("attempt", "query", "of this attempt; default the latest", integer())});
  p.send<api::HoldBody, api::Done>(
      "post", "/v1/jobs/{id}/hold",
      "Hold a job: it does not start, or not again, until it is released", {id});
  p.send<api::ReleaseBody, api::Done>("post", "/v1/jobs/{id}/release", "Release a held job", {id});
}

void fleet_paths(Paths& p) {
  const auto name = parameter("name", "path", "name of the booking", text());
  p.get<api::SiteList>("/v1/sites", "Sites: GPUs, what is free, power");
  p.get<api::LeaseList>("/v1/leases", "Leases: contracted, used and unused");
  p.get<api::TeamList>("/v1/teams", "Teams: quota, what they use and may start");
  p.get<api::BookingList>("/v1/bookings", "Bookings that have not ended, and their nodes");
  p.post<api::BookingBody, api::BookingView>(
      "/v1/bookings", "Book capacity or a maintenance, from now or from an instant on", "201");
  p.remove("/v1/bookings/{name}", "End a booking; what runs in it goes on",
           {name, parameter("by", "query", "who, for the record", text())});
  p.get<api::PowerList>("/v1/power", "What each site draws, by model and meter, and what holds it");
  p.post<api::ReadingsBody, api::PowerList>(
      "/v1/power/readings", "What meters of sites show; all of it is taken, or none", "201");
  const auto call = parameter("name", "path", "name of the curtailment", text());
  p.get<api::CurtailmentList>("/v1/curtailments",
                              "Calls to draw less that are not over, and what each site does");
  p.post<api::CurtailmentBody, api::CurtailmentView>(
      "/v1/curtailments", "Call a site to draw so much less for a while", "201");
  p.remove("/v1/curtailments/{name}", "Call it off; the loads return",
           {call, parameter("by", "query", "who, for the record", text())});
  p.post<api::OpenAdrView>(
      "/v1/openadr/events",
      "Call what an event of OpenADR 3 asks for. 201, or 200 if it is called already or over",
      Object{{"type", "object"},
             {"description",
              "event or notification, as OpenADR 3.0.1 and 3.1.0 define them: src/wire/openadr.hpp "
              "says what of them is understood"}});
  p.remove("/v1/openadr/events/{event}", "It is over: its curtailments are called off",
           {parameter("event", "path", "eventName, or the id where it has none", text())});
  p.post<api::TargetBody, api::Done>("/v1/drain",
                                     "Take a part of the fleet out of service for new work");
  p.post<api::TargetBody, api::Done>("/v1/resume", "Put it back");
  p.post<api::NodeBody, api::Done>(
      "/v1/nodes", "Say that a node, or all of a rack, pod, hall or site, is up or down");
  p.get<Portfolio>("/v1/portfolio", "The portfolio in force");
  p.send<Portfolio, api::Changed>(
      "put", "/v1/portfolio",
      "Put a portfolio in force instead; refused if it takes away what a job stands on");
  p.get<api::PolicyView>("/v1/policy", "The policy in force, as a portfolio file would have it");
  p.send<api::PolicyBody, api::PolicyView>("patch", "/v1/policy", "Change settings of the policy");
}

void request_paths(Paths& p) {
  const auto name = parameter("name", "path", "name of the request", text());
  p.get<api::RequestList>("/v1/requests", "Capacity requests: who was asked, what is left");
  p.post<api::RequestBody, api::RequestView>(
      "/v1/requests", "Ask for capacity: holders of a refusal right are asked first", "201");
  p.get<api::RequestView>("/v1/requests/{name}", "A request: offers, and its quotes, best first",
                          {name});
  p.send<api::AcceptBody, api::RequestView>("post", "/v1/requests/{name}/accept",
                                            "The holder takes it, or a part", {name});
  p.send<api::DeclineBody, api::RequestView>("post", "/v1/requests/{name}/decline",
                                             "The holder does not take it", {name});
  p.send<api::QuoteBody, api::RequestView>("post", "/v1/requests/{name}/quotes",
                                           "Record what a provider quotes", {name}, "201");
  p.send<api::AwardBody, api::RequestView>(
      "post", "/v1/requests/{name}/award",
      "Make a quote a lease; refused while a refusal right forbids it", {name}, "201");
  const auto provider = parameter("provider", "path", "who has the right", text());
  p.get<api::RightList>("/v1/rights", "Rights of first refusal, in force or not");
  p.send<api::RightBody, api::RightList>("post", "/v1/rights/{provider}",
                                         "Amend a right from a date on; never an edit", {provider},
                                         "201");
}

void money_paths(Paths& p) {
  const auto name = parameter("name", "path", "name of the lease", text());
  const auto month = parameter("month", "path", "as 2028-01", text());
  p.get<api::LeaseDetail>("/v1/leases/{name}", "A lease: how it stands, its terms, its amendments",
                          {name});
  p.send<api::AmendBody, api::LeaseDetail>("post", "/v1/leases/{name}/amendments",
                                           "Change terms from a date on; never an edit", {name},
                                           "201");
  p.get<Invoice>("/v1/leases/{name}/invoices/{month}",
                 "The invoice of a month in the contract's zone, with its postings", {name, month});
  p.get<Billing>("/v1/billing/{month}", "The invoices of all leases", {month});
  p.get<Chargeback>("/v1/chargeback/{month}", "Who bears a month; idle shown as such",
                    {month, parameter("by", "query", "team or project", text())});
  p.get<EnergyAccount>("/v1/energy/{month}",
                       "Energy, its cost and its carbon in a month of UTC: by site, lease, team "
                       "and project, and of free GPUs",
                       {month});
  p.get<ProgrammeList>("/v1/programmes", "Budgets: committed, invoiced, forecast");
}

Object all_paths(Schemas& schemas) {
  Paths p(schemas);
  job_paths(p, schemas);
  fleet_paths(p);
  request_paths(p);
  money_paths(p);
  p.stream("/v1/events", "Server-Sent Events; the data of each is an EventView",
           "text/event-stream",
           {parameter("after", "query", "events after this id; default: from now on", integer()),
            parameter("follow", "query", "0: end after what there is", integer()),
            parameter("Last-Event-ID", "header", "resume after this id", integer())});
  p.get<api::StateView>("/v1/state", "The digest of the engine's state at an event");
  p.stream("/v1/snapshot",
           "The engine's whole state: a line of JSON (shape: the layout; digest; at_ms), then the "
           "state, packed. What `ampacity simulate --from` plays on",
           "application/octet-stream");
  p.stream("/metrics", "Prometheus metrics", "text/plain; version=0.0.4");
  p.get<json::Value>("/healthz", "Whether the server can do its work");
  p.get<json::Value>("/openapi.json", "This document");
  return p.take();
}

std::string make_document() {
  Schemas schemas;
  schemas.of<api::EventView>();
  auto paths = all_paths(schemas);
  Object components{{"schemas", schemas.take()},
                    {"securitySchemes",
                     Object{{"token", Object{{"type", "http"},
                                             {"scheme", "bearer"},
                                             {"description", "the content of <data>/token"}}}}}};
  Object document{
      {"openapi", "3.1.0"},
      {"info",
       Object{{"title", "Ampacity"},
              {"version", "1"},
              {"license", Object{{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}},
              {"description",
               "Units are in the names: _ms are milliseconds (UTC instants since 1970, or "
               "durations), _w watts, _j joules, _micro_usd millionths of a dollar, gpu_ms GPU x "
               "milliseconds, _ppm parts per million. Durations inside a job are milliseconds."}}},
      {"paths", std::move(paths)},
      {"components", std::move(components)}};
  return indented(document);
}

}  // namespace

const std::string& openapi_document() {
  static const std::string text = make_document();
  return text;
}

}  // namespace ampacity
