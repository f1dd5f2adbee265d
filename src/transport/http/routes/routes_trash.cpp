// Collections that are deleted, renamed or emptied, and the trash they lie in: DELETE /api/v1/collections/{name}, POST
// …/rename and …/empty, GET /api/v1/trash, DELETE and POST …/restore of its entries.
#include <fmt/format.h>

#include "base/text_list.hpp"
#include "service/collection/trash_service.hpp"
#include "transport/http/connection/problem.hpp"
#include "transport/http/routes/document_answer.hpp"
#include "transport/http/routes/routes.hpp"
#include "transport/http/routes/selection_parameters.hpp"

namespace canvasback::http {
namespace {

using Document = Result<Json>;
using Work = asio::awaitable<Document> (*)(TrashService& trash, const Request& request);

Document document_of(Result<TrashEntry> entry) {
  if (!entry) return std::unexpected(entry.error());
  return to_json(*entry);
}

asio::awaitable<Document> remove(TrashService& trash, const Request& request) {
  co_return document_of(co_await trash.remove(request.path_parameters.at("name")));
}

asio::awaitable<Document> empty(TrashService& trash, const Request& request) {
  co_return document_of(co_await trash.empty(request.path_parameters.at("name")));
}

asio::awaitable<Document> rename(TrashService& trash, const Request& request) {
  auto body = json_body(request, {"name"});
  if (!body) co_return Document(std::unexpected(body.error()));
  if (!body->at("name").is_string()) {
    co_return Document(fail(ErrorCode::InvalidData, "The body must have \"name\", the new name, as a string."));
  }
  const std::string name(body->at("name").as_string());
  Status renamed = co_await trash.rename(request.path_parameters.at("name"), name);
  if (!renamed) co_return Document(std::unexpected(renamed.error()));
  Json out;
  out.set("name", name);
  co_return out;
}

asio::awaitable<Document> list(TrashService& trash, const Request&) {
  auto entries = co_await trash.list();
  if (!entries) co_return Document(std::unexpected(entries.error()));
  Json items = Json::Array{};
  for (const TrashEntry& entry : *entries) items.push(to_json(entry));
  Json out;
  out.set("entries", std::move(items));
  co_return out;
}

asio::awaitable<Document> restore(TrashService& trash, const Request& request) {
  auto restored = co_await trash.restore(request.path_parameters.at("id"));
  if (!restored) co_return Document(std::unexpected(restored.error()));
  Json out = to_json(restored->entry);
  out.set("superseded", restored->superseded);
  out.set("problems", text_list(restored->problems));
  co_return out;
}

asio::awaitable<Document> purge(TrashService& trash, const Request& request) {
  Status purged = co_await trash.purge(request.path_parameters.at("id"));
  if (!purged) co_return Document(std::unexpected(purged.error()));
  Json out;
  out.set("id", request.path_parameters.at("id"));
  co_return out;
}

asio::awaitable<void> answer(Services services, Connection& connection, Request& request, Work work) {
  auto document = co_await work(services.collections->trash(), request);
  if (!document) {
    co_await connection.respond(problem_response(document.error(), request.path));
    co_return;
  }
  co_await respond_document(connection, request, std::move(*document), "trash");
}

}  // namespace

void add_trash_routes(Router& router, Services services) {
  const auto add = [&](const char* method, const char* pattern, Work work) {
    router.add({method, pattern, {}}, [services, work](Connection& connection, Request& request) {
      return answer(services, connection, request, work);
    });
  };
  add("DELETE", "/api/v1/collections/{name}", remove);
  add("POST", "/api/v1/collections/{name}/rename", rename);
  add("POST", "/api/v1/collections/{name}/empty", empty);
  add("GET", "/api/v1/trash", list);
  add("DELETE", "/api/v1/trash/{id}", purge);
  add("POST", "/api/v1/trash/{id}/restore", restore);
}

}  // namespace canvasback::http
