// Routes that take records: POST /ingest and /ingest/file. Small bodies are gathered with others into one commit; one
// that grows beyond kGatheredBytes is handed on as it comes and is a commit of its own.
#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "transport/http/connection/multipart.hpp"
#include "transport/http/connection/problem.hpp"
#include "transport/http/routes/ingest_answer.hpp"
#include "transport/http/routes/routes.hpp"

namespace canvasback::http {
namespace {

constexpr std::size_t kGatheredBytes = 1 * limits::kMiB;

// A request's body: as it is, or the file of a form.
class BodySource {
 public:
  BodySource(Connection& connection, std::optional<std::string> boundary) : connection_(connection) {
    if (boundary) form_.emplace(*boundary);
  }

  // The next bytes; empty behind the last.
  asio::awaitable<Result<std::string_view>> next() {
    using Out = Result<std::string_view>;
    if (!form_) {
      auto piece = co_await connection_.read_body();
      if (piece) bytes_ += piece->size();
      co_return piece;
    }
    while (true) {
      auto piece = co_await connection_.read_body();
      if (!piece) co_return piece;
      if (piece->empty()) {
        if (Status status = form_->finish(); !status) co_return Out(std::unexpected(status.error()));
        co_return piece;
      }
      content_.clear();
      if (Status status = form_->add(*piece, content_); !status) co_return Out(std::unexpected(status.error()));
      bytes_ += content_.size();
      if (!content_.empty()) co_return Out(std::string_view(content_));
    }
  }
  std::uint64_t bytes() const { return bytes_; }
  const MultipartReader* form() const { return form_ ? &*form_ : nullptr; }

 private:
  Connection& connection_;
  std::optional<MultipartReader> form_;
  std::string content_;
  std::uint64_t bytes_ = 0;
};

bool is_json(InputFormat format) { return format == InputFormat::Json || format == InputFormat::Ndjson; }

asio::awaitable<Result<IngestAnswer>> take_records(CollectionService& collections, Connection& connection,
                                                   IngestRequest& request, BodySource& body, JobStream* job,
                                                   std::string gathered = {}) {
  using Out = Result<IngestAnswer>;
  bool ended = false;
  while (!ended && gathered.size() < kGatheredBytes) {
    auto piece = co_await body.next();
    if (!piece) co_return Out(std::unexpected(piece.error()));
    if (job != nullptr) co_await job->take(*piece);
    gathered += *piece;
    ended = piece->empty();
    if (body.form() != nullptr && body.form()->begun() && gathered.size() == body.bytes()) {
      // What the file's own headers say is known with its first bytes.
      const MultipartReader& form = *body.form();
      if (Status status = add_format(request, form.content_type(), form.file_name()); !status) {
        co_return Out(std::unexpected(status.error()));
      }
    }
  }
  if (ended && is_json(request.format) && request.encoding.empty()) {
    co_return co_await collections.ingest().ingest(request, std::move(gathered));
  }
  auto place = co_await connection.uploads().take(connection);
  if (!place) co_return Out(std::unexpected(place.error()));
  auto stream = co_await collections.ingest().begin(request);
  if (!stream) co_return Out(std::unexpected(stream.error()));
  bool taken = co_await (*stream)->feed(gathered);
  gathered = {};
  while (taken && !ended) {
    auto piece = co_await body.next();
    if (!piece) co_return Out(std::unexpected(piece.error()));
    ended = piece->empty();
    if (job != nullptr) co_await job->take(*piece);
    if (!ended) taken = co_await (*stream)->feed(*piece);
    if (job != nullptr) job->set_rows((*stream)->records());
  }
  co_return co_await (*stream)->finish();
}

asio::awaitable<void> ingest(Services services, Connection& connection, Request& request, bool may_be_form) {
  auto wanted = ingest_request_from(request);
  auto boundary = multipart_boundary(request.header("content-type"));
  if (wanted && boundary && (!may_be_form || boundary->empty())) {
    wanted = fail(ErrorCode::UnsupportedMediaType, "This route takes no multipart/form-data, or it has no boundary.");
  }
  if (!wanted) {
    co_await connection.respond(problem_response(wanted.error(), request.path));
    co_return;
  }
  std::unique_ptr<JobStream> job;
  if (const std::string* token = request.parameter("job")) {
    auto watched = services.jobs.watch_upload(wanted->collection, std::string(name_of(wanted->format)), *token);
    if (!watched) {
      co_await connection.respond(problem_response(watched.error(), request.path));
      co_return;
    }
    job = std::move(*watched);
    job->set_on_cancel([&connection] { connection.abort(); });
  }
  BodySource body(connection, std::move(boundary));
  auto answer = co_await take_records(*services.collections, connection, *wanted, body, job.get());
  if (job && answer) job->finish(answer->records);
  if (job && !answer) job->fail(answer.error());
  if (!answer) {
    co_await connection.respond(ingest_problem(answer.error(), request.path));
    co_return;
  }
  co_await connection.respond(
      ingest_response(*wanted, *answer, body.bytes(), services.collections->sync_each_commit()));
}

}  // namespace

asio::awaitable<Result<IngestAnswer>> take_body(CollectionService& collections, Connection& connection,
                                                IngestRequest& request, std::string begun, std::uint64_t& bytes) {
  BodySource body(connection, std::nullopt);
  const std::uint64_t before = begun.size();
  auto answer = co_await take_records(collections, connection, request, body, nullptr, std::move(begun));
  bytes = before + body.bytes();
  co_return answer;
}

Result<IngestRequest> ingest_request_from(const Request& request) {
  IngestRequest out;
  out.received_ns = request.received_ns;
  if (const std::string* name = request.parameter("collection")) out.collection = *name;
  if (const std::string* on_error = request.parameter("on_error")) {
    if (*on_error != "reject" && *on_error != "quarantine") {
      return fail(ErrorCode::InvalidData, "on_error must be reject or quarantine.");
    }
    out.quarantine = *on_error == "quarantine";
  }
  if (const std::string* cast = request.parameter("cast")) {
    if (*cast != "true" && *cast != "false") return fail(ErrorCode::InvalidData, "cast must be true or false.");
    out.cast = *cast == "true";
  }
  if (const std::string* mode = request.parameter("on_conflict")) {
    // "refuse" is the earlier name of "reject".
    if (*mode != "reject" && *mode != "refuse" && *mode != "update" && *mode != "ignore") {
      return fail(ErrorCode::InvalidData, "on_conflict must be reject, update or ignore.");
    }
    out.on_conflict = *mode == "update"   ? OnConflict::Update
                      : *mode == "ignore" ? OnConflict::Ignore
                                          : OnConflict::Refuse;
  }
  out.key = request.header("idempotency-key");
  const std::string encoding = lower(trim(request.header("content-encoding")));
  if (encoding == "gzip" || encoding == "zstd") {
    out.encoding = encoding;
  } else if (!encoding.empty() && encoding != "identity") {
    return fail(ErrorCode::UnsupportedMediaType, "A body may be compressed with gzip or zstd.");
  }
  if (const std::string* format = request.parameter("format")) {
    const auto known = input_format_from(*format);
    if (!known) return fail(ErrorCode::InvalidData, "format is json, ndjson, csv, parquet or arrow.");
    out.format = *known;
  } else if (!multipart_boundary(request.header("content-type"))) {
    CANVASBACK_TRY(add_format(out, request.header("content-type"), {}));
  }
  return out;
}

Status add_format(IngestRequest& request, std::string_view media_type, std::string_view file_name) {
  const std::string name = lower(file_name);
  if (request.encoding.empty() && name.ends_with(".gz")) request.encoding = "gzip";
  if (request.encoding.empty() && name.ends_with(".zst")) request.encoding = "zstd";
  if (const auto by_name = input_format_of_file_name(file_name)) {
    request.format = *by_name;
    return {};
  }
  const std::string type = lower(trim(media_type.substr(0, media_type.find(';'))));
  if (const auto by_type = input_format_of_media_type(type)) {
    request.format = *by_type;
    return {};
  }
  if (type.empty() || type == "application/octet-stream" || type == "text/plain") return {};  // JSON, or not: it shows
  return fail(ErrorCode::UnsupportedMediaType,
              fmt::format("Records come as JSON, NDJSON, CSV, Parquet or Arrow, not as {}.", type.substr(0, 64)));
}

Response ingest_response(const IngestRequest& request, const IngestAnswer& answer, std::uint64_t bytes, bool synced) {
  const double duration_ms = static_cast<double>(monotonic_ns() - request.received_ns) / 1e6;
  JsonWriter out;
  out.begin_object().member("records_processed", answer.records).member("quarantined", answer.quarantined);
  out.member("collection", request.collection);
  out.member("commit", answer.commit > 0 ? Json(answer.commit) : Json());
  out.member("repeated", answer.repeated).member("durability", synced ? "commit" : "interval");
  out.member("errors", answer.errors.is_array() ? answer.errors : Json(Json::Array{}));
  out.key("performance_metrics").begin_object().member("duration_ms", duration_ms);
  out.member("queue_ms", answer.queue_ms).member("work_ms", answer.work_ms).member("sync_ms", answer.sync_ms);
  out.member("throughput_rps", duration_ms > 0 ? static_cast<double>(answer.records) / duration_ms * 1000 : 0.0);
  out.member("rows", answer.records).member("bytes", bytes).member("method", "simdjson_arrow_parquet");
  out.member("memory_usage_mb", answer.memory_usage_mb).end_object().end_object();
  Response response;
  response.body = out.take();
  return response;
}

Response ingest_problem(const Error& error, const std::string& path) {
  Error plain = error;
  auto errors = Json::parse(error.detail);
  const bool has_errors = errors && errors->is_array();
  if (has_errors) plain.detail.clear();
  Response response = problem_response(plain, path);
  if (has_errors) {
    response.body.pop_back();
    response.body += ",\"errors\":" + errors->dump() + "}";
  }
  return response;
}

void add_ingest_routes(Router& router, Services services) {
  const auto add = [&](const char* pattern, bool may_be_form) {
    RouteInfo info{"POST", pattern, {"collection", "on_error", "format", "cast", "on_conflict"}};
    if (may_be_form) info.parameters.emplace_back("job");
    info.takes_stream = true;
    router.add(std::move(info), [services, may_be_form](Connection& connection, Request& request) {
      return ingest(services, connection, request, may_be_form);
    });
  };
  add("/ingest", false);
  add("/ingest/file", true);
}

}  // namespace canvasback::http
