// The routes of the earlier high-performance interface, /api/v1/high-performance/…, as thin routes over the same
// services as everything else: a schema's name is a collection's.
#include <fmt/format.h>

#include "base/exact_number.hpp"
#include "base/format_names.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "transport/http/connection/problem.hpp"
#include "transport/http/routes/ingest_answer.hpp"
#include "transport/http/routes/routes.hpp"
#include "transport/http/routes/selection_parameters.hpp"
#include "transport/http/routes/stream_answer.hpp"
#include "transport/http/routes/whole_answer.hpp"

namespace canvasback::http {
namespace {

constexpr std::int64_t kDefaultRows = 100;
constexpr std::int64_t kDocumentRowsMax = 10'000;
constexpr std::int64_t kDefaultBatchRows = 10'000;
constexpr std::int64_t kBenchmarkRecords = 100'000;
constexpr std::int64_t kBenchmarkSingleRecords = 200;

asio::awaitable<void> refuse(Connection& connection, const Request& request, const Error& error) {
  co_await connection.respond(ingest_problem(error, request.path));
}

Result<const Collection*> collection_of(const Services& services, const std::string& name) {
  const Collection* found = services.collections->find(name);
  if (found != nullptr && found->is_published()) return found;
  return fail(ErrorCode::SchemaNotFound, fmt::format("There is no schema \"{}\".", name.substr(0, 128)));
}

asio::awaitable<void> bulk(Services services, Connection& connection, Request& request) {
  auto wanted = ingest_request_from(request);
  if (!wanted) co_return co_await refuse(connection, request, wanted.error());
  wanted->collection = request.path_parameters["schema_name"];
  wanted->known_only = true;
  std::uint64_t bytes = 0;
  std::string begun;
  auto answer = co_await take_body(*services.collections, connection, *wanted, std::move(begun), bytes);
  if (!answer) co_return co_await refuse(connection, request, answer.error());
  co_await connection.respond(ingest_response(*wanted, *answer, bytes, services.collections->sync_each_commit()));
}

// filters: an object of values by column; as a shell's curl leaves it without its braces, too.
Result<Json> filters_of(const Request& request) {
  const std::string* text = request.parameter("filters");
  if (text == nullptr || trim(*text).empty()) return Json();
  const std::string whole = trim(*text).starts_with('{') ? *text : "{" + *text + "}";
  auto filter = Json::parse(long_numbers_kept(whole, LongNumbers::Text), limits::kFilterDepthMax * 2 + 4);
  if (!filter || !filter->is_object()) {
    return fail(ErrorCode::InvalidData,
                "filters must be an object: column and value, or column and {\"op\", \"value\"}.");
  }
  if (filter->as_object().empty()) return Json();
  return std::move(*filter);
}

// What of a request is a selection: filters beside the usual parameters.
Result<RowsRequest> selection_of(const Services& services, Request& request) {
  const std::string name = request.path_parameters["schema_name"];
  CANVASBACK_TRY(collection_of(services, name));
  CANVASBACK_ASSIGN(RowsRequest rows, rows_request_from(request, name));
  CANVASBACK_ASSIGN(rows.selection.filter, filters_of(request));
  return rows;
}

asio::awaitable<void> stream(Services services, Connection& connection, Request& request, RowsRequest rows,
                             Headers headers) {
  StreamHead head{rows.output.format, rows.output.content_encoding, std::move(headers)};
  OpenAnswer open = [&](CancelToken gone) { return services.queries.rows(std::move(rows), gone); };
  co_await stream_answer(connection, request, services.queries, std::move(head), std::move(open));
}

bool is_analysis(std::string_view type) { return type == "summary" || type == "profile" || type == "quality"; }

asio::awaitable<Result<CachedAnswer>> analysis_of(Services services, Connection& connection, const RowsRequest& rows,
                                                  std::string type) {
  AnalysisRequest wanted;
  wanted.dataset = rows.dataset;
  wanted.selection.filter = rows.selection.filter;
  wanted.analysis.kind = Analysis::Kind::Profile;
  wanted.analysis.profile_type = std::move(type);
  wanted.output.numbers_exact = rows.output.numbers_exact;
  wanted.context = rows.context;
  connection.set_on_gone([services] { services.queries.cancel_gone(); });
  auto answer = co_await services.analyses.profile(std::move(wanted), connection.gone());
  connection.set_on_gone(nullptr);
  co_return answer;
}

asio::awaitable<void> query(Services services, Connection& connection, Request& request) {
  auto rows = selection_of(services, request);
  const std::string* analysis = request.parameter("analysis");
  if (rows && analysis != nullptr && (!is_analysis(*analysis) || rows->output.format != "json")) {
    rows = fail(ErrorCode::InvalidData, "analysis must be summary, profile or quality, with format json.");
  }
  if (!rows) co_return co_await refuse(connection, request, rows.error());
  rows->output.row_objects = true;
  rows->selection.limit = rows->selection.limit.value_or(kDefaultRows);
  Headers none;
  if (analysis == nullptr) co_return co_await stream(services, connection, request, std::move(*rows), std::move(none));
  if (*rows->selection.limit > kDocumentRowsMax) {
    const Error error{
        ErrorCode::InvalidData, fmt::format("With analysis, limit must be at most {}.", kDocumentRowsMax), {}, {}, 0};
    co_return co_await refuse(connection, request, error);
  }
  auto profile = co_await analysis_of(services, connection, *rows, *analysis);
  if (!profile) co_return co_await refuse(connection, request, profile.error());
  auto answer = co_await whole_answer(services.queries, connection, std::move(*rows));
  if (!answer) co_return co_await refuse(connection, request, answer.error());
  Response response;
  response.headers.emplace_back("Server-Timing", server_timing(answer->metrics));
  response.body = std::move(answer->body);
  response.body.pop_back();
  response.body += fmt::format(",\"analysis\":{}}}", *profile->bytes);
  co_await connection.respond(std::move(response));
}

// Rows in the order of the files, from one place on; or in that of the key, from one key on. Neither is slower far in.
Result<RowsRequest> batches_of(const Services& services, Request& request) {
  CANVASBACK_ASSIGN(RowsRequest rows, selection_of(services, request));
  rows.output.format = "arrow";
  rows.output.content_encoding.clear();
  rows.output.batch_rows = kDefaultBatchRows;
  if (const std::string* text = request.parameter("batch_size")) {
    CANVASBACK_ASSIGN(rows.output.batch_rows, parse_integer(*text, "batch_size", 1, limits::kBatchRows));
  }
  const std::string* strategy = request.parameter("strategy");
  const std::string* after = request.parameter("after_key");
  const bool keyset = strategy != nullptr         ? *strategy == "keyset"
                      : rows.selection.offset > 0 ? false
                                                  : after != nullptr || services.settings.keyset_streams;
  if (!keyset && (strategy == nullptr || *strategy == "offset")) {
    if (after != nullptr) return fail(ErrorCode::InvalidData, "after_key requires strategy=keyset.");
    return rows;
  }
  if (!keyset) return fail(ErrorCode::InvalidData, "strategy must be offset or keyset.");
  if (rows.selection.offset > 0) return fail(ErrorCode::InvalidData, "offset requires strategy=offset.");
  CANVASBACK_ASSIGN(const Collection* collection, collection_of(services, rows.dataset));
  std::vector<std::string> key(1, std::string(kIdColumn));
  if (collection->schema && !collection->schema->primary_key.empty()) key = collection->schema->primary_key;
  for (const std::string& column : key) rows.selection.sort.push_back({column, false});
  if (after == nullptr) return rows;
  if (key.size() > 1) return fail(ErrorCode::InvalidData, "after_key requires a key of a single field.");
  Json beyond;
  Json term;
  term.set("op", "gt");
  term.set("value", *after);
  beyond.set(key[0], std::move(term));
  if (rows.selection.filter.is_null()) {
    rows.selection.filter = std::move(beyond);
  } else {
    Json both;
    both.set("and", Json::Array{std::move(rows.selection.filter), std::move(beyond)});
    rows.selection.filter = std::move(both);
  }
  return rows;
}

asio::awaitable<void> batches(Services services, Connection& connection, Request& request) {
  auto rows = batches_of(services, request);
  if (!rows) co_return co_await refuse(connection, request, rows.error());
  Headers none;
  co_await stream(services, connection, request, std::move(*rows), std::move(none));
}

asio::awaitable<void> export_parquet(Services services, Connection& connection, Request& request) {
  auto rows = selection_of(services, request);
  if (!rows) co_return co_await refuse(connection, request, rows.error());
  rows->output.format = "parquet";
  rows->output.content_encoding.clear();
  const std::string* filename = request.parameter("filename");
  Headers headers;
  headers.emplace_back("Content-Disposition",
                       content_disposition(filename != nullptr ? *filename : "", rows->dataset, rows->output.format));
  co_await stream(services, connection, request, std::move(*rows), std::move(headers));
}

asio::awaitable<void> analyze(Services services, Connection& connection, Request& request) {
  auto rows = selection_of(services, request);
  const std::string* given = request.parameter("type");
  const std::string type = given != nullptr ? *given : "summary";
  if (rows && !is_analysis(type)) rows = fail(ErrorCode::InvalidData, "type must be summary, profile or quality.");
  if (!rows) co_return co_await refuse(connection, request, rows.error());
  auto profile = co_await analysis_of(services, connection, *rows, type);
  if (!profile) co_return co_await refuse(connection, request, profile.error());
  Response response;
  response.headers.emplace_back("Server-Timing", server_timing(profile->metrics));
  response.body =
      fmt::format("{},\"performance_metrics\":{}}}",
                  std::string_view(*profile->bytes).substr(0, profile->bytes->size() - 1), profile->metrics.dump());
  co_await connection.respond(std::move(response));
}

Result<BenchmarkRequest> benchmark_of(const Services& services, Request& request) {
  BenchmarkRequest out;
  out.schema = request.path_parameters["schema_name"];
  CANVASBACK_TRY(collection_of(services, out.schema));
  out.records = kBenchmarkRecords;
  out.single_records = kBenchmarkSingleRecords;
  if (const std::string* text = request.parameter("records")) {
    CANVASBACK_ASSIGN(out.records, parse_integer(*text, "records", 1, limits::kBenchmarkRecordsMax));
  }
  if (const std::string* text = request.parameter("single_records")) {
    CANVASBACK_ASSIGN(out.single_records,
                      parse_integer(*text, "single_records", 1, limits::kBenchmarkSingleRecordsMax));
  }
  return out;
}

asio::awaitable<void> benchmark(Services services, Connection& connection, Request& request) {
  auto wanted = benchmark_of(services, request);
  if (!wanted) co_return co_await refuse(connection, request, wanted.error());
  auto measured = co_await services.collections->benchmark().run(std::move(*wanted));
  if (!measured) co_return co_await refuse(connection, request, measured.error());
  Response response;
  response.body = measured->dump();
  co_await connection.respond(std::move(response));
}

}  // namespace

void add_performance_routes(Router& router, Services services) {
  const auto add = [&](const char* method, const char* last, std::vector<std::string> parameters, bool takes_stream,
                       asio::awaitable<void> (*handle)(Services, Connection&, Request&)) {
    RouteInfo info{method, fmt::format("/api/v1/high-performance/{}/{{schema_name}}", last), std::move(parameters)};
    info.takes_stream = takes_stream;
    router.add(std::move(info), [services, handle](Connection& connection, Request& request) {
      return handle(services, connection, request);
    });
  };
  add("POST", "ultra-fast-bulk", {"on_error", "format", "cast", "on_conflict"}, true, bulk);
  add("GET", "query-optimized",
      {"filters", "analysis", "columns", "sort", "offset", "limit", "format", "numbers", "timeout_ms"}, false, query);
  add("GET", "stream-arrow-batches",
      {"strategy", "batch_size", "after_key", "filters", "columns", "offset", "limit", "compression", "timeout_ms"},
      false, batches);
  add("POST", "export-parquet", {"compression", "filters", "columns", "sort", "limit", "filename", "timeout_ms"}, false,
      export_parquet);
  add("GET", "analyze", {"type", "filters", "numbers", "timeout_ms"}, false, analyze);
  add("POST", "benchmark", {"records", "single_records"}, false, benchmark);
}

}  // namespace canvasback::http
