// GET /api/v1/backup: all collections as they are now, as a tar. While they are read nothing stops: records go on
// coming in, and weeks may be merged or moved.
#include "base/clock.hpp"
#include "base/text.hpp"
#include "service/collection/collection_backup.hpp"
#include "transport/http/connection/problem.hpp"
#include "transport/http/routes/routes.hpp"

namespace canvasback::http {
namespace {

asio::awaitable<void> backup(Services services, Connection& connection, Request& request) {
  auto opened = co_await CollectionBackup::open(*services.collections);
  if (!opened) {
    co_await connection.respond(problem_response(opened.error(), request.path));
    co_return;
  }
  CollectionBackup& source = **opened;
  // Before the first byte, so that what is wrong can be said.
  if (Status checked = co_await source.check(); !checked) {
    co_await connection.respond(problem_response(checked.error(), request.path));
    co_return;
  }
  Response response;
  response.content_type = "application/x-tar";
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"canvasback-backup.tar\"");
  response.headers.emplace_back("Cache-Control", "no-store");
  const bool begun = co_await connection.begin_stream(response, {});
  if (!begun) co_return;
  while (true) {
    auto piece = co_await source.next();
    if (!piece) {
      connection.abort();  // no client takes half for whole
      co_return;
    }
    if (piece->empty()) break;
    const bool sent = co_await connection.write_chunk(*piece);
    if (!sent) co_return;
  }
  co_await connection.end_stream({});
}

}  // namespace

void add_backup_routes(Router& router, Services services) {
  router.add({"GET", "/api/v1/backup", {}},
             [services](Connection& connection, Request& request) { return backup(services, connection, request); });
}

}  // namespace canvasback::http
