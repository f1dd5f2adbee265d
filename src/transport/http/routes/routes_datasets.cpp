#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/format_names.hpp"
#include "record/text_reading.hpp"
#include "transport/http/connection/problem.hpp"
#include "transport/http/routes/document_answer.hpp"
#include "transport/http/routes/job_answer.hpp"
#include "transport/http/routes/routes.hpp"
#include "transport/http/routes/selection_parameters.hpp"
#include "transport/http/routes/stream_answer.hpp"

namespace canvasback::http {
namespace {

// How the files of CSV or JSON are read: what was told or set, and what was found.
void describe_reading(JsonWriter& out, const Dataset& dataset, bool is_set) {
  if (!dataset.text) return;
  const TextReading& reading = *dataset.text;
  out.key("reading").begin_object().member("settings", to_json(reading.settings)).member("set", is_set);
  out.key("columns").begin_array();
  for (const TextColumn& column : reading.columns) {
    out.begin_object().member("name", column.name).member("type", column.type);
    out.member("reason", column.reason.empty() ? Json() : Json(column.reason)).end_object();
  }
  out.end_array().key("files").begin_array();
  for (std::size_t i = 0; i < reading.files.size(); ++i) {
    const TextFileReading& file = reading.files[i];
    out.begin_object().member("path", dataset.files[i].path).member("rows", file.rows);
    if (dataset.kind == DatasetKind::Csv) {
      out.member("dialect", to_json(file.dialect));
      out.member("short_rows", file.short_rows).member("long_rows", file.long_rows);
    } else {
      out.member("layout", name_of(file.layout));
    }
    out.end_object();
  }
  out.end_array().end_object();
}

void describe(JsonWriter& out, const Services& services, const DatasetEntry& entry, bool columns) {
  out.begin_object().member("name", entry.source.name).member("source", entry.source.pattern);
  if (entry.error) {
    out.key("error")
        .begin_object()
        .member("code", name_of(entry.error->code))
        .member("message", entry.error->message)
        .end_object();
  }
  if (const auto share = entry.share_prepared()) {
    out.key("preparing").begin_object().member("share", *share).end_object();
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
    if (!dataset.left_out.empty()) {
      out.key("left_out").begin_array();
      for (const LeftOutFile& file : dataset.left_out) {
        out.begin_object().member("path", file.path).member("reason", file.reason).end_object();
      }
      out.end_array();
    }
    if (columns) {
      out.key("columns").begin_array();
      for (const DatasetColumn& column : dataset.columns) {
        out.begin_object().member("name", column.name).member("type", column.type);
        out.member("min", column.min ? Json(*column.min) : Json())
            .member("max", column.max ? Json(*column.max) : Json());
        out.member("null_count", column.null_count ? Json(*column.null_count) : Json()).end_object();
      }
      out.end_array().key("notes").begin_array();
      for (const std::string& note : dataset.notes) out.value(note);
      out.end_array();
      describe_reading(out, dataset, services.readings != nullptr && services.readings->is_set(entry.source));
      out.key("file_list").begin_array();
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
  for (const auto& [name, entry] : services.datasets.entries()) describe(out, services, entry, false);
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
  describe(out, services, found->second, true);
  Response response;
  response.body = out.take();
  // The object is complete; the metrics join it as its last member.
  response.body.pop_back();
  response.body += fmt::format(",\"performance_metrics\":{}}}", performance_metrics(request, "catalog").dump());
  co_await connection.respond(std::move(response));
}

// PUT: the files are read with the settings of the body; DELETE: as they were told to be. Answers as `detail`.
asio::awaitable<void> set_reading(Services services, Connection& connection, Request& request) {
  const std::string name = request.path_parameters["name"];
  Status status;
  if (request.method == "DELETE") {
    status = co_await services.readings->reset(name);
  } else {
    auto body = json_body(request, {"delimiter", "quote", "escape", "comment", "header", "encoding", "decimal",
                                    "date_format", "null_values", "types", "all_text"});
    auto settings = body ? text_settings_from_json(*body) : Result<TextSettings>(std::unexpected(body.error()));
    if (!settings) {
      status = std::unexpected(settings.error());
    } else {
      status = co_await services.readings->set(name, std::move(*settings));
    }
  }
  if (!status) {
    co_await connection.respond(problem_response(status.error(), request.path));
    co_return;
  }
  co_await detail(services, connection, request);
}

// What is known of the answer before it is there.
StreamHead rows_head(Services services, const RowsRequest& wanted) {
  StreamHead head{wanted.output.format, wanted.output.content_encoding, {}};
  const Selection& selection = wanted.selection;
  const std::vector<std::string> left_out = services.datasets.left_out_of(wanted.dataset, wanted.on_unreadable);
  add_left_out(head.headers, left_out);
  if (auto dataset = services.datasets.find(wanted.dataset);
      dataset && left_out.empty() && (*dataset)->rows >= 0 && selection.filter.is_null() && !selection.sample) {
    head.headers.emplace_back("X-Total-Rows", fmt::format("{}", (*dataset)->rows));
    head.headers.emplace_back("X-Total-Exact", "true");
  }
  return head;
}

asio::awaitable<void> stream_rows(Services services, Connection& connection, Request& request, RowsRequest wanted,
                                  StreamHead head) {
  OpenAnswer open = [&](CancelToken gone) { return services.queries.rows(std::move(wanted), gone); };
  co_await stream_answer(connection, request, services.queries, std::move(head), std::move(open));
}

asio::awaitable<void> rows(Services services, Connection& connection, Request& request) {
  auto wanted = rows_request_from(request, request.path_parameters["name"]);
  if (!wanted) {
    co_await connection.respond(problem_response(wanted.error(), request.path));
    co_return;
  }
  StreamHead head = rows_head(services, *wanted);
  co_await stream_rows(services, connection, request, std::move(*wanted), std::move(head));
}

// The name for the download: of the query, of the body, or the dataset's.
std::string wanted_filename(const Request& request, const RowsRequest& wanted) {
  std::string filename;
  if (const std::string* given = request.parameter("filename")) filename = *given;
  if (auto body = Json::parse(request.body); body && body->at("filename").is_string())
    filename = body->at("filename").as_string();
  return download_name(filename, wanted.dataset, wanted.output.format);
}

// At once, watched under ?job=, or as a job whose file is fetched later.
asio::awaitable<void> exported(Services services, Connection& connection, Request& request) {
  auto wanted = export_request_from(request, request.path_parameters["name"]);
  if (wanted && find_output_format(wanted->output.format) == nullptr) {
    wanted = fail(ErrorCode::InvalidData, fmt::format("Unknown format \"{}\".", wanted->output.format.substr(0, 64)));
  }
  if (!wanted) {
    co_await connection.respond(problem_response(wanted.error(), request.path));
    co_return;
  }
  const std::string filename = wanted_filename(request, *wanted);
  const std::string* token = request.parameter("job");
  if (request.method == "POST" && prefers_async(request)) {
    auto job =
        services.jobs.start(std::move(*wanted), token != nullptr ? std::optional(*token) : std::nullopt, filename);
    co_await respond_accepted(connection, request, services.jobs, std::move(job));
    co_return;
  }
  std::unique_ptr<JobStream> watched;
  if (token != nullptr && request.method != "HEAD") {
    auto job = services.jobs.watch(*wanted, *token);
    if (!job) {
      co_await connection.respond(problem_response(job.error(), request.path));
      co_return;
    }
    watched = std::move(*job);
    wanted->output.content_encoding.clear();  // the receipt is of the bytes of the file
  }
  StreamHead head = rows_head(services, *wanted);
  head.headers.emplace_back("Content-Disposition", content_disposition(filename, "", wanted->output.format));
  head.job = std::move(watched);
  co_await stream_rows(services, connection, request, std::move(*wanted), std::move(head));
}

}  // namespace

void add_dataset_routes(Router& router, Services services) {
  router.add({"GET", "/api/v1/datasets", {}},
             [services](Connection& connection, Request& request) { return list(services, connection, request); });
  router.add({"GET", "/api/v1/datasets/{name}", {}},
             [services](Connection& connection, Request& request) { return detail(services, connection, request); });
  for (const char* method : {"PUT", "DELETE"}) {
    router.add({method, "/api/v1/datasets/{name}/reading", {}}, [services](Connection& connection, Request& request) {
      return set_reading(services, connection, request);
    });
  }
  router.add({"GET", "/api/v1/datasets/{name}/rows", selection_parameter_names()},
             [services](Connection& connection, Request& request) { return rows(services, connection, request); });
  std::vector<std::string> names = selection_parameter_names();
  names.insert(names.end(), {"filename", "job"});
  for (const char* method : {"GET", "POST"}) {
    router.add({method, "/api/v1/datasets/{name}/export", names}, [services](Connection& connection, Request& request) {
      return exported(services, connection, request);
    });
  }
}

}  // namespace canvasback::http
