#include "service/query/analysis_service.hpp"

#include <fmt/format.h>

#include "service/query/request_checks.hpp"

namespace canvasback {
namespace {

Status check(const AnalysisRequest& request, const Dataset& dataset) {
  CANVASBACK_TRY(check_common(request.output, request.context));
  return check_analysis(request.analysis, request.selection, dataset);
}

// All that decides what a profile says and how it is written.
std::string profile_key(const AnalysisRequest& request, const Dataset& dataset,
                        const std::vector<std::string>& left_out) {
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", dataset.version, dataset.name, request.analysis.profile_type,
                     request.output.format, request.output.compression, request.output.numbers_exact,
                     to_json(request.selection).dump(), fmt::join(left_out, "\n"));
}

}  // namespace

asio::awaitable<Result<std::unique_ptr<Answer>>> AnalysisService::analyse(AnalysisRequest request, CancelToken gone) {
  using Out = Result<std::unique_ptr<Answer>>;
  auto dataset = datasets_.find(request.dataset, request.on_unreadable);
  if (!dataset || !check(request, **dataset)) {
    co_await datasets_.look_if_few(request.dataset);  // it may be right by now
    dataset = datasets_.find(request.dataset, request.on_unreadable);
  }
  if (!dataset) co_return Out(std::unexpected(dataset.error()));
  if (Status status = check(request, **dataset); !status) co_return Out(std::unexpected(status.error()));
  RunningQuery entry{0, "analyse", request.dataset, request.output.format, 0, "waiting", nullptr, gone};
  entry.on_unreadable = request.on_unreadable;
  std::vector<std::string> left_out = datasets_.left_out_of(request.dataset, request.on_unreadable);
  std::vector<std::shared_ptr<const Dataset>> datasets(1, *dataset);
  AnalyseWork work{request.dataset, std::move(request.analysis), std::move(request.selection)};
  Task task = task_of(std::move(work), request.context, request.output);
  task.files.left_out = std::move(left_out);
  co_return co_await queries_.run(std::move(task), std::move(datasets), Lane::General, std::move(entry));
}

asio::awaitable<Result<CachedAnswer>> AnalysisService::profile(AnalysisRequest request, CancelToken gone) {
  using Out = Result<CachedAnswer>;
  co_await datasets_.look_if_few(request.dataset);  // or what is remembered would be given of files that were replaced
  auto dataset = datasets_.find(request.dataset, request.on_unreadable);
  if (!dataset) co_return Out(std::unexpected(dataset.error()));
  if (Status status = check(request, **dataset); !status) co_return Out(std::unexpected(status.error()));
  const std::string key =
      profile_key(request, **dataset, datasets_.left_out_of(request.dataset, request.on_unreadable));
  if (auto known = answers_.find(key, request.context.received_ns, "cached_profile")) co_return Out(std::move(*known));
  auto answer = co_await analyse(std::move(request), gone);
  if (!answer) co_return Out(std::unexpected(answer.error()));
  co_return co_await answers_.read(std::move(*answer), key, "The profile is too large; choose fewer `columns`.");
}

}  // namespace canvasback
