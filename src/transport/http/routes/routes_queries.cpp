#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/format_names.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "transport/http/connection/problem.hpp"
#include "transport/http/routes/job_answer.hpp"
#include "transport/http/routes/routes.hpp"
#include "transport/http/routes/selection_parameters.hpp"
#include "transport/http/routes/stream_answer.hpp"

namespace canvasback::http {
namespace {

struct StatementRequest {
  SqlRunRequest run;
  std::string filename;  // empty where none is given
};

Result<StatementRequest> sql_request_from(const Request& request) {
  CANVASBACK_ASSIGN(Json body, json_body(request, {"sql", "parameters", "format", "limit", "timeout_ms", "compression",
                                                   "numbers", "filename"}));
  StatementRequest wanted;
  SqlRunRequest& out = wanted.run;
  out.context.received_ns = request.received_ns;
  for (const char* member : {"format", "compression", "numbers", "filename"}) {
    if (const Json* value = body.find(member); value != nullptr && !value->is_null() && !value->is_string()) {
      return fail(ErrorCode::InvalidData, fmt::format("\"{}\" must be a string.", member));
    }
  }
  if (!body.at("sql").is_string()) return fail(ErrorCode::InvalidData, "The body must have a member \"sql\".");
  out.sql = body.at("sql").as_string();
  out.parameters = body.at("parameters");
  if (const Json* limit = body.find("limit"); limit != nullptr && !limit->is_null()) {
    if (!limit->is_integer() || limit->as_int(-1) < 0)
      return fail(ErrorCode::InvalidData, "limit must be a non-negative integer.");
    out.limit = limit->as_int();
  }
  if (const Json* timeout = body.find("timeout_ms"); timeout != nullptr && !timeout->is_null()) {
    if (timeout->as_int(0) < 1 || timeout->as_int() > limits::kMaxTimeout.count()) {
      return fail(ErrorCode::InvalidData,
                  fmt::format("timeout_ms must be an integer from 1 to {}.", limits::kMaxTimeout.count()));
    }
    out.context.timeout_ms = timeout->as_int();
  }
  out.output.compression = body.at("compression").as_string();
  const std::string_view numbers = body.at("numbers").as_string("exact");
  if (numbers != "exact" && numbers != "plain") return fail(ErrorCode::InvalidData, "numbers must be exact or plain.");
  out.output.numbers_exact = numbers == "exact";
  CANVASBACK_ASSIGN(out.on_unreadable, on_unreadable_of(request));
  if (body.at("format").is_string()) {
    out.output.format = body.at("format").as_string();
  } else {
    CANVASBACK_ASSIGN(out.output.format, format_of(request));
  }
  if (find_output_format(out.output.format) == nullptr) {
    return fail(ErrorCode::InvalidData, fmt::format("Unknown format \"{}\".", out.output.format.substr(0, 64)));
  }
  out.output.content_encoding = content_encoding_of(request, out.output.format);
  wanted.filename = body.at("filename").as_string();
  return wanted;
}

// At once, watched under ?job=, or as a job whose file is fetched later.
asio::awaitable<void> run_statement(Services services, Connection& connection, Request& request) {
  auto wanted = sql_request_from(request);
  if (!wanted) {
    co_await connection.respond(problem_response(wanted.error(), request.path));
    co_return;
  }
  SqlRunRequest& run = wanted->run;
  const std::string* token = request.parameter("job");
  if (prefers_async(request)) {
    const std::string filename = download_name(wanted->filename, "query", run.output.format);
    auto job = services.jobs.start(std::move(run), token != nullptr ? std::optional(*token) : std::nullopt, filename);
    co_await respond_accepted(connection, request, services.jobs, std::move(job));
    co_return;
  }
  std::unique_ptr<JobStream> watched;
  if (token != nullptr) {
    auto job = services.jobs.watch(run, *token);
    if (!job) {
      co_await connection.respond(problem_response(job.error(), request.path));
      co_return;
    }
    watched = std::move(*job);
    run.output.content_encoding.clear();  // the receipt is of the bytes of the file
  }
  StreamHead head{run.output.format, run.output.content_encoding, {}, std::move(watched)};
  add_left_out(head.headers, services.datasets.left_out_of_sql(run.sql, run.on_unreadable));
  if (!wanted->filename.empty()) {
    head.headers.emplace_back("Content-Disposition", content_disposition(wanted->filename, "", run.output.format));
  }
  OpenAnswer open = [&](CancelToken gone) { return services.queries.sql(std::move(run), gone); };
  co_await stream_answer(connection, request, services.queries, std::move(head), std::move(open));
}

asio::awaitable<void> list(Services services, Connection& connection) {
  JsonWriter out;
  out.begin_object().key("queries").begin_array();
  for (const auto& [id, query] : services.queries.running()) {
    out.begin_object()
        .member("id", id)
        .member("kind", query.kind)
        .member("text", query.text)
        .member("format", query.format);
    out.member("job", query.job.empty() ? Json() : Json(query.job));
    out.member("state", query.state).member("started", iso_time(query.started_us));
    out.member("elapsed_ms", static_cast<double>(wall_us() - query.started_us) / 1000);
    out.member("worker", query.run != nullptr ? Json(query.run->worker_number()) : Json());
    out.member("progress", query.run != nullptr ? query.run->progress() : Json()).end_object();
  }
  out.end_array().member("waiting", static_cast<std::uint64_t>(services.pool.waiting())).end_object();
  Response response;
  response.body = out.take();
  co_await connection.respond(std::move(response));
}

asio::awaitable<void> cancel(Services services, Connection& connection, Request& request) {
  auto id = parse_integer(request.path_parameters["id"], "id", 1, INT64_MAX);
  Status status = id ? services.queries.cancel(static_cast<std::uint64_t>(*id)) : Status(std::unexpected(id.error()));
  if (!status) {
    co_await connection.respond(problem_response(status.error(), request.path));
    co_return;
  }
  Response response;
  response.status = 204;
  co_await connection.respond(std::move(response));
}

}  // namespace

void add_query_routes(Router& router, Services services) {
  router.add(
      {"POST", "/api/v1/query", {"format", "job", "on_unreadable"}},
      [services](Connection& connection, Request& request) { return run_statement(services, connection, request); });
  router.add({"GET", "/api/v1/queries", {}},
             [services](Connection& connection, Request&) { return list(services, connection); });
  router.add({"DELETE", "/api/v1/queries/{id}", {}},
             [services](Connection& connection, Request& request) { return cancel(services, connection, request); });
}

}  // namespace canvasback::http
