#include "service/query/tile_service.hpp"

#include <fmt/format.h>

#include "base/hash.hpp"
#include "service/query/request_checks.hpp"

namespace canvasback {

Result<std::string> TileService::tag(const TileRequest& request) const {
  CANVASBACK_ASSIGN(auto dataset, datasets_.find(request.dataset, request.on_unreadable));
  CANVASBACK_TRY(check_common(request.output, request.context));
  CANVASBACK_TRY(check_selection(request.selection, *dataset));
  CANVASBACK_TRY(check_tile(request.tile, *dataset));
  const auto left_out = datasets_.left_out_of(request.dataset, request.on_unreadable);
  return sha256_hex(fmt::format("tile\n{}\n{}\n{}\n{}\n{}", dataset->version, dataset->name,
                                to_json(request.tile).dump(), to_json(request.selection).dump(),
                                fmt::join(left_out, "\n")));
}

asio::awaitable<Result<std::unique_ptr<Answer>>> TileService::cells(TileRequest request, CancelToken gone) {
  using Out = Result<std::unique_ptr<Answer>>;
  if (!tag(request)) co_await datasets_.look_if_few(request.dataset);  // it may be right by now
  if (auto known = tag(request); !known) co_return Out(std::unexpected(known.error()));
  auto dataset = datasets_.find(request.dataset, request.on_unreadable);
  if (!dataset) co_return Out(std::unexpected(dataset.error()));
  std::vector<std::shared_ptr<const Dataset>> datasets(1, *dataset);
  TileWork work{request.dataset, std::move(request.tile), std::move(request.selection)};
  Task task = task_of(std::move(work), request.context, request.output);
  task.files.left_out = datasets_.left_out_of(request.dataset, request.on_unreadable);
  RunningQuery entry{0, "tile", request.dataset, request.output.format, 0, "waiting", nullptr, gone};
  entry.on_unreadable = request.on_unreadable;
  co_return co_await queries_.run(std::move(task), std::move(datasets), Lane::General, std::move(entry));
}

asio::awaitable<Result<CachedAnswer>> TileService::picture(TileRequest request, CancelToken gone) {
  using Out = Result<CachedAnswer>;
  request.tile.picture = true;
  co_await datasets_.look_if_few(request.dataset);
  const auto key = tag(request);
  if (!key) co_return Out(std::unexpected(key.error()));
  if (auto known = answers_.find(*key, request.context.received_ns, "cached_tile")) co_return Out(std::move(*known));
  auto answer = co_await cells(std::move(request), gone);
  if (!answer) co_return Out(std::unexpected(answer.error()));
  co_return co_await answers_.read(std::move(*answer), *key, "The picture is too large.");
}

}  // namespace canvasback
