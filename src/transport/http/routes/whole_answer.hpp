// An answer of a worker read to its end before anything is sent: for routes whose status or document depends on it.
#pragma once

#include <string>

#include "service/query/query_service.hpp"
#include "transport/http/connection/connection.hpp"

namespace canvasback::http {

struct WholeAnswer {
  std::string body;
  Json metrics;  // rows, duration_ms, …
};

// Of at most limits::kProfileBytesMax. Errors: those of the task; PayloadTooLarge.
asio::awaitable<Result<WholeAnswer>> whole_answer(QueryService& queries, Connection& connection, SqlRunRequest run);
asio::awaitable<Result<WholeAnswer>> whole_answer(QueryService& queries, Connection& connection, RowsRequest rows);

// The JSON text of the first element of the array "data" of a document made with row_objects; empty: it has none.
std::string_view first_of_data(std::string_view document);

}  // namespace canvasback::http
