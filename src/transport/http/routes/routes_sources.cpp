// Routes of sources: the tables that are pulled from other databases, what each pull did, and what to do now.
#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/json_time.hpp"
#include "service/pull/pull_schedule.hpp"
#include "service/pull/pull_service.hpp"
#include "service/pull/table_scrub.hpp"
#include "service/pull/table_watch.hpp"
#include "transport/http/connection/problem.hpp"
#include "transport/http/routes/routes.hpp"

namespace canvasback::http {
namespace {

constexpr std::size_t kReportsListed = 100;

Json error_document(const Error& error) {
  Json out;
  out.set("code", name_of(error.code));
  out.set("message", error.message);
  return out;
}

std::string state_of(const Services& services, const std::string& name) {
  if (services.pulls->sources().unusable.contains(name)) return "unusable";
  if (services.pulls->is_running(name)) return "running";
  if (services.pull_schedule->is_paused(name)) return "paused";
  return services.pulls->sources().usable.at(name).is_scheduled() ? "waiting" : "on_demand";
}

// What the source's file says, without what is secret.
void add_settings(const PullSettings& settings, Json& out) {
  const PullSource& source = settings.source;
  out.set("server", source.login.address());
  out.set("database", source.login.database);
  out.set(source.table.empty() ? "query" : "table", source.table.empty() ? source.query : source.table);
  out.set("updated_at", source.updated_at);
  out.set("partition_by", source.partition_by);
  out.set("every_s", settings.every_s);
  if (settings.cron) out.set("cron", settings.cron->text());
  out.set("look_back_s", source.look_back_s);
  out.set("hot_window_s", source.hot_window_s);
}

void add_table(const TableWatch::Entry& entry, Json& out) {
  const PullCursor& cursor = entry.table.cursor;
  out.set("dataset", entry.table.is_loaded() ? Json(entry.table.name) : Json());
  out.set("rows", entry.rows);
  out.set("bytes", entry.bytes);
  out.set("version", entry.table.version);
  out.set("as_of", time_or_null(cursor.as_of_us));
  out.set("checked_as_of", time_or_null(cursor.checked_us));
  out.set("swept_as_of", time_or_null(cursor.swept_us));
  out.set("deletes_verified_as_of", time_or_null(cursor.counted_us));
  if (entry.error) out.set("table_error", error_document(*entry.error));
}

Json document_of(const Services& services, const std::string& name) {
  Json out;
  out.set("name", name);
  out.set("state", state_of(services, name));
  const PullSources& sources = services.pulls->sources();
  if (const auto usable = sources.usable.find(name); usable != sources.usable.end()) add_settings(usable->second, out);
  if (const auto wrong = sources.unusable.find(name); wrong != sources.unusable.end()) {
    out.set("error", error_document(wrong->second));
  }
  if (const auto table = services.tables->tables().find(name); table != services.tables->tables().end()) {
    add_table(table->second, out);
  }
  const auto damage = services.table_scrub->damaged().find(name);
  if (damage != services.table_scrub->damaged().end() && out.at("table_error").is_null()) {
    out.set("table_error", error_document(Error{ErrorCode::InvalidData, damage->second, {}, {}, {}}));
  }
  if (const auto turn = services.pull_schedule->turns().find(name); turn != services.pull_schedule->turns().end()) {
    const bool has_turn = turn->second.due_us > 0 && turn->second.due_us < INT64_MAX;
    out.set("next_at", has_turn ? Json(iso_time(turn->second.due_us)) : Json());
    out.set("failures", turn->second.failures);
  }
  const auto reports = services.pulls->reports(name, 1);
  out.set("last_report", reports.empty() ? Json() : reports.front());
  return out;
}

bool is_source(const Services& services, const std::string& name) {
  const PullSources& sources = services.pulls->sources();
  return sources.usable.contains(name) || sources.unusable.contains(name);
}

Response json_response(const Json& json) {
  Response response;
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body = json.dump();
  return response;
}

asio::awaitable<void> list_sources(Services services, Connection& connection) {
  Json list = Json::Array{};
  for (const auto& [name, settings] : services.pulls->sources().usable) list.push(document_of(services, name));
  for (const auto& [name, error] : services.pulls->sources().unusable) list.push(document_of(services, name));
  Json out;
  out.set("sources", std::move(list));
  co_await connection.respond(json_response(out));
}

asio::awaitable<void> one_source(Services services, Connection& connection, Request& request, bool reports) {
  const std::string name = request.path_parameters["name"];
  if (!is_source(services, name)) {
    const Error error{ErrorCode::DatasetNotFound, fmt::format("There is no source \"{}\".", name), {}, {}, {}};
    co_await connection.respond(problem_response(error, request.path));
    co_return;
  }
  if (!reports) {
    co_await connection.respond(json_response(document_of(services, name)));
    co_return;
  }
  Json list = Json::Array{};
  for (Json& report : services.pulls->reports(name, kReportsListed)) list.push(std::move(report));
  Json out;
  out.set("reports", std::move(list));
  co_await connection.respond(json_response(out));
}

using Action = Status (*)(PullSchedule& schedule, const std::string& name);

// Begins; the reports say how it ended.
template <bool kForce, bool kAccept, bool kSweep>
Status pull_now(PullSchedule& schedule, const std::string& name) {
  PullRequest pull;
  pull.trigger = "request";
  pull.force = kForce;
  pull.accept_schema = kAccept;
  pull.sweep = kSweep;
  return schedule.pull_now(name, std::move(pull));
}

asio::awaitable<void> act(Services services, Connection& connection, Request& request, Action action, int done) {
  const std::string name = request.path_parameters["name"];
  Status status = fail(ErrorCode::DatasetNotFound, fmt::format("There is no source \"{}\".", name));
  if (is_source(services, name)) status = action(*services.pull_schedule, name);
  if (!status) {
    co_await connection.respond(problem_response(status.error(), request.path));
    co_return;
  }
  Response response = json_response(document_of(services, name));
  response.status = done;
  co_await connection.respond(std::move(response));
}

}  // namespace

void add_source_routes(Router& router, Services services) {
  router.add({"GET", "/api/v1/sources", {}},
             [services](Connection& connection, Request&) { return list_sources(services, connection); });
  router.add({"GET", "/api/v1/sources/{name}", {}}, [services](Connection& connection, Request& request) {
    return one_source(services, connection, request, false);
  });
  router.add({"GET", "/api/v1/sources/{name}/reports", {}}, [services](Connection& connection, Request& request) {
    return one_source(services, connection, request, true);
  });
  const auto add = [&](const char* path, Action action, int done) {
    router.add({"POST", path, {}}, [services, action, done](Connection& connection, Request& request) {
      return act(services, connection, request, action, done);
    });
  };
  add("/api/v1/sources/{name}/run", pull_now<true, false, false>, 202);
  add("/api/v1/sources/{name}/sweep", pull_now<true, false, true>, 202);
  add("/api/v1/sources/{name}/accept-schema", pull_now<true, true, false>, 202);
  add(
      "/api/v1/sources/{name}/pause",
      [](PullSchedule& schedule, const std::string& name) { return schedule.pause(name); }, 200);
  add(
      "/api/v1/sources/{name}/resume",
      [](PullSchedule& schedule, const std::string& name) { return schedule.resume(name); }, 200);
}

}  // namespace canvasback::http
