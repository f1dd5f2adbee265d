#include "transport/http/routes/job_answer.hpp"

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/format_names.hpp"
#include "base/json_time.hpp"
#include "base/text.hpp"
#include "transport/http/connection/problem.hpp"

namespace canvasback::http {
namespace {

std::string path_of(const Job& job) { return "/api/v1/jobs/" + percent_encode(job.spec.id); }

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

void write_receipt(JsonWriter& out, const Job& job) {
  out.key("receipt");
  if (!job.receipt) {
    out.null();
    return;
  }
  out.begin_object().member("rows", job.receipt->rows).member("bytes", job.receipt->bytes);
  out.member("sha256", job.receipt->sha256).end_object();
}

void write_file(JsonWriter& out, const Job& job, const JobView& view) {
  out.key("file");
  if (job.path.empty()) {
    out.null();
    return;
  }
  out.begin_object().member("href", path_of(job) + "/file").member("filename", job.spec.filename);
  out.member("bytes", job.receipt->bytes).member("until", iso_time(view.file_until_us)).end_object();
}

void write_error(JsonWriter& out, const Job& job) {
  out.key("error");
  if (!job.error) {
    out.null();
    return;
  }
  out.begin_object().member("code", name_of(job.error->code)).member("message", message_of(*job.error));
  out.member("position", job.error->position ? Json(*job.error->position) : Json()).end_object();
}

}  // namespace

bool prefers_async(const Request& request) {
  for (const std::string& part : split(request.header("prefer"), ',')) {
    if (lower(trim(std::string_view(part).substr(0, part.find(';')))) == "respond-async") return true;
  }
  return false;
}

std::string job_document(JobService& jobs, Job& job) {
  const JobView view = jobs.view(job);
  JsonWriter out;
  out.begin_object().member("id", job.spec.id).member("state", name_of(job.state));
  out.member("delivery", name_of(job.spec.delivery)).member("kind", job.spec.kind);
  out.member("text", job.spec.text).member("format", job.spec.format);
  out.member("created", iso_time(job.created_us)).member("started", time_or_null(job.started_us));
  out.member("ended", time_or_null(job.ended_us));
  out.member("rows_done", job.rows).member("rows_total", or_null(job.rows_total)).member("bytes", job.bytes);
  out.member("share", job.share >= 0 ? Json(job.share) : Json());
  out.member("rows_per_second", or_null(view.rows_per_second));
  out.member("bytes_per_second", or_null(view.bytes_per_second)).member("eta_s", or_null(view.seconds_left));
  write_receipt(out, job);
  write_file(out, job, view);
  out.member("result", job.result);
  write_error(out, job);
  out.end_object();
  return out.take();
}

asio::awaitable<void> respond_accepted(Connection& connection, const Request& request, JobService& jobs,
                                       Result<std::shared_ptr<Job>> job) {
  if (!job) {
    co_await connection.respond(problem_response(job.error(), request.path));
    co_return;
  }
  Response response;
  response.status = 202;
  response.headers.emplace_back("Location", path_of(**job));
  response.headers.emplace_back("Preference-Applied", "respond-async");
  response.body = job_document(jobs, **job);
  co_await connection.respond(std::move(response));
}

}  // namespace canvasback::http
