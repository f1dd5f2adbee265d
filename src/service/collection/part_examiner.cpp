#include "service/collection/part_examiner.hpp"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "service/collection/pending_files.hpp"
#include "storage/file.hpp"

namespace canvasback {
namespace {

Dataset dataset_of_files(const std::vector<CollectionFile>& files) {
  Dataset out;
  out.name = "examined";
  for (const CollectionFile& file : files) out.files.push_back(file.file);
  return out;
}

// What a worker said of one file.
void take_answer(CollectionFile& file, ExaminedFile answer) {
  if (answer.error) {
    file.trouble = answer.error->message.empty() ? "It cannot be read" : answer.error->message;
    return;
  }
  file.file.rows = answer.rows;
  file.file.row_group_rows = std::move(answer.row_group_rows);
  file.info = std::move(answer.info);
  if (file.name.is_commit != file.info.id.empty()) file.trouble = "Its name is that of another kind of file";
}

}  // namespace

asio::awaitable<Result<std::vector<CollectionFile>>> PartExaminer::examine_together(std::vector<CollectionFile> files,
                                                                                    Depth depth) {
  using Out = Result<std::vector<CollectionFile>>;
  if (files.empty()) co_return files;
  Task task;
  task.work = ExamineWork{dataset_of_files(files), depth == Depth::Values};
  OpenFile none = open_nothing();
  CancelToken never;
  Pool& pool = depth == Depth::Values ? context_.pools.large : context_.pools.small;
  auto submitted = co_await pool.submit(std::move(task), std::move(none), never);
  if (!submitted) co_return Out(std::unexpected(submitted.error()));
  auto done = co_await (*submitted)->finish();
  if (!done) co_return Out(std::unexpected(done.error()));
  std::vector<ExaminedFile> answers = examined_files_from_json(*done);
  if (answers.size() != files.size()) co_return Out(fail(ErrorCode::DataProcessing, "Not all files were examined."));
  for (std::size_t i = 0; i < files.size(); ++i) take_answer(files[i], std::move(answers[i]));
  co_return files;
}

asio::awaitable<Result<std::vector<CollectionFile>>> PartExaminer::examine(std::vector<CollectionFile> files,
                                                                           Depth depth) {
  using Out = Result<std::vector<CollectionFile>>;
  std::vector<CollectionFile> out;
  std::vector<CollectionFile> opened;
  for (CollectionFile& file : files) (file.trouble.empty() ? opened : out).push_back(std::move(file));
  auto together = co_await examine_together(opened, depth);
  if (together) {
    std::ranges::move(*together, std::back_inserter(out));
    co_return out;
  }
  if (context_.stopping()) co_return Out(std::unexpected(together.error()));
  // One of them is more than a worker can bear: which one, each of them tells alone.
  for (CollectionFile& file : opened) {
    std::vector<CollectionFile> one(1, file);
    auto alone = co_await examine_together(std::move(one), depth);
    if (!alone) file.trouble = alone.error().message;
    out.push_back(alone ? std::move((*alone)[0]) : std::move(file));
  }
  co_return out;
}

asio::awaitable<bool> PartExaminer::any_readable(std::vector<CollectionFile> files) {
  auto examined = co_await examine(std::move(files), Depth::Footers);
  if (!examined) co_return false;
  co_return std::ranges::any_of(*examined, [](const CollectionFile& file) { return file.trouble.empty(); });
}

asio::awaitable<Status> PartExaminer::check_bytes(DataFile file, int fd) {
  const std::string path = file.path;
  CheckWork work;
  work.files.name = "checked";
  work.files.files.push_back(std::move(file));
  work.given = fd >= 0;
  Task task;
  task.work = std::move(work);
  OpenFile given = [fd, path](const Json&) -> Result<UniqueFd> {
    UniqueFd theirs(fd < 0 ? -1 : ::dup(fd));
    if (!theirs) return std::unexpected(file::error_from(errno, "opened", path));
    return theirs;
  };
  CancelToken never;
  // Somebody waits for this, and a large merge may take long.
  Pool& large = context_.pools.large;
  Pool& pool = large.running() + large.waiting() == 0 ? large : context_.pools.small;
  auto submitted = co_await pool.submit(std::move(task), std::move(given), never);
  if (!submitted) co_return Status(std::unexpected(submitted.error()));
  auto done = co_await (*submitted)->finish();
  if (!done) co_return Status(std::unexpected(done.error()));
  co_return Status();
}

}  // namespace canvasback
