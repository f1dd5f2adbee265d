#include "service/query/generate_service.hpp"

#include "base/clock.hpp"
#include "base/limits.hpp"

namespace canvasback {

asio::awaitable<Result<std::unique_ptr<Answer>>> GenerateService::generate(GenerateWork work, std::string format) {
  RunningQuery entry;
  entry.kind = "generate";
  entry.text = work.dataset;
  entry.format = format;
  entry.state = "waiting";
  Task task;
  task.work = std::move(work);
  task.output.format = std::move(format);
  task.received_ns = monotonic_ns();
  task.timeout_ms = limits::kMaxTimeout.count();
  co_return co_await queries_.run(std::move(task), {}, Lane::General, std::move(entry));
}

}  // namespace canvasback
