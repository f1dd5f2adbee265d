#include "service/job/job.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"

namespace canvasback {

std::string_view name_of(JobState state) {
  switch (state) {
    case JobState::Queued: return "queued";
    case JobState::Running: return "running";
    case JobState::Done: return "done";
    case JobState::Failed: return "failed";
    case JobState::Cancelled: return "cancelled";
  }
  return "failed";
}

std::string_view name_of(JobDelivery delivery) {
  switch (delivery) {
    case JobDelivery::File: return "file";
    case JobDelivery::Stream: return "stream";
    case JobDelivery::Work: return "work";
  }
  return "work";
}

JobView view_of(const Job& job, std::int64_t now_us, std::int64_t file_age_us) {
  JobView view;
  if (!job.path.empty()) view.file_until_us = job.ended_us + file_age_us;
  if (job.started_us == 0) return view;
  const std::int64_t until_us = has_ended(job.state) ? job.ended_us : now_us;
  const double seconds = static_cast<double>(until_us - job.started_us) / 1e6;
  if (seconds <= 0) return view;
  view.rows_per_second = static_cast<double>(job.rows) / seconds;
  view.bytes_per_second = static_cast<double>(job.bytes) / seconds;
  if (job.state == JobState::Running && job.share > 0) {
    view.seconds_left = seconds / job.share * (1 - std::min(job.share, 1.0));
  }
  return view;
}

void end_job(Job& job, JobReceipt receipt, std::int64_t now_us) {
  if (job.started_us == 0) job.started_us = now_us;
  job.state = JobState::Done;
  job.ended_us = now_us;
  job.used_us = now_us;
  job.rows = receipt.rows;
  job.rows_total = receipt.rows;
  job.bytes = receipt.bytes;
  job.share = 1;
  job.receipt = std::move(receipt);
}

void end_job(Job& job, Json result, std::int64_t now_us) {
  job.state = JobState::Done;
  job.ended_us = now_us;
  job.share = 1;
  job.result = std::move(result);
}

void end_job(Job& job, const Error& error, std::int64_t now_us) {
  job.state = error.code == ErrorCode::Cancelled ? JobState::Cancelled : JobState::Failed;
  job.ended_us = now_us;
  job.error = error;
}

Status check_job_token(std::string_view token) {
  const bool known = std::ranges::all_of(token, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (known && token.size() >= limits::kJobTokenBytesMin && token.size() <= limits::kJobTokenBytesMax) return {};
  return fail(ErrorCode::InvalidData, fmt::format("job must have {} to {} letters, digits, - or _.",
                                                  limits::kJobTokenBytesMin, limits::kJobTokenBytesMax));
}

}  // namespace canvasback
