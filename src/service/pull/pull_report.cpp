#include "service/pull/pull_report.hpp"

#include "base/clock.hpp"
#include "base/json_time.hpp"

namespace canvasback {
std::string_view name_of(PullResult result) {
  switch (result) {
    case PullResult::Loaded: return "loaded";
    case PullResult::Pulled: return "pulled";
    case PullResult::Unchanged: return "unchanged";
    case PullResult::Fresh: return "fresh";
    case PullResult::Failed: break;
  }
  return "failed";
}

Json to_json(const PullReport& report) {
  Json out;
  out.set("source", report.source);
  out.set("result", name_of(report.result));
  out.set("trigger", report.trigger);
  out.set("started_at", iso_time(report.started_us));
  out.set("started_us", report.started_us);
  out.set("seconds", report.seconds);
  if (report.error) {
    Json error;
    error.set("code", name_of(report.error->code));
    error.set("message", report.error->message);
    out.set("error", std::move(error));
  }
  out.set("server", report.server);
  out.set("as_of", time_or_null(report.as_of_us));
  out.set("swept_as_of", time_or_null(report.swept_us));
  out.set("deletes_verified_as_of", time_or_null(report.counted_us));
  out.set("rows", report.rows);
  if (report.source_rows >= 0) out.set("source_rows", report.source_rows);
  out.set("inserted", report.inserted);
  out.set("updated", report.updated);
  out.set("deleted", report.deleted);
  Json tiers = Json::Array{};
  for (const PullTier& tier : report.tiers) tiers.push(to_json(tier));
  out.set("tiers", std::move(tiers));
  Json nulled = Json::Object{};
  for (const auto& [column, count] : report.nulled) nulled.set(column, count);
  out.set("nulled", std::move(nulled));
  Json notes = Json::Array{};
  for (const std::string& note : report.notes) notes.push(note);
  out.set("notes", std::move(notes));
  out.set("files_written", static_cast<std::uint64_t>(report.files_written));
  out.set("bytes_written", report.bytes_written);
  out.set("merges", static_cast<std::uint64_t>(report.merges));
  out.set("version", report.version);
  return out;
}

}  // namespace canvasback
