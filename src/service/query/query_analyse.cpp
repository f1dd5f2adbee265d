// The part of QueryService that analyses datasets.
#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "service/query/query_service.hpp"
#include "service/query/request_checks.hpp"

namespace canvasback {
namespace {

Status check(const AnalysisRequest& request, const Dataset& dataset) {
  CANVASBACK_TRY(check_common(request.output, request.context));
  return check_analysis(request.analysis, request.selection, dataset);
}

// All that decides what a profile says and how it is written.
std::string profile_key(const AnalysisRequest& request, const Dataset& dataset) {
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", dataset.version, dataset.name, request.analysis.profile_type,
                     request.output.format, request.output.compression, request.output.numbers_exact,
                     to_json(request.selection).dump());
}

}  // namespace

asio::awaitable<Result<std::unique_ptr<Answer>>> QueryService::analyse(AnalysisRequest request, CancelToken gone) {
  using Out = Result<std::unique_ptr<Answer>>;
  auto dataset = datasets_.find(request.dataset);
  if (!dataset || !check(request, **dataset)) {
    co_await datasets_.look_if_few(request.dataset);  // it may be right by now
    dataset = datasets_.find(request.dataset);
  }
  if (!dataset) co_return Out(std::unexpected(dataset.error()));
  if (Status status = check(request, **dataset); !status) co_return Out(std::unexpected(status.error()));
  RunningQuery entry{0, "analyse", request.dataset, request.output.format, 0, "waiting", nullptr, gone};
  std::vector<std::shared_ptr<const Dataset>> datasets(1, *dataset);
  AnalyseWork work{request.dataset, std::move(request.analysis), std::move(request.selection)};
  Task task = task_of(std::move(work), request.context, request.output);
  co_return co_await start(std::move(task), std::move(datasets), Lane::General, std::move(entry), {});
}

asio::awaitable<Result<ProfileAnswer>> QueryService::profile(AnalysisRequest request, CancelToken gone) {
  using Out = Result<ProfileAnswer>;
  co_await datasets_.look_if_few(request.dataset);  // or what is remembered would be given of files that were replaced
  auto dataset = datasets_.find(request.dataset);
  if (!dataset) co_return Out(std::unexpected(dataset.error()));
  if (Status status = check(request, **dataset); !status) co_return Out(std::unexpected(status.error()));
  const std::string key = profile_key(request, **dataset);
  if (auto known = kept_answer(key, request.context.received_ns, "cached_profile")) co_return Out(std::move(*known));
  auto answer = co_await analyse(std::move(request), gone);
  if (!answer) co_return Out(std::unexpected(answer.error()));
  co_return co_await keep_answer(std::move(*answer), key, "The profile is too large; choose fewer `columns`.");
}

std::optional<ProfileAnswer> QueryService::kept_answer(const std::string& key, std::int64_t received_ns,
                                                       const char* method) {
  auto known = profiles_.find(key);
  if (!known) return std::nullopt;
  ProfileAnswer out{std::move(known), {}};
  out.metrics.set("duration_ms", static_cast<double>(monotonic_ns() - received_ns) / 1e6);
  out.metrics.set("bytes", static_cast<std::uint64_t>(out.bytes->size()));
  out.metrics.set("method", method);
  return out;
}

asio::awaitable<Result<ProfileAnswer>> QueryService::keep_answer(std::unique_ptr<Answer> answer, std::string key,
                                                                 const char* too_large) {
  using Out = Result<ProfileAnswer>;
  std::string bytes;
  while (true) {
    TaskEvent event = co_await answer->next();
    if (event.kind == TaskEvent::Kind::Failed) co_return Out(std::unexpected(event.error));
    if (event.kind == TaskEvent::Kind::Data) {
      if (bytes.size() + event.bytes.size() > limits::kProfileBytesMax) {
        answer->cancel(CancelReason::RowLimit);
        co_return Out(fail(ErrorCode::PayloadTooLarge, too_large));
      }
      bytes += event.bytes;
    }
    if (event.kind != TaskEvent::Kind::Done) continue;
    ProfileAnswer out{std::make_shared<const std::string>(std::move(bytes)), event.info.at("metrics")};
    profiles_.put(key, out.bytes);
    co_return out;
  }
}

}  // namespace canvasback
