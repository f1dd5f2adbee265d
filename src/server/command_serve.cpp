#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <cstdio>
#include <cstdlib>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "server/command_support.hpp"
#include "server/commands.hpp"
#include "server/feeds.hpp"
#include "server/runtime.hpp"
#include "transport/http/connection/server.hpp"
#include "transport/http/routes/routes.hpp"

namespace canvasback {
namespace {

struct Listen {
  std::string address;
  std::uint16_t port = 0;
};

Result<Listen> listen_of(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  Listen out;
  out.address = colon == std::string::npos ? "127.0.0.1" : text.substr(0, colon);
  if (out.address.starts_with('[') && out.address.ends_with(']'))
    out.address = out.address.substr(1, out.address.size() - 2);
  if (out.address == "localhost" || out.address.empty()) out.address = "127.0.0.1";
  CANVASBACK_ASSIGN(std::int64_t port, parse_integer(colon == std::string::npos ? text : text.substr(colon + 1),
                                                     "the port of listen", 0, 65535));
  out.port = static_cast<std::uint16_t>(port);
  boost::system::error_code error;
  const auto address = asio::ip::make_address(out.address, error);
  if (error) return fail(ErrorCode::InvalidData, fmt::format("listen: \"{}\" is not an IP address.", out.address));
  if (!address.is_loopback()) {
    return fail(ErrorCode::InvalidData,
                fmt::format("listen: {} is not a loopback address. Without keys and TLS only loopback is served; put a "
                            "reverse proxy that has both in front, and name it in `hosts`.",
                            out.address));
  }
  return out;
}

void open_browser(const std::string& url) {
  std::string command = "xdg-open";
  std::string address = url;
  char* argv[] = {command.data(), address.data(), nullptr};
  pid_t pid = 0;
  if (posix_spawnp(&pid, command.c_str(), nullptr, nullptr, argv, environ) != 0)
    log::info("no browser could be opened");
}

// Every client and worker is a descriptor, and the usual soft limit of 1,024 is there for programs that use select().
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) log::info("the limit of open files stays as it is");
}

asio::awaitable<Status> add_datasets(Runtime& runtime, std::vector<DatasetSource> sources) {
  // First: their folders are among what workers may read, and their names are taken.
  if (Status status = co_await runtime.collections().open(); !status) co_return status;
  co_return co_await runtime.datasets().add(std::move(sources));
}

asio::awaitable<bool> drain(Runtime& runtime, http::Server& server) {
  asio::signal_set signals(runtime.loop(), SIGINT, SIGTERM);
  co_await signals.async_wait(kAwait);
  log::info("stopping: {} tasks run, {} wait", runtime.pool().running(), runtime.pool().waiting());
  server.stop();
  // A second signal ends the waiting.
  asio::co_spawn(
      runtime.loop(),
      [&]() -> asio::awaitable<void> {
        auto [error, number] = co_await signals.async_wait(kAwait);
        if (!error) std::_Exit(1);
      },
      asio::detached);
  runtime.jobs().shut_down();
  co_await runtime.collections().shut_down();
  co_await runtime.pool().shut_down(limits::kDrainDeadline);
  // The last bytes of answers that ended are still on their way through the connections.
  asio::steady_timer timer(runtime.loop(), std::chrono::milliseconds(50));
  co_await timer.async_wait(kAwait);
  signals.cancel();
  co_return true;
}

Result<http::QuerySettings> query_settings(const Config& config) {
  http::QuerySettings out;
  CANVASBACK_ASSIGN(out.default_limit, config.integer("default_limit", 0, 1'000'000'000));
  CANVASBACK_ASSIGN(out.limit_max, config.integer("max_query_results", 1, 1'000'000'000));
  const std::string& strategy = config.text("streaming_strategy");
  if (strategy != "offset" && strategy != "keyset") {
    return fail(ErrorCode::InvalidData, "streaming_strategy is offset or keyset.");
  }
  out.keyset_streams = strategy == "keyset";
  return out;
}

Status serve(const CommandOptions& options) {
  raise_descriptor_limit();
  CANVASBACK_ASSIGN(Config config, load_config(options));
  CANVASBACK_ASSIGN(Listen listen, listen_of(config.text("listen")));
  CANVASBACK_ASSIGN(std::vector<DatasetSource> sources, dataset_sources(options, config));
  CANVASBACK_ASSIGN(std::unique_ptr<Runtime> runtime, Runtime::make(config, false));
  http::Access access{config.list("hosts"), config.list("origins")};
  http::Router router(runtime->metrics(), std::move(access));
  CANVASBACK_ASSIGN(const http::QuerySettings settings, query_settings(config));
  http::Services services{runtime->pool(), runtime->datasets(),     runtime->queries(),
                          runtime->jobs(), runtime->views(),        runtime->metrics(),
                          wall_us(),       &runtime->collections(), settings};
  add_routes(router, services);
  http::Server server(runtime->loop().get_executor(), router);
  CANVASBACK_TRY(server.listen(listen.address, listen.port));
  Stopwatch watch;
  CANVASBACK_TRY(runtime->run(add_datasets(*runtime, std::move(sources))));
  runtime->datasets().start_watching();
  runtime->collections().start_maintaining();
  Feeds feeds(runtime->loop().get_executor(), runtime->collections(), config.feeds());
  feeds.start();
  server.start();
  const bool v6 = listen.address.find(':') != std::string::npos;
  const std::string url = fmt::format("http://{}{}{}:{}", v6 ? "[" : "", listen.address, v6 ? "]" : "", server.port());
  log::info("ready in {:.0f} ms", watch.elapsed_ms());
  std::printf("Canvasback is at %s\n", url.c_str());
  std::fflush(stdout);
  if (options.open) open_browser(url);
  runtime->run(drain(*runtime, server));
  log::info("stopped");
  // A feed's server that does not answer is not waited for; everything of ours has ended.
  if (feeds.busy()) std::_Exit(0);
  return {};
}

}  // namespace

int run_serve(const CommandOptions& options) { return report(serve(options)); }

}  // namespace canvasback
