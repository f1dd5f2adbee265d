// The routes of the earlier record store, over collections: /query/…, /statistics, /files, /schema. Each makes one
// SELECT and hands it to the query service; rows come as objects in `data`.
#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/iso_week.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "query/narrowing.hpp"
#include "query/search.hpp"
#include "record/record_schema.hpp"
#include "transport/http/connection/problem.hpp"
#include "transport/http/routes/routes.hpp"
#include "transport/http/routes/selection_parameters.hpp"
#include "transport/http/routes/stream_answer.hpp"

namespace canvasback::http {
namespace {

constexpr std::int64_t kSearchShare = 80;  // percent of the budget for looking; the rest is for the records found

std::string collection_of(const Request& request) {
  const std::string* name = request.parameter("collection");
  return name != nullptr ? *name : std::string(kDefaultCollection);
}

Result<const Collection*> find_collection(const Services& services, const std::string& name) {
  const Collection* found = services.collections != nullptr ? services.collections->find(name) : nullptr;
  if (found != nullptr && found->health.blocked()) return std::unexpected(*found->health.blocked());
  if (found != nullptr && found->is_published()) return found;
  return fail(ErrorCode::DatasetNotFound,
              fmt::format("There is no collection \"{}\" yet; its first record creates it.", name.substr(0, 128)));
}

Result<std::int64_t> limit_of(const Services& services, const Json& value) {
  const QuerySettings& settings = services.settings;
  if (value.is_null()) return std::min(settings.default_limit, settings.limit_max);
  if (!value.is_integer() || value.as_int(-1) < 0 || value.as_int() > settings.limit_max) {
    return fail(ErrorCode::InvalidData, fmt::format("limit must be an integer from 0 to {}.", settings.limit_max));
  }
  return value.as_int();
}

SqlRunRequest run_of(const Request& request, RecordRange range, Narrowing narrowing) {
  SqlRunRequest run;
  run.range = std::move(range);
  run.output.row_objects = true;
  run.context.received_ns = request.received_ns;
  run.output.content_encoding = content_encoding_of(request, "json");
  run.narrowing = std::move(narrowing);
  return run;
}

asio::awaitable<void> answer(Services services, Connection& connection, Request& request, Result<SqlRunRequest> run) {
  if (!run) {
    co_await connection.respond(problem_response(run.error(), request.path));
    co_return;
  }
  StreamHead head{run->output.format, run->output.content_encoding, {}};
  OpenAnswer open = [&](CancelToken gone) { return services.queries.sql(std::move(*run), gone); };
  co_await stream_answer(connection, request, services.queries, std::move(head), std::move(open));
}

// A member that has two names.
Result<Json> one_of(const Json& body, const char* name, const char* other) {
  if (body.find(name) == nullptr) return body.at(other);
  if (body.find(other) == nullptr) return body.at(name);
  return fail(ErrorCode::InvalidData, fmt::format("\"{}\" and \"{}\" are aliases; use one of them.", name, other));
}

Result<SqlRunRequest> sql_request(const Services& services, const Request& request) {
  CANVASBACK_ASSIGN(Json body, json_body(request, {"sql", "query", "parameters", "limit", "format", "timeout_ms"}));
  CANVASBACK_ASSIGN(Json text, one_of(body, "sql", "query"));
  if (!text.is_string()) return fail(ErrorCode::InvalidData, "The body must have a member \"sql\".");
  if (const Json& format = body.at("format"); !format.is_null() && !format.is_string()) {
    return fail(ErrorCode::InvalidData, "\"format\" must be a string.");
  }
  SqlRunRequest run;
  run.sql = text.as_string();
  run.parameters = body.at("parameters");
  CANVASBACK_ASSIGN(run.limit, limit_of(services, body.at("limit")));
  run.output.row_objects = true;
  run.context.received_ns = request.received_ns;
  if (body.at("format").is_string()) run.output.format = body.at("format").as_string();
  run.output.content_encoding = content_encoding_of(request, run.output.format);
  if (const Json& timeout = body.at("timeout_ms"); !timeout.is_null()) {
    if (!timeout.is_integer()) return fail(ErrorCode::InvalidData, "timeout_ms must be an integer.");
    CANVASBACK_ASSIGN(run.context.timeout_ms,
                      parse_integer(timeout.scalar_text(), "timeout_ms", 1, limits::kMaxTimeout.count()));
  }
  return run;
}

// The records that have an id, in the columns it may stand in.
Result<SqlRunRequest> by_id(const Services& services, const Request& request, const std::string& id) {
  CANVASBACK_ASSIGN(const Collection* collection, find_collection(services, collection_of(request)));
  const Kinds all = kinds_of(collection->files);
  RecordRange range;
  range.collection = collection->name;
  range.id = id;
  for (const KindColumn& column : columns_of_members(all)) {
    if (column.key != kIdColumn) continue;
    std::string type = sql_type_of(*all.find(column.key), column.role);
    const bool number = type == "BIGINT" || type == "DOUBLE" || type.starts_with("DECIMAL");
    if (type == "VARCHAR" || number) range.id_columns.push_back({column.name, std::move(type)});
  }
  if (range.id_columns.empty()) return fail(ErrorCode::RecordNotFound, "The records of this collection have no id.");
  range.newest_first = true;
  range.limit = services.settings.limit_max;
  Narrowing narrowing;
  narrowing.collection = collection->name;
  narrowing.keys.emplace_back(kIdColumn, id);
  return run_of(request, std::move(range), std::move(narrowing));
}

// The whole answer at once: whether there is a record decides the status.
asio::awaitable<void> record(Services services, Connection& connection, Request& request) {
  auto run = by_id(services, request, request.path_parameters["id"]);
  if (!run) {
    co_await connection.respond(problem_response(run.error(), request.path));
    co_return;
  }
  run->output.content_encoding.clear();
  connection.set_on_gone([&services] { services.queries.cancel_gone(); });
  auto opened = co_await services.queries.sql(std::move(*run), connection.gone());
  if (!opened) {
    co_await connection.respond(problem_response(opened.error(), request.path));
    co_return;
  }
  Response response;
  while (true) {
    TaskEvent event = co_await (*opened)->next();
    if (event.kind == TaskEvent::Kind::Data) response.body += event.bytes;
    if (event.kind == TaskEvent::Kind::Failed) {
      co_await connection.respond(problem_response(event.error, request.path));
      co_return;
    }
    if (event.kind != TaskEvent::Kind::Done) continue;
    if (event.info.at("metrics").at("rows").as_int() == 0) {
      const Error none{ErrorCode::RecordNotFound, "No record has this id.", {}, {}, 0};
      co_await connection.respond(problem_response(none, request.path));
      co_return;
    }
    response.headers.emplace_back("Server-Timing", server_timing(event.info.at("metrics")));
    break;
  }
  co_await connection.respond(std::move(response));
}

// The weeks that records of the range can lie in. A day more on each side, for times with an offset; of a range without
// end those that its first records lie in.
Narrowing weeks_of(const Services& services, const Collection& collection, const Json& body, std::int64_t limit) {
  constexpr std::int64_t kDayUs = std::int64_t{86'400} * 1'000'000;
  Narrowing out;
  out.collection = collection.name;
  std::int64_t counted_from_us = -719'170 * kDayUs;  // before the first record time there is: 0001-01-01
  if (body.at("start").is_string()) {
    const auto start_us = parse_iso_time(body.at("start").as_string());
    if (!start_us) return {};
    out.first_week = week_number_of(*start_us - kDayUs);
    counted_from_us = *start_us + kDayUs;
  }
  if (body.at("end").is_string()) {
    const auto end_us = parse_iso_time(body.at("end").as_string());
    if (!end_us) return {};
    out.last_week = week_number_of(*end_us + 2 * kDayUs);
  }
  if (const auto dataset = services.datasets.find(collection.name)) {
    out.last_week = std::min(out.last_week, last_week_of_first(**dataset, counted_from_us, limit));
  }
  return out;
}

Result<SqlRunRequest> date_range(const Services& services, const Request& request) {
  CANVASBACK_ASSIGN(Json body, json_body(request, {"start", "end", "limit"}));
  CANVASBACK_ASSIGN(const Collection* collection, find_collection(services, collection_of(request)));
  CANVASBACK_ASSIGN(std::int64_t limit, limit_of(services, body.at("limit")));
  RecordRange range;
  range.collection = collection->name;
  range.time_columns = record_time_columns(kinds_of(collection->files));
  range.limit = limit;
  for (const auto& [member, target] : {std::pair{"start", &range.start}, {"end", &range.end}}) {
    const Json& value = body.at(member);
    if (value.is_null()) continue;
    if (!value.is_string()) {
      return fail(ErrorCode::InvalidData, fmt::format("\"{}\" must be a date or time, as a string.", member));
    }
    *target = value.as_string();
    if (!parse_iso_time(**target)) {
      return fail(ErrorCode::InvalidData, fmt::format("\"{}\" must be a date or time such as 2025-10-20, "
                                                      "2025-10-20T12:30:00Z or 2025-10-20T14:30:00+02:00.",
                                                      member));
    }
  }
  if (!range.start && !range.end) return fail(ErrorCode::InvalidData, "The body must have \"start\" or \"end\".");
  Narrowing narrowing = weeks_of(services, *collection, body, limit);
  return run_of(request, std::move(range), std::move(narrowing));
}

Result<SqlRunRequest> recent(const Services& services, const Request& request) {
  std::int64_t limit = std::min(services.settings.default_limit, services.settings.limit_max);
  if (const std::string* text = request.parameter("limit")) {
    CANVASBACK_ASSIGN(limit, parse_integer(*text, "limit", 0, services.settings.limit_max));
  }
  CANVASBACK_ASSIGN(const Collection* collection, find_collection(services, collection_of(request)));
  RecordRange range;
  range.collection = collection->name;
  range.newest_first = true;
  range.limit = limit;
  return run_of(request, std::move(range), {});
}

// Records that have every word in some text column, the best first; of a large collection those that a budget of time
// lets it look at, the newest first, and a cursor for the others.
Result<Task> search_task(const Services& services, const Request& request) {
  CANVASBACK_ASSIGN(Json body, json_body(request, {"query", "q", "limit", "cursor", "budget_ms"}));
  CANVASBACK_ASSIGN(Json text, one_of(body, "query", "q"));
  if (!text.is_string())
    return fail(ErrorCode::InvalidData, "The body must have a member \"query\": the text to search for.");
  CANVASBACK_ASSIGN(Search search, search_for(text.as_string()));
  CANVASBACK_ASSIGN(search.limit, limit_of(services, body.at("limit")));
  if (const Json& cursor = body.at("cursor"); cursor.is_string()) {
    CANVASBACK_ASSIGN(search.cursor, decode_search_cursor(cursor.as_string()));
  }
  search.budget_ms = limits::kSearchBudget.count() * kSearchShare / 100;
  if (const Json& budget = body.at("budget_ms"); !budget.is_null()) {
    CANVASBACK_ASSIGN(search.budget_ms,
                      parse_integer(budget.scalar_text(), "budget_ms", 1, limits::kSearchBudgetMax.count()));
  }
  CANVASBACK_ASSIGN(const Collection* collection, find_collection(services, collection_of(request)));
  Task task;
  task.work = SearchWork{collection->name, std::move(search)};
  task.output.row_objects = true;
  task.output.content_encoding = content_encoding_of(request, "json");
  task.received_ns = request.received_ns;
  return task;
}

asio::awaitable<void> search(Services services, Connection& connection, Request& request) {
  auto task = search_task(services, request);
  const std::string name = task ? std::get<SearchWork>(task->work).dataset : std::string(kDefaultCollection);
  auto dataset = services.datasets.find(name);
  if (!task || !dataset) {
    co_await connection.respond(problem_response(task ? dataset.error() : task.error(), request.path));
    co_return;
  }
  StreamHead head{task->output.format, task->output.content_encoding, {}};
  OpenAnswer open = [&](CancelToken gone) {
    RunningQuery entry{0, "search", name, task->output.format, 0, "waiting", nullptr, gone};
    std::vector<std::shared_ptr<const Dataset>> datasets(1, *dataset);
    return services.queries.run(std::move(*task), std::move(datasets), Lane::General, std::move(entry));
  };
  co_await stream_answer(connection, request, services.queries, std::move(head), std::move(open));
}

void add_metrics(JsonWriter& out, const Request& request) {
  const double duration_ms = request.elapsed_ms();
  out.key("performance_metrics").begin_object().member("duration_ms", duration_ms).end_object();
}

void write_columns(JsonWriter& out, const Kinds& all) {
  out.key("columns").begin_array();
  for (const KindColumn& column : columns_of_members(all)) {
    out.begin_object().member("name", column.name);
    out.member("type", sql_type_of(*all.find(column.key), column.role)).member("key", column.key).end_object();
  }
  out.end_array();
}

std::string week_of(const CollectionFile& file) { return text_of(file.name.week); }

void write_statistics(JsonWriter& out, const Collection& collection) {
  const Json statistics = statistics_of(collection);
  for (const auto& [name, value] : statistics.as_object()) out.member(name, value);
}

void write_files(JsonWriter& out, const Collection& collection) {
  const auto write = [&](const CollectionFile& file, bool archived) {
    out.begin_object().member("name", file.file.path.substr(file.file.path.rfind('/') + 1));
    out.member("kind", file.name.is_commit ? "commit" : "part");
    out.member("week", file.name.is_commit ? Json() : Json(week_of(file)));
    out.member("records", file.file.rows).member("bytes", file.file.bytes);
    out.member("modified", iso_time(file.file.modified_ns / 1000)).member("archived", archived).end_object();
  };
  out.key("files").begin_array();
  for (const CollectionFile& file : collection.files.live) write(file, false);
  for (const CollectionFile& file : collection.archived) write(file, true);
  out.end_array();
}

void write_schema(JsonWriter& out, const Collection& collection) {
  const Kinds all = kinds_of(collection.files);
  write_columns(out, all);
  out.key("keys").begin_array();
  for (const auto& [key, kinds] : all.members) {
    out.begin_object().member("key", key).key("kinds").begin_array();
    for (std::string_view name : names_of_kinds(kinds.seen)) out.value(name);
    out.end_array().end_object();
  }
  out.end_array().key("conflicts").begin_array();
  for (const Conflict& conflict : collection.conflicts) out.value(to_json(conflict));
  out.end_array();
}

// A document about one collection; of one without records, an empty one.
asio::awaitable<void> describe(Services services, Connection& connection, Request& request,
                               void (*write)(JsonWriter&, const Collection&)) {
  auto found = find_collection(services, collection_of(request));
  const auto executor = co_await asio::this_coro::executor;
  const Collection none(executor, {std::string(kDefaultCollection), {}, {}, {}}, true);
  const bool is_new = !found && found.error().code == ErrorCode::DatasetNotFound;
  if (!found && (!is_new || request.parameter("collection") != nullptr)) {
    co_await connection.respond(problem_response(found.error(), request.path));
    co_return;
  }
  JsonWriter out;
  out.begin_object();
  write(out, found ? **found : none);
  add_metrics(out, request);
  out.end_object();
  Response response;
  response.body = out.take();
  co_await connection.respond(std::move(response));
}

using MakeRun = Result<SqlRunRequest> (*)(const Services&, const Request&);

}  // namespace

void add_collection_routes(Router& router, Services services) {
  router.add({"POST", "/query/sql", {}}, [services](Connection& connection, Request& request) {
    return answer(services, connection, request, sql_request(services, request));
  });
  router.add({"GET", "/query/id/{id}", {"collection"}},
             [services](Connection& connection, Request& request) { return record(services, connection, request); });
  const auto add_query = [&](const char* method, const char* pattern, std::vector<std::string> parameters,
                             MakeRun make) {
    router.add({method, pattern, std::move(parameters)}, [services, make](Connection& connection, Request& request) {
      return answer(services, connection, request, make(services, request));
    });
  };
  add_query("POST", "/query/date-range", {"collection"}, date_range);
  add_query("GET", "/query/recent", {"collection", "limit"}, recent);
  router.add({"POST", "/query/search", {"collection"}},
             [services](Connection& connection, Request& request) { return search(services, connection, request); });
  const auto add_document = [&](const char* pattern, void (*write)(JsonWriter&, const Collection&)) {
    router.add({"GET", pattern, {"collection"}}, [services, write](Connection& connection, Request& request) {
      return describe(services, connection, request, write);
    });
  };
  add_document("/statistics", write_statistics);
  add_document("/files", write_files);
  add_document("/schema", write_schema);
}

}  // namespace canvasback::http
