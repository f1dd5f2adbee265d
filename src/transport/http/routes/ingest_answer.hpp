// What the routes that take records share: their parameters as a request of the collection service, and its answers.
#pragma once

#include <string>

#include "service/collection/collection_service.hpp"
#include "transport/http/connection/connection.hpp"

namespace canvasback::http {

// collection, on_error, format and the headers Content-Type, Content-Encoding and Idempotency-Key. Errors: InvalidData,
// UnsupportedMediaType.
Result<IngestRequest> ingest_request_from(const Request& request);

// The format and encoding that a media type and a file name tell; the file name counts where the type says little.
Status add_format(IngestRequest& request, std::string_view media_type, std::string_view file_name);

// A body of records as it comes: small ones wait for others, larger ones are commits of their own. `begun`: what was
// read of it already; `bytes` counts all of it.
asio::awaitable<Result<IngestAnswer>> take_body(CollectionService& collections, Connection& connection,
                                                IngestRequest& request, std::string begun, std::uint64_t& bytes);

// 200 with records_processed, commit, …, performance_metrics.
Response ingest_response(const IngestRequest& request, const IngestAnswer& answer, std::uint64_t bytes, bool synced);
// A problem; of refused records with `errors`.
Response ingest_problem(const Error& error, const std::string& path);

}  // namespace canvasback::http
