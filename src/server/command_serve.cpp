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
#include "server/command_support.hpp"
#include "server/commands.hpp"
#include "server/feeds.hpp"
#include "server/runtime.hpp"
#include "server/settings.hpp"
#include "server/source_file.hpp"
#include "server/temporary_folder.hpp"
#include "service/alert/alerts.hpp"
#include "service/alert/incidents.hpp"
#include "transport/http/connection/server.hpp"
#include "transport/http/routes/routes.hpp"

namespace canvasback {
namespace {

// Whoever asks for a dataset that takes longer is told how far it is.
constexpr std::chrono::seconds kPrepareWait{2};

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
  co_await runtime.tables().look();
  co_return co_await runtime.datasets().add(std::move(sources), kPrepareWait);
}

// What people are told of a pull: that it fails, and that it works again.
class PullAlerting {
 public:
  void told(const PullSettings& settings, const PullReport& report, std::int64_t failures) {
    const std::string& name = settings.source.name;
    if (report.error) {
      log::warning("pull {}: failed {} times in a row: {}", name, failures, report.error->message);
    } else {
      log::info("pull {}: {}, {} inserted, {} updated, {} deleted in {:.2f} s", name, name_of(report.result),
                report.inserted, report.updated, report.deleted, report.seconds);
    }
    const AlertKind kind = incidents_.attempt(name, failures, settings.alerts.after_failures);
    if (kind == AlertKind::None) return;
    const bool is_failing = kind == AlertKind::Failing;
    Alert alert;
    alert.subject = fmt::format("canvasback: {} {}", name, is_failing ? "cannot be pulled" : "is pulled again");
    alert.text = is_failing && report.error ? report.error->message : "The pull succeeded.";
    alert.document.set("kind", is_failing ? "failing" : "recovered");
    alert.document.set("source", name);
    alert.document.set("report", to_json(report));
    const PullAlerts& to = settings.alerts;
    alerts_.send({to.webhook, to.command, to.email, to.sender}, std::move(alert));
  }

 private:
  Incidents incidents_;
  Alerts alerts_;
};

// Sources on their schedule, and tables that another process pulls.
void start_pulling(Runtime& runtime, const Config& config, PullAlerting& alerting) {
  runtime.tables().watch_on(runtime.schedule());
  runtime.table_scrub().run_on(runtime.schedule());
  const std::string folder = source_folder(config, runtime.data_folder());
  runtime.pull_schedule().start(
      runtime.schedule(), [folder] { return read_source_folder(folder); },
      [&alerting](const PullSettings& settings, const PullReport& report, std::int64_t failures) {
        alerting.told(settings, report, failures);
      });
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
  co_await runtime.pulls().shut_down();
  co_await runtime.collections().shut_down();
  co_await runtime.pool().shut_down(limits::kDrainDeadline);
  // The last bytes of answers that ended are still on their way through the connections.
  asio::steady_timer timer(runtime.loop(), std::chrono::milliseconds(50));
  co_await timer.async_wait(kAwait);
  signals.cancel();
  co_return true;
}

Status serve(const CommandOptions& options) {
  raise_descriptor_limit();
  CANVASBACK_ASSIGN(Config config, load_config(options));
  CANVASBACK_ASSIGN(const Settings settings, Settings::from(config));
  const Listen& listen = settings.listen;
  CANVASBACK_ASSIGN(std::vector<DatasetSource> sources, dataset_sources(options, config));
  CANVASBACK_ASSIGN(std::unique_ptr<Runtime> runtime, Runtime::make(config, false));
  CANVASBACK_TRY(runtime->make_pulls(config, runtime->data_folder()));
  CANVASBACK_TRY(runtime->make_rollups(config));
  ReadingService readings(runtime->datasets(), runtime->data_folder() + "/reading.json");
  CANVASBACK_TRY(readings.apply_to(sources));
  http::Access access{config.list("hosts"), config.list("origins")};
  http::Router router(runtime->metrics(), std::move(access));
  Feeds feeds(runtime->loop().get_executor(), runtime->schedule(), runtime->collections(), config.feeds());
  http::Services services{runtime->pool(),   runtime->datasets(),       runtime->queries(), runtime->analyses(),
                          runtime->tiles(),  runtime->jobs(),           runtime->views(),   runtime->metrics(),
                          wall_us(),         &runtime->collections(),   settings.queries,   &feeds.statuses(),
                          &runtime->pulls(), &runtime->pull_schedule(), &runtime->tables(), &runtime->dashboards(),
                          &readings,         &runtime->table_scrub()};
  add_routes(router, services);
  http::Server server(runtime->loop().get_executor(), router);
  if (Status listening = server.listen(listen.address, listen.port); !listening) {
    Error error = listening.error();
    error.message += " Choose another address with --listen, such as --listen 127.0.0.1:0 for any free port.";
    return std::unexpected(std::move(error));
  }
  PullAlerting alerting;
  Stopwatch watch;
  CANVASBACK_TRY(runtime->run(add_datasets(*runtime, std::move(sources))));
  runtime->datasets().watch_on(runtime->schedule());
  runtime->collections().start_maintaining();
  start_pulling(*runtime, config, alerting);
  feeds.start();
  server.start();
  const bool v6 = listen.address.find(':') != std::string::npos;
  const std::string url = fmt::format("http://{}{}{}:{}", v6 ? "[" : "", listen.address, v6 ? "]" : "", server.port());
  log::info("ready in {:.0f} ms", watch.elapsed_ms());
  if (Status printed = print(fmt::format("Canvasback is at {}\n", url)); !printed) {
    log::warning("the address {} could not be printed: {}", url, printed.error().message);
  }
  if (options.open) open_browser(url);
  runtime->run(drain(*runtime, server));
  log::info("stopped");
  return {};
}

}  // namespace

int run_serve(const CommandOptions& options) { return report(serve(options)); }

int run_open(const CommandOptions& options) {
  auto folder = TemporaryFolder::make("canvasback-open-");
  if (!folder) return report(std::unexpected(folder.error()));
  CommandOptions alone = options;
  alone.open = true;
  alone.settings.try_emplace("data", (*folder)->path());
  alone.settings.try_emplace("listen", "127.0.0.1:0");
  return report(serve(alone));
}

}  // namespace canvasback
