#include <fmt/format.h>

#include "base/clock.hpp"
#include "task/format.hpp"
#include "transport/http/problem.hpp"
#include "transport/http/routes.hpp"
#include "transport/http/selection_parameters.hpp"
#include "transport/http/stream_answer.hpp"

namespace canvasback::http {
namespace {

Json performance_metrics(const Request& request, std::string_view method) {
  Json out;
  out.set("duration_ms", static_cast<double>(monotonic_ns() - request.received_ns) / 1e6);
  out.set("method", method);
  return out;
}

void describe(JsonWriter& out, const DatasetEntry& entry, bool columns) {
  out.begin_object().member("name", entry.source.name).member("source", entry.source.pattern);
  if (entry.error) {
    out.key("error")
        .begin_object()
        .member("code", name_of(entry.error->code))
        .member("message", entry.error->message)
        .end_object();
  }
  if (entry.dataset) {
    const Dataset& dataset = *entry.dataset;
    std::size_t groups = 0;
    for (const DataFile& file : dataset.files) groups += file.row_group_rows.size();
    out.member("kind", name_of(dataset.kind)).member("version", dataset.version);
    out.member("rows", dataset.rows >= 0 ? Json(dataset.rows) : Json()).member("bytes", dataset.bytes());
    out.member("files", static_cast<std::uint64_t>(dataset.files.size()));
    if (dataset.kind == DatasetKind::Parquet) out.member("row_groups", static_cast<std::uint64_t>(groups));
    out.member("column_count", static_cast<std::uint64_t>(dataset.columns.size()));
    if (columns) {
      out.key("columns").begin_array();
      for (const DatasetColumn& column : dataset.columns) {
        out.begin_object().member("name", column.name).member("type", column.type);
        out.member("min", column.min ? Json(*column.min) : Json())
            .member("max", column.max ? Json(*column.max) : Json());
        out.member("null_count", column.null_count ? Json(*column.null_count) : Json()).end_object();
      }
      out.end_array().key("file_list").begin_array();
      for (const DataFile& file : dataset.files) {
        out.begin_object().member("path", file.path).member("bytes", file.bytes);
        out.member("rows", file.rows >= 0 ? Json(file.rows) : Json());
        out.member("row_groups", static_cast<std::uint64_t>(file.row_group_rows.size()));
        out.member("modified", iso_time(file.modified_ns / 1000)).end_object();
      }
      out.end_array();
    }
  }
  out.end_object();
}

asio::awaitable<void> list(Services services, Connection& connection, Request& request) {
  JsonWriter out;
  out.begin_object().key("datasets").begin_array();
  for (const auto& [name, entry] : services.datasets.entries()) describe(out, entry, false);
  out.end_array().member("performance_metrics", performance_metrics(request, "catalog")).end_object();
  Response response;
  response.body = out.take();
  co_await connection.respond(std::move(response));
}

asio::awaitable<void> detail(Services services, Connection& connection, Request& request) {
  const std::string name = request.path_parameters["name"];
  auto found = services.datasets.entries().find(name);
  if (found == services.datasets.entries().end()) {
    auto missing = services.datasets.find(name);
    co_await connection.respond(problem_response(missing.error(), request.path));
    co_return;
  }
  JsonWriter out;
  describe(out, found->second, true);
  Response response;
  response.body = out.take();
  // The object is complete; the metrics join it as its last member.
  response.body.pop_back();
  response.body += fmt::format(",\"performance_metrics\":{}}}", performance_metrics(request, "catalog").dump());
  co_await connection.respond(std::move(response));
}

asio::awaitable<void> rows(Services services, Connection& connection, Request& request, bool as_file) {
  const std::string name = request.path_parameters["name"];
  auto wanted = rows_request_from(request, name);
  if (!wanted) {
    co_await connection.respond(problem_response(wanted.error(), request.path));
    co_return;
  }
  StreamHead head{wanted->format, wanted->content_encoding, {}};
  if (auto dataset = services.datasets.find(name);
      dataset && (*dataset)->rows >= 0 && wanted->selection.filter.is_null() && !wanted->selection.sample) {
    head.headers.emplace_back("X-Total-Rows", fmt::format("{}", (*dataset)->rows));
    head.headers.emplace_back("X-Total-Exact", "true");
  }
  if (as_file) {
    const std::string* filename = request.parameter("filename");
    head.headers.emplace_back("Content-Disposition",
                              content_disposition(filename ? std::string_view(*filename) : "", name, wanted->format));
  }
  OpenAnswer open = [&](CancelToken gone) { return services.queries.rows(std::move(*wanted), gone); };
  co_await stream_answer(connection, request, services.queries, std::move(head), std::move(open));
}

}  // namespace

void add_dataset_routes(Router& router, Services services) {
  router.add({"GET", "/api/v1/datasets", {}},
             [services](Connection& connection, Request& request) { return list(services, connection, request); });
  router.add({"GET", "/api/v1/datasets/{name}", {}},
             [services](Connection& connection, Request& request) { return detail(services, connection, request); });
  router.add(
      {"GET", "/api/v1/datasets/{name}/rows", selection_parameter_names()},
      [services](Connection& connection, Request& request) { return rows(services, connection, request, false); });
  std::vector<std::string> names = selection_parameter_names();
  names.emplace_back("filename");
  router.add({"GET", "/api/v1/datasets/{name}/export", names}, [services](Connection& connection, Request& request) {
    return rows(services, connection, request, true);
  });
}

}  // namespace canvasback::http
