#include "transport/http/routes/document_answer.hpp"

namespace canvasback::http {

Json performance_metrics(const Request& request, std::string_view method) {
  Json out;
  out.set("duration_ms", request.elapsed_ms());
  out.set("method", method);
  return out;
}

asio::awaitable<void> respond_document(Connection& connection, const Request& request, Json document,
                                       std::string_view method, int status) {
  document.set("performance_metrics", performance_metrics(request, method));
  Response response;
  response.status = status;
  response.body = document.dump();
  co_await connection.respond(std::move(response));
}

}  // namespace canvasback::http
