// ProcessSet: the processes of one role: started with the profile's sandbox, replaced when what they may read changes
// or when they have grown, counted, ended. Which task one gets is the pool's to say. On the front's one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "worker/pool/role_profile.hpp"
#include "worker/pool/worker_process.hpp"

namespace canvasback {

// What workers may read: files and folders that they open themselves, files that they are given descriptors for
// (storage/held_files.hpp), and a text that changes with whatever else that depends on: a rule for a single file is
// bound to its inode, so a file replaced by another needs new workers too.
struct Grants {
  std::vector<std::string> readable_paths;
  std::vector<std::string> given_paths;
  std::string fingerprint;
  std::vector<std::uint16_t> connect_ports;  // of the role that connects
  bool operator==(const Grants&) const = default;
};

class ProcessSet {
 public:
  // callbacks: of each process, as long as the set is there.
  ProcessSet(asio::any_io_executor executor, const RoleProfile& profile, WorkerProcess::Callbacks callbacks);
  ~ProcessSet() { *alive_ = false; }
  ProcessSet(const ProcessSet&) = delete;
  ProcessSet& operator=(const ProcessSet&) = delete;

  // Starts a new generation: idle processes of an older one end now, busy ones after their task. False where these are
  // the grants already.
  bool set_grants(Grants grants);
  // Starts processes until so many are usable, or until starting has failed too often in a row.
  void keep(int count);
  // One with the large task's memory, which idle() never gives. nullptr: see start_failure().
  std::shared_ptr<WorkerProcess> start_large();
  // Of this generation, not retiring, and not at a task that is parked.
  int usable() const;
  std::shared_ptr<WorkerProcess> idle() const;
  const std::vector<std::shared_ptr<WorkerProcess>>& all() const { return processes_; }

  // To be called with every change of a process, before anything is decided: forgets a dead one, retires an idle one
  // that is of an older generation, has grown, or is one too many.
  void note(WorkerProcess& process);

  // How many failed to start in a row before no more is tried, until set_grants() or forgive().
  bool gave_up() const;
  void forgive() { start_failures_ = 0; }
  const std::string& start_failure() const { return start_failure_; }
  std::uint64_t started() const { return started_; }

 private:
  std::shared_ptr<WorkerProcess> start(std::uint64_t memory_bytes);

  asio::any_io_executor executor_;
  const RoleProfile& profile_;
  WorkerProcess::Callbacks callbacks_;
  Grants grants_;
  std::uint64_t generation_ = 0;
  std::vector<std::shared_ptr<WorkerProcess>> processes_;
  std::weak_ptr<WorkerProcess> large_;
  int next_number_ = 1;
  int start_failures_ = 0;
  std::string start_failure_;
  std::uint64_t started_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// Removes what the processes of an earlier server left in spill/ of a data folder: to be called once, by who holds its
// lock, before any process is started. Their folders alone: the one they lie in may be a link to a larger disk, and may
// hold what is not ours.
void clear_spill_folders(const std::string& data_folder);

}  // namespace canvasback
