// Routes that users of the earlier stack know: /data/arrow_ipc, /data/arrow_ipc_polars_direct, /data/parquet and
// /data/aggregated_summary, with skip and limit, on any dataset by ?dataset= (optional where there is only one).
#include <fmt/format.h>

#include "base/text.hpp"
#include "transport/http/connection/problem.hpp"
#include "transport/http/routes/routes.hpp"
#include "transport/http/routes/selection_parameters.hpp"
#include "transport/http/routes/stream_answer.hpp"

namespace canvasback::http {
namespace {

Result<std::shared_ptr<const Dataset>> dataset_of(const Services& services, const Request& request) {
  if (const std::string* name = request.parameter("dataset")) return services.datasets.find(*name);
  // Collections are asked for by their own routes.
  std::vector<std::shared_ptr<const Dataset>> readable;
  for (const auto& [name, entry] : services.datasets.entries()) {
    if (entry.dataset && !entry.is_put) readable.push_back(entry.dataset);
  }
  if (readable.size() == 1) return readable[0];
  return fail(ErrorCode::InvalidData, "Several datasets are served; choose one with ?dataset=.");
}

Result<RowsRequest> seed_rows(const Services& services, const Request& request, const std::string& format) {
  CANVASBACK_ASSIGN(auto dataset, dataset_of(services, request));
  RowsRequest out;
  out.dataset = dataset->name;
  out.output.format = format;
  out.context.received_ns = request.received_ns;
  if (const std::string* skip = request.parameter("skip")) {
    CANVASBACK_ASSIGN(out.selection.offset, parse_integer(*skip, "skip", 0, INT64_MAX / 2));
  }
  if (const std::string* limit = request.parameter("limit")) {
    CANVASBACK_ASSIGN(out.selection.limit, parse_integer(*limit, "limit", 0, INT64_MAX / 2));
  }
  out.output.content_encoding = content_encoding_of(request, format);
  return out;
}

asio::awaitable<void> rows(Services services, Connection& connection, Request& request, std::string format) {
  auto wanted = seed_rows(services, request, format);
  if (!wanted) {
    co_await connection.respond(problem_response(wanted.error(), request.path));
    co_return;
  }
  Headers headers;
  if (format == "parquet")
    headers.emplace_back("Content-Disposition", content_disposition("", wanted->dataset, format));
  StreamHead head{format, wanted->output.content_encoding, std::move(headers)};
  OpenAnswer open = [&](CancelToken gone) { return services.queries.rows(std::move(*wanted), gone); };
  co_await stream_answer(connection, request, services.queries, std::move(head), std::move(open));
}

bool is_numeric(std::string_view type) {
  return type.find("INT") != std::string_view::npos || type == "DOUBLE" || type == "FLOAT" ||
         type.starts_with("DECIMAL");
}

// The named column, else the first of the usual names, else the first that fits.
template <class Fits>
Result<std::string> pick_column(const Dataset& dataset, const std::string* wanted,
                                std::initializer_list<const char*> usual, std::string_view what, Fits fits) {
  if (wanted != nullptr) {
    if (dataset.find_column(*wanted) != nullptr) return *wanted;
    return fail(ErrorCode::InvalidData,
                fmt::format("Dataset \"{}\" has no column \"{}\".", dataset.name, wanted->substr(0, 128)));
  }
  for (const char* name : usual) {
    if (dataset.find_column(name) != nullptr) return std::string(name);
  }
  for (const DatasetColumn& column : dataset.columns) {
    if (fits(column.type)) return column.name;
  }
  return fail(ErrorCode::InvalidData, fmt::format("The parameter \"{}\" is required: the column to summarise.", what));
}

Result<SqlRunRequest> summary_request(const Services& services, const Request& request) {
  CANVASBACK_ASSIGN(auto dataset, dataset_of(services, request));
  CANVASBACK_ASSIGN(std::string category, pick_column(*dataset, request.parameter("category"), {"category"}, "category",
                                                      [](std::string_view type) { return type == "VARCHAR"; }));
  CANVASBACK_ASSIGN(std::string value,
                    pick_column(*dataset, request.parameter("value"), {"value", "amount"}, "value", is_numeric));
  SqlRunRequest out;
  out.context.received_ns = request.received_ns;
  const std::string* filter = request.parameter("filter_category");
  out.sql = fmt::format(
      "SELECT {0}, avg({1}) AS average_value, sum({1}) AS total_value, count(*) AS record_count FROM {2} {3}"
      "GROUP BY {0} ORDER BY {0}",
      sql_identifier(category), sql_identifier(value), sql_identifier(dataset->name),
      filter != nullptr ? fmt::format("WHERE CAST({} AS VARCHAR) = $1 ", sql_identifier(category)) : "");
  if (filter != nullptr) out.parameters = Json::Array{Json(*filter)};
  std::int64_t skip = 0;
  if (const std::string* text = request.parameter("skip")) {
    CANVASBACK_ASSIGN(skip, parse_integer(*text, "skip", 0, INT64_MAX / 2));
  }
  if (const std::string* text = request.parameter("limit")) {
    CANVASBACK_ASSIGN(std::int64_t limit, parse_integer(*text, "limit", 0, INT64_MAX / 2));
    out.sql += fmt::format(" LIMIT {}", limit);
  }
  if (skip > 0) out.sql += fmt::format(" OFFSET {}", skip);
  // The earlier stack answered with the IPC file format.
  out.output.format = "arrow_file";
  if (request.parameter("format") != nullptr || !request.header("accept").empty()) {
    auto format = format_of(request);
    const bool any =
        request.parameter("format") == nullptr && request.header("accept").find("*/*") != std::string_view::npos;
    if (!format) return std::unexpected(format.error());
    if (!any) out.output.format = *format;
  }
  out.output.content_encoding = content_encoding_of(request, out.output.format);
  return out;
}

asio::awaitable<void> summary(Services services, Connection& connection, Request& request) {
  auto wanted = summary_request(services, request);
  if (!wanted) {
    co_await connection.respond(problem_response(wanted.error(), request.path));
    co_return;
  }
  StreamHead head{wanted->output.format, wanted->output.content_encoding, {}};
  OpenAnswer open = [&](CancelToken gone) { return services.queries.sql(std::move(*wanted), gone); };
  co_await stream_answer(connection, request, services.queries, std::move(head), std::move(open));
}

}  // namespace

void add_seed_routes(Router& router, Services services) {
  const std::vector<std::string> names{"dataset", "skip", "limit"};
  auto add = [&](const char* path, const char* format) {
    router.add({"GET", path, names}, [services, &router, format](Connection& connection, Request& request) {
      return rows(services, connection, request, format);
    });
  };
  add("/data/arrow_ipc", "arrow");
  add("/data/arrow_ipc_polars_direct", "arrow_file");
  add("/data/parquet", "parquet");
  router.add({"GET",
              "/data/aggregated_summary",
              {"dataset", "skip", "limit", "filter_category", "category", "value", "format"}},
             [services](Connection& connection, Request& request) { return summary(services, connection, request); });
}

}  // namespace canvasback::http
