#include "service/job/job_registry.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.hpp"
#include "base/text.hpp"

namespace canvasback {

Result<std::shared_ptr<Job>> JobRegistry::add(JobSpec spec, std::int64_t now_us) {
  if (spec.id.empty()) {
    spec.id = random_hex(16);
  } else {
    CANVASBACK_TRY(check_job_token(spec.id));
  }
  if (auto known = jobs_.find(spec.id); known != jobs_.end()) {
    const Job& earlier = *known->second;
    if (earlier.spec.delivery != JobDelivery::Stream || !has_ended(earlier.state)) {
      return fail(ErrorCode::JobConflict, fmt::format("The job token {} is in use; choose another.", spec.id));
    }
    forget(spec.id);
  }
  if (spec.delivery == JobDelivery::File && droppable_bytes() + options_.file_bytes_max <= held_bytes_) {
    return fail(ErrorCode::StorageLimit,
                fmt::format("The disk space for finished exports ({}, the setting job_files_bytes_max) is in use by "
                            "running jobs; stream the export instead, without `Prefer: respond-async`.",
                            human_bytes(options_.file_bytes_max)));
  }
  if (jobs_.size() >= options_.jobs_max && !make_place()) {
    return fail(Error{ErrorCode::TooManyRequests, "Too many jobs are running or queued.", {}, {}, 1});
  }
  auto job = std::make_shared<Job>();
  job->spec = std::move(spec);
  job->rows_total = job->spec.rows_total;
  job->created_us = now_us;
  order_.push_back(job->spec.id);
  jobs_.emplace(job->spec.id, job);
  return job;
}

Result<std::shared_ptr<Job>> JobRegistry::find(std::string_view id) const {
  auto found = jobs_.find(id);
  if (found != jobs_.end()) return found->second;
  return fail(ErrorCode::JobNotFound, "No such job, or it has expired.");
}

std::vector<std::shared_ptr<Job>> JobRegistry::jobs() const {
  std::vector<std::shared_ptr<Job>> out;
  for (const std::string& id : order_) out.push_back(jobs_.find(id)->second);
  return out;
}

Status JobRegistry::hold(Job& job, std::uint64_t bytes) {
  while (held_bytes_ + bytes > options_.file_bytes_max) {
    if (drop_one_file()) continue;
    return fail(ErrorCode::StorageLimit,
                fmt::format("The file exceeds the disk space for finished exports ({}, the setting "
                            "job_files_bytes_max).",
                            human_bytes(options_.file_bytes_max)));
  }
  job.held_bytes += bytes;
  held_bytes_ += bytes;
  return {};
}

void JobRegistry::release(Job& job) {
  held_bytes_ -= job.held_bytes;
  job.held_bytes = 0;
}

void JobRegistry::forget(std::string id) {
  auto found = jobs_.find(id);
  if (found == jobs_.end()) return;
  drop_file(*found->second);
  jobs_.erase(found);
  std::erase(order_, id);
}

void JobRegistry::expire(std::int64_t now_us) {
  std::vector<std::string> old;
  for (const auto& [id, job] : jobs_) {
    if (has_ended(job->state) && job->readers == 0 && now_us - job->ended_us >= options_.age_us) old.push_back(id);
  }
  for (const std::string& id : old) forget(id);
}

// Forgets the oldest of those that ended.
bool JobRegistry::make_place() {
  for (const std::string& id : order_) {
    if (!has_ended(jobs_.find(id)->second->state)) continue;
    forget(id);
    return true;
  }
  return false;
}

bool JobRegistry::drop_one_file() {
  Job* oldest = nullptr;
  for (const auto& [id, job] : jobs_) {
    if (job->path.empty() || job->readers > 0) continue;
    if (oldest == nullptr || job->used_us < oldest->used_us) oldest = job.get();
  }
  if (oldest == nullptr) return false;
  drop_file(*oldest);
  return true;
}

void JobRegistry::drop_file(Job& job) {
  if (job.path.empty()) return;
  remove_file_(job.path);
  job.path.clear();
  release(job);
}

std::uint64_t JobRegistry::droppable_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& [id, job] : jobs_) {
    if (!job->path.empty() && job->readers == 0) bytes += job->held_bytes;
  }
  return bytes;
}

}  // namespace canvasback
