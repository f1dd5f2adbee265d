#include "service/collection/collection_jobs.hpp"

#include <fmt/format.h>

#include "base/limits.hpp"
#include "service/collection/collection_backup.hpp"
#include "service/schedule/on_thread.hpp"

namespace canvasback {
namespace {

JobSpec spec_of(const char* kind, const std::string& name) {
  JobSpec spec;
  spec.kind = kind;
  spec.text = name;
  return spec;
}

Json list_of(const std::vector<std::string>& names) {
  Json out = Json::Array{};
  for (const std::string& name : names) out.push(name);
  return out;
}

Result<Json> files_result(Result<ArchiveService::Moved> moved) {
  if (!moved) return std::unexpected(moved.error());
  Json out;
  out.set("files", list_of(moved->files));
  Json skipped = Json::Array{};
  for (const auto& [name, why] : moved->skipped) {
    Json entry;
    entry.set("file", name);
    entry.set("problem", why);
    skipped.push(std::move(entry));
  }
  if (!moved->skipped.empty()) out.set("skipped", std::move(skipped));
  return out;
}

// What the work tells of itself while it goes on: steps as rows of the job.
WorkWatch watch_of(Job& job) {
  WorkWatch watch;
  watch.cancel = job.cancel;
  watch.told = [&job](std::int64_t done, std::int64_t all) {
    job.rows = done;
    job.rows_total = all;
    job.share = all > 0 ? static_cast<double>(done) / static_cast<double>(all) : 1;
  };
  return watch;
}

}  // namespace

Status CollectionJobs::check(const std::string& name) const {
  const Collection* found = collections_.find(name);
  if (found != nullptr && found->is_published()) return {};
  return fail(no_collection(name));
}

CollectionJobs::Started CollectionJobs::compact(const std::string& name) {
  CANVASBACK_TRY(check(name));
  auto& collections = collections_;
  return jobs_.start(spec_of("compact", name), [&collections, name](Job& job) -> asio::awaitable<Result<Json>> {
    const WorkWatch watch = watch_of(job);
    auto merged = co_await collections.compaction().compact(name, watch);
    if (!merged) co_return Result<Json>(std::unexpected(merged.error()));
    Json out;
    out.set("files_merged", static_cast<std::uint64_t>(*merged));
    co_return Result<Json>(std::move(out));
  });
}

CollectionJobs::Started CollectionJobs::archive(const std::string& name, std::int64_t before_week) {
  CANVASBACK_TRY(check(name));
  auto& collections = collections_;
  return jobs_.start(spec_of("archive", name),
                     [&collections, name, before_week](Job&) -> asio::awaitable<Result<Json>> {
                       auto moved = co_await collections.archive().archive_before(name, before_week);
                       co_return files_result(std::move(moved));
                     });
}

CollectionJobs::Started CollectionJobs::restore(const std::string& name, std::int64_t first_week,
                                                std::int64_t last_week) {
  CANVASBACK_TRY(check(name));
  auto& collections = collections_;
  return jobs_.start(spec_of("restore", name),
                     [&collections, name, first_week, last_week](Job&) -> asio::awaitable<Result<Json>> {
                       auto moved = co_await collections.archive().restore(name, first_week, last_week);
                       auto result = files_result(std::move(moved));
                       if (!result) co_return result;
                       Json problems = Json::Array{};
                       const Collection* found = collections.find(name);
                       if (found == nullptr) co_return result;
                       for (const auto& what : shared_value_problems(*found)) {
                         Json problem;
                         problem.set("file", name);
                         problem.set("problem", what);
                         problems.push(std::move(problem));
                       }
                       if (!problems.as_array().empty()) result->set("problems", std::move(problems));
                       co_return result;
                     });
}

CollectionJobs::Started CollectionJobs::verify(const std::string& name) {
  CANVASBACK_TRY(check(name));
  auto& collections = collections_;
  return jobs_.start(spec_of("verify", name), [&collections, name](Job& job) -> asio::awaitable<Result<Json>> {
    const WorkWatch watch = watch_of(job);
    auto verified = co_await collections.verification().verify(name, watch);
    if (!verified) co_return Result<Json>(std::unexpected(verified.error()));
    Json out;
    out.set("files", static_cast<std::uint64_t>(verified->files));
    out.set("records", verified->records);
    Json problems = Json::Array{};
    for (const auto& [path, what] : verified->problems) {
      Json problem;
      problem.set("file", path.substr(path.rfind('/') + 1));
      problem.set("problem", what);
      problems.push(std::move(problem));
    }
    out.set("problems", std::move(problems));
    co_return Result<Json>(std::move(out));
  });
}

asio::awaitable<Result<Json>> CollectionJobs::generate_into(CollectionService& collections, GenerateRequest request,
                                                            Job& job) {
  using Out = Result<Json>;
  IngestRequest wanted;
  wanted.collection = request.collection;
  wanted.format = InputFormat::Ndjson;
  auto stream = co_await collections.ingest().begin(std::move(wanted));
  if (!stream) co_return Out(std::unexpected(stream.error()));
  RecordGenerator generator(request.type, request.seed);
  asio::thread_pool thread(1);
  std::int64_t made = 0;
  std::string piece;
  auto make_piece = [&] {
    piece.clear();
    while (made < request.count && piece.size() < limits::kInputFrameBytes) {
      generator.append(static_cast<std::uint64_t>(made++), piece);
    }
    return true;
  };
  while (made < request.count) {
    if (job.cancel.cancelled()) co_return Out(std::unexpected(job.cancel.error()));
    co_await on_thread(thread, make_piece);
    const bool taken = co_await (*stream)->feed(piece);
    if (!taken) break;
    job.bytes += piece.size();
    job.rows = (*stream)->records();
    job.share = static_cast<double>(job.rows) / static_cast<double>(request.count);
  }
  auto answer = co_await (*stream)->finish();
  if (!answer) co_return Out(std::unexpected(answer.error()));
  job.rows = answer->records;
  Json out;
  out.set("records", answer->records);
  out.set("commit", answer->commit);
  co_return Out(std::move(out));
}

CollectionJobs::Started CollectionJobs::generate(GenerateRequest request) {
  JobSpec spec = spec_of("generate", request.collection);
  spec.format = request.type_name;
  spec.rows_total = request.count;
  auto& collections = collections_;
  return jobs_.start(std::move(spec), [&collections, request = std::move(request)](Job& job) {
    return generate_into(collections, request, job);
  });
}

CollectionJobs::Started CollectionJobs::backup() {
  JobSpec spec = spec_of("backup", "all collections");
  spec.format = "tar";
  spec.filename = "canvasback-backup.tar";
  std::int64_t records = 0;
  for (const auto& [name, collection] : collections_.collections()) {
    for (const CollectionFile& file : collection->files.live) records += file.file.rows;
  }
  spec.rows_total = records;
  auto source = std::make_shared<std::unique_ptr<CollectionBackup>>();  // shared: std::function copies what it holds
  auto& collections = collections_;
  const auto next = [source, &collections]() -> asio::awaitable<Result<std::string_view>> {
    if (*source == nullptr) {
      auto opened = co_await CollectionBackup::open(collections);
      if (!opened) co_return Result<std::string_view>(std::unexpected(opened.error()));
      *source = std::move(*opened);
    }
    co_return co_await (*source)->next();
  };
  return jobs_.start(std::move(spec), JobService::Pieces(next));
}

}  // namespace canvasback
