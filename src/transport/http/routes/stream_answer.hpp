// An Answer of the query service as an HTTP answer: Content-Length and Server-Timing where it is complete at once,
// else chunks with the metrics as trailers. An error before the first byte is a problem+json; one after it cuts the
// connection, so that a client never takes half an answer for a whole one.
#pragma once

#include <functional>
#include <string>

#include "service/job/job_service.hpp"
#include "service/query/query_service.hpp"
#include "transport/http/connection/connection.hpp"

namespace canvasback::http {

using OpenAnswer = std::function<asio::awaitable<Result<std::unique_ptr<Answer>>>(CancelToken gone)>;

struct StreamHead {
  std::string format;            // of base/format_names.hpp
  std::string content_encoding;  // gzip, zstd or empty
  Headers headers;
  std::unique_ptr<JobStream> job = {};  // watches the answer; nullptr: nobody does
};

asio::awaitable<void> stream_answer(Connection& connection, const Request& request, QueryService& queries,
                                    StreamHead head, OpenAnswer open);

// "queue;dur=0.1, engine;dur=2.0, …" from a worker's metrics.
std::string server_timing(const Json& metrics);

}  // namespace canvasback::http
