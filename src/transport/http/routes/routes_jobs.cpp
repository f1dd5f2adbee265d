// Routes of jobs: what they are doing, as documents and as events; their files; cancel and forget.
#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/format_names.hpp"
#include "base/limits.hpp"
#include "transport/http/connection/byte_range.hpp"
#include "transport/http/connection/problem.hpp"
#include "transport/http/routes/job_answer.hpp"
#include "transport/http/routes/routes.hpp"
#include "transport/http/routes/selection_parameters.hpp"

namespace canvasback::http {
namespace {

// Of the last event: whoever has seen it has seen all.
constexpr std::string_view kLastEventId = "end";

asio::awaitable<void> list_jobs(Services services, Connection& connection) {
  std::string body = "{\"jobs\":[";
  bool first = true;
  for (const auto& job : services.jobs.jobs()) {
    if (!std::exchange(first, false)) body += ',';
    body += job_document(services.jobs, *job);
  }
  Response response;
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body = body + "]}";
  co_await connection.respond(std::move(response));
}

asio::awaitable<void> job_detail(Services services, Connection& connection, Request& request) {
  auto job = services.jobs.find(request.path_parameters["id"]);
  if (!job) {
    co_await connection.respond(problem_response(job.error(), request.path));
    co_return;
  }
  Response response;
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body = job_document(services.jobs, **job);
  co_await connection.respond(std::move(response));
}

asio::awaitable<void> remove_job(Services services, Connection& connection, Request& request) {
  if (Status status = services.jobs.remove(request.path_parameters["id"]); !status) {
    co_await connection.respond(problem_response(status.error(), request.path));
    co_return;
  }
  Response response;
  response.status = 204;
  co_await connection.respond(std::move(response));
}

// One event until the job has ended, at most every limits::kJobEventPeriod; a job that waits is told about only when
// something changed, and a comment keeps the connection alive meanwhile.
asio::awaitable<void> send_events(Services services, Connection& connection, Job& job, asio::steady_timer& timer) {
  std::uint64_t number = 0;
  std::string last;
  std::int64_t sent_ns = monotonic_ns();
  while (true) {
    std::string document = job_document(services.jobs, job);
    if (has_ended(job.state)) {
      co_await connection.write_chunk(fmt::format("id: {}\nevent: end\ndata: {}\n\n", kLastEventId, document));
      co_return;
    }
    const bool quiet = std::chrono::nanoseconds(monotonic_ns() - sent_ns) < limits::kJobHeartbeat;
    std::string text;
    if (document != last) {
      text = fmt::format("id: {}\nevent: progress\ndata: {}\n\n", number++, document);
      last = std::move(document);
    } else if (!quiet) {
      text = ": still here\n\n";
    }
    if (!text.empty()) {
      sent_ns = monotonic_ns();
      if (!co_await connection.write_chunk(text)) co_return;
    }
    timer.expires_after(limits::kJobEventPeriod);
    co_await timer.async_wait(kAwait);
    if (connection.gone().cancelled()) co_return;
  }
}

asio::awaitable<void> events(Services services, Connection& connection, Request& request) {
  auto job = services.jobs.find(request.path_parameters["id"]);
  if (!job) {
    co_await connection.respond(problem_response(job.error(), request.path));
    co_return;
  }
  Response response;
  if (has_ended((*job)->state) && request.header("last-event-id") == kLastEventId) {
    // A browser asks again whenever the events end, until it gets this.
    response.status = 204;
    co_await connection.respond(std::move(response));
    co_return;
  }
  response.content_type = "text/event-stream";
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("X-Accel-Buffering", "no");
  if (!co_await connection.begin_stream(response, {})) co_return;
  asio::steady_timer timer(co_await asio::this_coro::executor);
  connection.set_on_gone([&timer] { timer.cancel(); });
  if (co_await connection.write_chunk(fmt::format("retry: {}\n\n", 1000))) {
    co_await send_events(services, connection, **job, timer);
  }
  connection.set_on_gone(nullptr);
  co_await connection.end_stream({});
}

asio::awaitable<void> send_bytes(Connection& connection, JobReader& reader, Response head, ByteRange range) {
  if (!co_await connection.begin_sized(head, range.bytes)) co_return;
  while (range.bytes > 0) {
    auto piece = co_await reader.read(range.first, range.bytes);
    if (!piece) {
      connection.abort();
      co_return;
    }
    if (!co_await connection.write_chunk(*piece)) co_return;
    range.first += piece->size();
    range.bytes -= piece->size();
  }
}

asio::awaitable<void> file(Services services, Connection& connection, Request& request) {
  auto opened = services.jobs.open_file(request.path_parameters["id"]);
  if (!opened) {
    co_await connection.respond(problem_response(opened.error(), request.path));
    co_return;
  }
  JobReader& reader = **opened;
  const Job& job = reader.job();
  const std::string tag = fmt::format("\"{}\"", job.receipt->sha256);
  Response response;
  const OutputFormat* format = find_output_format(job.spec.format);
  response.content_type =
      format != nullptr ? std::string(format->media_type) : "application/x-" + job.spec.format;  // tar
  response.headers = {{"ETag", tag}, {"Accept-Ranges", "bytes"}, {"Cache-Control", "private, no-cache"}};
  if (names_tag(request.header("if-none-match"), tag)) {
    response.status = 304;
    co_await connection.respond(std::move(response));
    co_return;
  }
  response.headers.emplace_back("Content-Disposition", content_disposition(job.spec.filename, "", job.spec.format));
  const std::uint64_t size = job.receipt->bytes;
  const std::string_view unchanged = request.header("if-range");
  // The rest of another file is of no use to who has the start of this one.
  const bool same = unchanged.empty() || unchanged == tag;
  auto range = byte_range_of(same ? request.header("range") : std::string_view(), size);
  if (!range) {
    Response problem = problem_response(range.error(), request.path);
    problem.headers.emplace_back("Content-Range", fmt::format("bytes */{}", size));
    co_await connection.respond(std::move(problem));
    co_return;
  }
  if (*range) {
    response.status = 206;
    response.headers.emplace_back(
        "Content-Range", fmt::format("bytes {}-{}/{}", (*range)->first, (*range)->first + (*range)->bytes - 1, size));
  }
  co_await send_bytes(connection, reader, std::move(response), range->value_or(ByteRange{0, size}));
}

}  // namespace

void add_job_routes(Router& router, Services services) {
  router.add({"GET", "/api/v1/jobs", {}},
             [services](Connection& connection, Request&) { return list_jobs(services, connection); });
  router.add({"GET", "/api/v1/jobs/{id}", {}}, [services](Connection& connection, Request& request) {
    return job_detail(services, connection, request);
  });
  router.add({"DELETE", "/api/v1/jobs/{id}", {}}, [services](Connection& connection, Request& request) {
    return remove_job(services, connection, request);
  });
  router.add({"GET", "/api/v1/jobs/{id}/events", {}},
             [services](Connection& connection, Request& request) { return events(services, connection, request); });
  router.add({"GET", "/api/v1/jobs/{id}/file", {}},
             [services](Connection& connection, Request& request) { return file(services, connection, request); });
}

}  // namespace canvasback::http
