#include "transport/http/routes/stream_answer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error_log.hpp"
#include "base/format_names.hpp"
#include "base/log.hpp"
#include "transport/http/connection/problem.hpp"

namespace canvasback::http {
namespace {

constexpr const char* kTrailerNames = "Server-Timing, X-Performance-Metrics";

Headers trailers_of(const Json& done) {
  const Json& metrics = done.at("metrics");
  return {{"Server-Timing", server_timing(metrics)}, {"X-Performance-Metrics", metrics.dump()}};
}

void add_totals(Headers& headers, const Json& info) {
  if (!info.at("total_rows").is_integer()) return;
  headers.emplace_back("X-Total-Rows", fmt::format("{}", info.at("total_rows").as_int()));
  const auto told = std::ranges::find(headers, "X-Total-Exact", [](const auto& header) { return header.first; });
  if (told != headers.end()) return;
  headers.emplace_back("X-Total-Exact", info.at("total_exact").as_bool() ? "true" : "false");
}

// What the worker says at the end goes to the job that watches, if there is one.
void finish(JobStream* job, const Json& done) {
  if (job != nullptr) job->finish(done.at("metrics").at("rows").as_int());
}

asio::awaitable<void> pump(Connection& connection, Answer& answer, Response head, TaskEvent event, JobStream* job) {
  bool begun = false;
  while (true) {
    if (job != nullptr && event.kind == TaskEvent::Kind::Data) co_await job->take(event.bytes);
    switch (event.kind) {
      case TaskEvent::Kind::Head: add_totals(head.headers, event.info); break;
      case TaskEvent::Kind::Data:
        if (!begun && event.last) {
          // The whole answer is here and what its end says, so the metrics can go in front of it.
          for (auto& header : trailers_of(event.info)) head.headers.push_back(std::move(header));
          const auto release = [&answer] { answer.release(); };
          if (co_await connection.respond_lent(head, event.bytes, release)) finish(job, event.info);
          co_return;
        }
        if (!begun) {
          if (!co_await connection.begin_stream(head, kTrailerNames)) co_return;
          answer.set_on_cut([&connection] { connection.abort(); });
          // From here on there is no other way to say that it was cancelled, and a client that does not read must not
          // hold it up.
          if (job != nullptr) job->set_on_cancel([&connection] { connection.abort(); });
        }
        begun = true;
        if (!co_await connection.write_chunk(event.bytes)) {
          answer.cancel(CancelReason::Client);
          co_return;
        }
        break;
      case TaskEvent::Kind::Done:
        if (begun) {
          if (co_await connection.end_stream(trailers_of(event.info))) finish(job, event.info);
        } else {
          for (auto& header : trailers_of(event.info)) head.headers.push_back(std::move(header));
          if (co_await connection.respond_view(head, {})) finish(job, event.info);
        }
        co_return;
      case TaskEvent::Kind::Failed:
        if (job != nullptr) job->fail(event.error);
        if (begun) {
          log::warning("an answer broke off: {}", for_log(event.error));
          connection.abort();
        } else {
          co_await connection.respond(problem_response(event.error, {}));
        }
        co_return;
    }
    event = co_await answer.next();
  }
}

}  // namespace

std::string server_timing(const Json& metrics) {
  std::string out;
  for (const auto& [name, key] :
       {std::pair{"queue", "queue_ms"}, {"engine", "engine_ms"}, {"encode", "encode_ms"}, {"total", "duration_ms"}}) {
    out += fmt::format("{}{};dur={}", out.empty() ? "" : ", ", name, metrics.at(key).as_double());
  }
  return out;
}

asio::awaitable<void> stream_answer(Connection& connection, const Request& request, QueryService& queries,
                                    StreamHead head, OpenAnswer open) {
  // From here on a client that leaves ends its task, whether that waits, runs or sends.
  connection.set_on_gone([&queries] { queries.cancel_gone(); });
  auto opened = co_await open(connection.gone());
  if (!opened) {
    if (head.job) head.job->fail(opened.error());
    co_await connection.respond(problem_response(opened.error(), request.path));
    co_return;
  }
  Answer& answer = **opened;
  Response response;
  const OutputFormat* format = find_output_format(head.format);
  response.content_type = format->media_type;
  response.headers = std::move(head.headers);
  if (!head.content_encoding.empty()) response.headers.emplace_back("Content-Encoding", head.content_encoding);
  if (format->compressible) response.headers.emplace_back("Vary", "Accept, Accept-Encoding");
  TaskEvent first = co_await answer.next();
  co_await pump(connection, answer, std::move(response), std::move(first), head.job.get());
  connection.set_on_gone(nullptr);
}

}  // namespace canvasback::http
