// Dashboards: /api/v1/dashboards…, and the one that is proposed for a dataset.
#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "service/dashboard/yaml_text.hpp"
#include "transport/http/connection/problem.hpp"
#include "transport/http/routes/document_answer.hpp"
#include "transport/http/routes/routes.hpp"
#include "transport/http/routes/selection_parameters.hpp"

namespace canvasback::embedded {

extern const std::string_view dashboard_schema_json;

}  // namespace canvasback::embedded

namespace canvasback::http {
namespace {

Json json_of(const std::vector<std::string>& texts) {
  Json out = Json::Array{};
  for (const std::string& text : texts) out.push(text);
  return out;
}

Json json_of(const DashboardProblems& problems) {
  Json out = Json::Array{};
  for (const DashboardProblem& problem : problems) out.push(to_json(problem));
  return out;
}

RequestContext context_of(const Request& request) {
  RequestContext out;
  out.received_ns = request.received_ns;
  return out;
}

asio::awaitable<void> refuse_dashboard(Connection& connection, const Request& request, const Error& error) {
  co_await connection.respond(problem_response(error, request.path));
}

std::string quoted(const std::string& tag) { return fmt::format("\"{}\"", tag); }

// The tags of a list, without their quotes; what is no tag is none of ours.
std::vector<std::string> tags_in(std::string_view list, bool weak) {
  std::vector<std::string> out;
  for (const std::string& part : split(list, ',')) {
    std::string_view tag = trim(part);
    if (weak && tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"') out.emplace_back(tag.substr(1, tag.size() - 2));
  }
  return out;
}

// If-Match and If-None-Match.
DashboardConditions conditions_of(const Request& request) {
  DashboardConditions out;
  if (const auto match = request.headers.find("if-match"); match != request.headers.end()) {
    out.any = trim(match->second) == "*";
    if (!out.any) out.tags = tags_in(match->second, false);
  }
  const std::string_view none_match = request.header("if-none-match");
  out.only_new = trim(none_match) == "*";
  if (!out.only_new) out.none_of = tags_in(none_match, true);
  return out;
}

// Whatever waits for workers is cancelled when its client goes.
class Waiting {
 public:
  Waiting(Connection& connection, const Services& services) : connection_(connection) {
    connection.set_on_gone([dashboards = services.dashboards] { dashboards->answers().cancel_gone(); });
  }
  ~Waiting() { connection_.set_on_gone(nullptr); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  Connection& connection_;
};

asio::awaitable<void> list_dashboards(Services services, Connection& connection, Request& request) {
  Json entries = Json::Array{};
  for (const DashboardEntry& entry : services.dashboards->list()) {
    const Dashboard& dashboard = entry.checked.dashboard;
    std::int64_t errors = 0;
    for (const DashboardProblem& problem : entry.checked.problems) errors += problem.is_warning ? 0 : 1;
    Json out;
    out.set("name", entry.file.name);
    out.set("origin", entry.file.is_built_in ? "program" : "file");
    out.set("title", dashboard.title.empty() ? entry.file.name : dashboard.title);
    out.set("description", dashboard.description.empty() ? Json() : Json(dashboard.description));
    out.set("datasets", json_of(entry.datasets));
    out.set("missing", json_of(entry.missing));
    out.set("problems", errors);
    out.set("modified", entry.file.modified_us > 0 ? Json(iso_time(entry.file.modified_us)) : Json());
    entries.push(std::move(out));
  }
  Json document;
  document.set("dashboards", std::move(entries));
  document.set("performance_metrics", performance_metrics(request, "dashboards"));
  Response response;
  response.body = document.dump();
  co_await connection.respond(std::move(response));
}

asio::awaitable<void> answer_detail(Connection& connection, const Request& request, const DashboardEntry& entry,
                                    int status) {
  const std::string& title = entry.checked.dashboard.title;
  Json document;
  document.set("name", entry.file.name);
  document.set("origin", entry.file.is_built_in ? "program" : "file");
  document.set("title", title.empty() ? entry.file.name : title);
  document.set("yaml", entry.file.text);
  document.set("document", entry.checked.document.is_object() ? entry.checked.document : Json());
  document.set("problems", json_of(entry.checked.problems));
  document.set("performance_metrics", performance_metrics(request, "dashboards"));
  Response response;
  response.status = status;
  response.headers.emplace_back("ETag", quoted(entry.file.tag()));
  if (status == 201) response.headers.emplace_back("Location", "/api/v1/dashboards/" + percent_encode(entry.file.name));
  response.body = document.dump();
  co_await connection.respond(std::move(response));
}

asio::awaitable<void> dashboard_detail(Services services, Connection& connection, Request& request) {
  const Waiting waiting(connection, services);
  auto entry =
      co_await services.dashboards->read(request.path_parameters["name"], context_of(request), connection.gone());
  if (!entry) {
    co_await refuse_dashboard(connection, request, entry.error());
    co_return;
  }
  co_await answer_detail(connection, request, *entry, 200);
}

struct DashboardText {
  std::string yaml;
  Json document;  // null: the text is what was given
};

Result<DashboardText> text_of(const Request& request) {
  CANVASBACK_ASSIGN(const Json body, json_body(request, {"yaml", "document"}));
  const Json* yaml = body.find("yaml");
  const Json* document = body.find("document");
  if ((yaml == nullptr) == (document == nullptr)) {
    return fail(ErrorCode::InvalidData, "The body must have one of \"yaml\" and \"document\".");
  }
  if (yaml != nullptr && !yaml->is_string()) return fail(ErrorCode::InvalidData, "\"yaml\" must be a string.");
  if (document != nullptr && !document->is_object()) {
    return fail(ErrorCode::InvalidData, "\"document\" must be an object.");
  }
  if (yaml != nullptr) return DashboardText{std::string(yaml->as_string()), {}};
  return DashboardText{yaml_of(*document), *document};
}

asio::awaitable<void> check_dashboard(Services services, Connection& connection, Request& request) {
  auto text = text_of(request);
  if (!text) {
    co_await refuse_dashboard(connection, request, text.error());
    co_return;
  }
  const Waiting waiting(connection, services);
  if (!text->document.is_null()) text->yaml.clear();
  const CheckedDashboard checked = co_await services.dashboards->check(std::move(text->yaml), std::move(text->document),
                                                                       context_of(request), connection.gone());
  Json document;
  document.set("problems", json_of(checked.problems));
  document.set("document", checked.document.is_object() ? checked.document : Json());
  document.set("performance_metrics", performance_metrics(request, "dashboards"));
  Response response;
  response.body = document.dump();
  co_await connection.respond(std::move(response));
}

// A text with errors: the first of them, and all as `problems`.
Response problems_response(const Request& request, const DashboardProblems& problems) {
  const Error error = first_error(problems).error();
  Response out = problem_response(error, request.path);
  auto document = Json::parse(out.body);
  if (!document) return out;
  document->set("problems", json_of(problems));
  out.body = document->dump();
  return out;
}

asio::awaitable<void> save_dashboard(Services services, Connection& connection, Request& request) {
  auto text = text_of(request);
  if (!text) {
    co_await refuse_dashboard(connection, request, text.error());
    co_return;
  }
  const Waiting waiting(connection, services);
  DashboardEntry entry;
  entry.file.name = request.path_parameters["name"];
  entry.file.text = text->yaml;
  entry.checked =
      co_await services.dashboards->check(std::move(text->yaml), {}, context_of(request), connection.gone());
  if (has_errors(entry.checked.problems)) {
    co_await connection.respond(problems_response(request, entry.checked.problems));
    co_return;
  }
  const auto is_new = services.dashboards->save(entry.file.name, entry.file.text, conditions_of(request));
  if (!is_new) {
    co_await refuse_dashboard(connection, request, is_new.error());
    co_return;
  }
  co_await answer_detail(connection, request, entry, *is_new ? 201 : 200);
}

asio::awaitable<void> remove_dashboard(Services services, Connection& connection, Request& request) {
  Status status = services.dashboards->remove(request.path_parameters["name"], conditions_of(request));
  if (!status) {
    co_await refuse_dashboard(connection, request, status.error());
    co_return;
  }
  Response response;
  response.status = 204;
  co_await connection.respond(std::move(response));
}

Result<DashboardRequest> query_from(const Request& request) {
  const std::vector<std::string> members{"dashboard", "document", "tiles",    "period",
                                         "compare",   "filters",  "timezone", "known"};
  CANVASBACK_ASSIGN(const Json body, json_body(request, members));
  DashboardRequest out;
  out.context = context_of(request);
  if (const std::string* timeout = request.parameter("timeout_ms")) {
    CANVASBACK_ASSIGN(out.context.timeout_ms, parse_integer(*timeout, "timeout_ms", 1, limits::kMaxTimeout.count()));
  }
  if ((body.find("dashboard") == nullptr) == (body.find("document") == nullptr)) {
    return fail(ErrorCode::InvalidData, "The body must have one of \"dashboard\" and \"document\".");
  }
  for (const char* member : {"dashboard", "compare", "timezone"}) {
    if (const Json* value = body.find(member); value != nullptr && !value->is_string()) {
      return fail(ErrorCode::InvalidData, fmt::format("\"{}\" must be a string.", member));
    }
  }
  out.name = body.at("dashboard").as_string();
  out.document = body.at("document");
  if (body.find("document") != nullptr && !out.document.is_object()) {
    return fail(ErrorCode::InvalidData, "\"document\" must be an object.");
  }
  out.tiles = body.at("tiles");
  out.choices.period = body.at("period");
  out.choices.compare = body.at("compare").as_string();
  if (!out.choices.compare.empty() && !comparison_from(out.choices.compare)) {
    return fail(ErrorCode::InvalidData, "\"compare\" must be previous_period, year_before or none.");
  }
  out.choices.timezone = body.at("timezone").as_string();
  CANVASBACK_ASSIGN(out.choices.filters, conditions_from_json(body.at("filters")));
  const Json& known = body.at("known");
  if (!known.is_null() && (!known.is_array() || known.as_array().size() > limits::kDashboardKnownMax)) {
    return fail(ErrorCode::InvalidData,
                fmt::format("\"known\" must be an array of up to {} keys.", limits::kDashboardKnownMax));
  }
  for (const Json& key : known.as_array()) out.known.emplace_back(key.as_string());
  return out;
}

std::string answers_document(const DashboardAnswers& answers, const Request& request) {
  JsonWriter out;
  out.begin_object().key("models").begin_array();
  for (const DashboardAnswers::Model& model : answers.models) {
    if (model.head == nullptr) continue;
    std::string head = *model.head;
    if (!model.left_out.empty()) {
      head.pop_back();
      head += fmt::format(",\"left_out\":{}}}", json_of(model.left_out).dump());
    }
    out.raw(head);
  }
  out.end_array().key("tiles").begin_array();
  for (const TileAnswer& tile : answers.tiles) {
    out.begin_object().member("tile", tile.tile ? Json(*tile.tile) : Json());
    if (!tile.key.empty()) out.member("key", tile.key).member("cached", tile.cached);
    if (tile.answer != nullptr) out.key("answer").raw(*tile.answer);
    if (tile.error) out.key("error").raw(problem_document(*tile.error, request.path));
    out.end_object();
  }
  out.end_array();
  Json metrics = performance_metrics(request, "dashboard");
  metrics.set("tiles_cached", answers.cached);
  out.member("performance_metrics", metrics).end_object();
  return out.take();
}

asio::awaitable<void> query_dashboard(Services services, Connection& connection, Request& request) {
  auto wanted = query_from(request);
  if (!wanted) {
    co_await refuse_dashboard(connection, request, wanted.error());
    co_return;
  }
  const Waiting waiting(connection, services);
  const auto answers = co_await services.dashboards->query(std::move(*wanted), connection.gone());
  if (!answers) {
    co_await refuse_dashboard(connection, request, answers.error());
    co_return;
  }
  Response response;
  response.body = answers_document(*answers, request);
  co_await connection.respond(std::move(response));
}

asio::awaitable<void> dashboard_schema(Connection& connection) {
  Response response;
  response.content_type = "application/schema+json";
  response.headers.emplace_back("Cache-Control", "no-cache");
  co_await connection.respond_view(response, embedded::dashboard_schema_json);
}

asio::awaitable<void> explore_dataset(Services services, Connection& connection, Request& request) {
  const std::string name = request.path_parameters["name"];
  const Waiting waiting(connection, services);
  auto proposed = co_await services.dashboards->explore(name, context_of(request), connection.gone());
  if (!proposed) {
    co_await refuse_dashboard(connection, request, proposed.error());
    co_return;
  }
  Json document;
  document.set("dataset", name);
  document.set("yaml", yaml_of(*proposed));
  document.set("document", std::move(*proposed));
  document.set("performance_metrics", performance_metrics(request, "explore"));
  Response response;
  response.body = document.dump();
  co_await connection.respond(std::move(response));
}

}  // namespace

void add_dashboard_routes(Router& router, Services services) {
  const auto add = [&](const char* method, const char* pattern, std::vector<std::string> parameters,
                       asio::awaitable<void> (*handle)(Services, Connection&, Request&)) {
    RouteInfo info{method, pattern, std::move(parameters)};
    info.takes_conditions = std::string_view(pattern).ends_with("/{name}");
    router.add(std::move(info), [services, handle](Connection& connection, Request& request) {
      return handle(services, connection, request);
    });
  };
  add("GET", "/api/v1/dashboards", {}, list_dashboards);
  add("POST", "/api/v1/dashboards/check", {}, check_dashboard);
  add("POST", "/api/v1/dashboards/query", {"timeout_ms"}, query_dashboard);
  router.add({"GET", "/api/v1/dashboards/schema", {}},
             [](Connection& connection, Request&) { return dashboard_schema(connection); });
  add("GET", "/api/v1/dashboards/{name}", {}, dashboard_detail);
  add("PUT", "/api/v1/dashboards/{name}", {}, save_dashboard);
  add("DELETE", "/api/v1/dashboards/{name}", {}, remove_dashboard);
  add("GET", "/api/v1/datasets/{name}/explore", {}, explore_dataset);
}

}  // namespace canvasback::http
