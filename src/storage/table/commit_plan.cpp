#include "storage/table/commit_plan.hpp"

#include <fmt/format.h>

#include <utility>

#include "storage/table/part_name.hpp"

namespace canvasback {

std::vector<std::string> CommitPlan::names() const {
  std::vector<std::string> out;
  if (rejects_path) out.push_back(*rejects_path);
  out.insert(out.end(), paths.begin(), paths.end());
  return out;
}

CommitPlan plan_commit(const CommitFiles& files, std::uint64_t commit, bool sync, std::optional<NumberNote> numbers) {
  CommitPlan plan;
  plan.numbers = std::move(numbers);
  if (plan.numbers) plan.before.push_back({StepKind::NoteNumbers, files.folder});
  if (files.rejects) {
    plan.rejects_path = fmt::format("{}/commit_{:012}.ndjson", files.quarantine, commit);
    plan.before.push_back({StepKind::MakeFolder, files.quarantine});
    plan.before.push_back({StepKind::Sync, files.rejects->path, {}, files.rejects->fd});
    plan.before.push_back({StepKind::Rename, files.rejects->path, *plan.rejects_path});
    plan.before.push_back({StepKind::SyncFolder, files.quarantine});
  }
  const int count = static_cast<int>(files.parts.size());
  for (int index = 1; const WrittenFile& part : files.parts) {
    plan.paths.push_back(files.folder + "/" + commit_file_name(commit, index++, count));
    if (sync) plan.before.push_back({StepKind::Sync, part.path, {}, part.fd});
    plan.naming.push_back({StepKind::Rename, part.path, plan.paths.back()});
  }
  if (sync && !files.parts.empty()) plan.naming.push_back({StepKind::SyncFolder, files.folder});
  return plan;
}

}  // namespace canvasback
