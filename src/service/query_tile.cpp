// The part of QueryService that draws tiles.
#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/limits.hpp"
#include "service/query_service.hpp"
#include "service/request_checks.hpp"

namespace canvasback {

Result<std::string> QueryService::tile_tag(const TileRequest& request) const {
  CANVASBACK_ASSIGN(auto dataset, datasets_.find(request.dataset));
  CANVASBACK_TRY(check_common(request.format, request.compression, request.timeout_ms));
  CANVASBACK_TRY(check_selection(request.selection, *dataset));
  CANVASBACK_TRY(check_tile(request.tile, *dataset));
  return sha256_hex(fmt::format("tile\n{}\n{}\n{}\n{}", dataset->version, dataset->name, to_json(request.tile).dump(),
                                to_json(request.selection).dump()));
}

asio::awaitable<Result<std::unique_ptr<Answer>>> QueryService::tile(TileRequest request, CancelToken gone) {
  using Out = Result<std::unique_ptr<Answer>>;
  if (auto tag = tile_tag(request); !tag) co_return Out(std::unexpected(tag.error()));
  auto dataset = datasets_.find(request.dataset);
  if (!dataset) co_return Out(std::unexpected(dataset.error()));
  std::vector<std::shared_ptr<const Dataset>> datasets(1, *dataset);
  Task task;
  task.kind = TaskKind::Tile;
  task.dataset = request.dataset;
  task.selection = std::move(request.selection);
  task.tile = std::move(request.tile);
  task.format = request.format;
  task.compression = request.compression;
  task.content_encoding = request.content_encoding;
  task.numbers_exact = request.numbers_exact;
  task.timeout_ms = request.timeout_ms;
  task.received_ns = request.received_ns;
  RunningQuery entry{0, "tile", request.dataset, request.format, 0, "waiting", nullptr, gone};
  co_return co_await run(std::move(task), std::move(datasets), Lane::General, std::move(entry));
}

asio::awaitable<Result<ProfileAnswer>> QueryService::tile_picture(TileRequest request, CancelToken gone) {
  using Out = Result<ProfileAnswer>;
  request.tile.picture = true;
  const auto key = tile_tag(request);
  if (!key) co_return Out(std::unexpected(key.error()));
  const std::int64_t received_ns = request.received_ns;
  if (auto known = profiles_.find(*key)) {
    ProfileAnswer out{std::move(known), {}};
    out.metrics.set("duration_ms", static_cast<double>(monotonic_ns() - received_ns) / 1e6);
    out.metrics.set("bytes", static_cast<std::uint64_t>(out.bytes->size()));
    out.metrics.set("method", "cached_tile");
    co_return out;
  }
  auto answer = co_await tile(std::move(request), gone);
  if (!answer) co_return Out(std::unexpected(answer.error()));
  std::string bytes;
  while (true) {
    TaskEvent event = co_await (*answer)->next();
    if (event.kind == TaskEvent::Kind::Failed) co_return Out(std::unexpected(event.error));
    if (event.kind == TaskEvent::Kind::Data) bytes += event.bytes;  // a picture's size is bounded by the tile's
    if (event.kind != TaskEvent::Kind::Done) continue;
    ProfileAnswer out{std::make_shared<const std::string>(std::move(bytes)), event.info.at("metrics")};
    profiles_.put(*key, out.bytes);
    co_return out;
  }
}

}  // namespace canvasback
