// PullService: keeps copies of tables of other databases. A pull takes the table's folder for itself (TableStore), lets
// a worker of the role `pull` read the source, and commits what it wrote: first whole loads, in pieces that a crash
// cannot undo, then cycles; then parts are merged where that is worth it. Whoever reads sees one commit or the next.
//
// A table belongs to one process at a time: the command and a server may take turns. All calls on the front's one
// thread; the disk is waited for on a thread of its own.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "service/pull/pull_report.hpp"
#include "service/pull/pull_settings.hpp"
#include "service/pull/table_store.hpp"
#include "service/schedule/activity.hpp"
#include "storage/table/pulled/pulled_merge_choice.hpp"
#include "worker/pool/pool.hpp"

namespace canvasback {

struct PullRequest {
  std::string trigger = "command";
  bool force = false;          // however fresh, and whatever the gate says
  bool accept_schema = false;  // the copy is loaded anew with the source's columns
  bool any_deletes = false;
  bool sweep = false;  // the whole table is compared
  bool dry_run = false;
};

struct PullOptions {
  std::string data_folder;
  std::int64_t grace_s = 3600;  // files that a merge or a load replaced stay so long, for who reads
  int threads = 1;
};

struct PullPools {
  Pool& pull;
  Pool& merge;  // of the role `maintain`
};

class PullService {
 public:
  // Pools outlive it.
  PullService(asio::any_io_executor executor, PullPools pools, PullOptions options);
  ~PullService();

  // Workers may read the certificates that these name from then on, and connect to their ports alone.
  void set_sources(PullSources sources);
  const PullSources& sources() const { return sources_; }
  // Called behind every commit, with the table's name.
  void on_commit(std::function<void(const std::string&)> told) { committed_ = std::move(told); }

  // Errors: DatasetNotFound for a source that there is not, InvalidData for one whose file cannot be used, Unavailable
  // where it is being pulled, here or by another process. Whatever fails afterwards is in the report.
  asio::awaitable<Result<PullReport>> pull(std::string name, PullRequest request,
                                           std::function<void(const PullReport&)> progress = {});
  // What a pull would do: the mapping of columns, the statements and how the source runs them. Writes nothing.
  asio::awaitable<Result<PullOutcome>> check(std::string name);

  bool is_running(const std::string& name) const { return running_.contains(name); }
  // The newest first. Of a source that this process has not pulled: those of the file beside its table.
  std::vector<Json> reports(const std::string& name, std::size_t count) const;
  const std::string& data_folder() const { return options_.data_folder; }

  // Cancels what is running and waits for its end.
  asio::awaitable<void> shut_down();

 private:
  struct Run;

  Result<const PullSettings*> find(const std::string& name) const;
  asio::awaitable<Status> run(Run& run);
  asio::awaitable<Status> load(Run& run);
  asio::awaitable<Status> cycle(Run& run);
  asio::awaitable<Status> merge(Run& run, std::size_t merges_max);
  asio::awaitable<Status> commit(Run& run, PulledTable next);
  asio::awaitable<Result<PullOutcome>> ask(Run& run, PullKind kind, PulledTable table);
  asio::awaitable<Result<PullOutcome>> ask_again(Run& run, PullOutcome outcome);
  asio::awaitable<Result<PullOutcome>> submit(Pool& pool, TaskWork work, OpenFile open_file);
  asio::awaitable<void> store_report(const Run& run);

  asio::any_io_executor executor_;
  PullPools pools_;
  const PullOptions options_;
  PullSources sources_;
  std::set<std::string> granted_;  // files of certificates
  std::set<std::uint16_t> granted_ports_;
  std::function<void(const std::string&)> committed_;
  std::set<std::string> running_;
  Activity activity_;
  CancelToken stop_;
  std::set<RoleTask*> tasks_;  // that run
  asio::thread_pool io_{1};
};

}  // namespace canvasback
