// The part of QueryService that draws tiles.
#include <fmt/format.h>

#include "base/hash.hpp"
#include "service/query/query_service.hpp"
#include "service/query/request_checks.hpp"

namespace canvasback {

Result<std::string> QueryService::tile_tag(const TileRequest& request) const {
  CANVASBACK_ASSIGN(auto dataset, datasets_.find(request.dataset));
  CANVASBACK_TRY(check_common(request.output, request.context));
  CANVASBACK_TRY(check_selection(request.selection, *dataset));
  CANVASBACK_TRY(check_tile(request.tile, *dataset));
  return sha256_hex(fmt::format("tile\n{}\n{}\n{}\n{}", dataset->version, dataset->name, to_json(request.tile).dump(),
                                to_json(request.selection).dump()));
}

asio::awaitable<Result<std::unique_ptr<Answer>>> QueryService::tile(TileRequest request, CancelToken gone) {
  using Out = Result<std::unique_ptr<Answer>>;
  if (!tile_tag(request)) co_await datasets_.look_if_few(request.dataset);  // it may be right by now
  if (auto tag = tile_tag(request); !tag) co_return Out(std::unexpected(tag.error()));
  auto dataset = datasets_.find(request.dataset);
  if (!dataset) co_return Out(std::unexpected(dataset.error()));
  std::vector<std::shared_ptr<const Dataset>> datasets(1, *dataset);
  TileWork work{request.dataset, std::move(request.tile), std::move(request.selection)};
  Task task = task_of(std::move(work), request.context, request.output);
  RunningQuery entry{0, "tile", request.dataset, request.output.format, 0, "waiting", nullptr, gone};
  co_return co_await run(std::move(task), std::move(datasets), Lane::General, std::move(entry));
}

asio::awaitable<Result<ProfileAnswer>> QueryService::tile_picture(TileRequest request, CancelToken gone) {
  using Out = Result<ProfileAnswer>;
  request.tile.picture = true;
  co_await datasets_.look_if_few(request.dataset);
  const auto key = tile_tag(request);
  if (!key) co_return Out(std::unexpected(key.error()));
  if (auto known = kept_answer(*key, request.context.received_ns, "cached_tile")) co_return Out(std::move(*known));
  auto answer = co_await tile(std::move(request), gone);
  if (!answer) co_return Out(std::unexpected(answer.error()));
  co_return co_await keep_answer(std::move(*answer), *key, "The picture is too large.");
}

}  // namespace canvasback
