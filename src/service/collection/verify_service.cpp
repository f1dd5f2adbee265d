#include "service/collection/verify_service.hpp"

namespace canvasback {

asio::awaitable<Result<VerifyService::Verified>> VerifyService::verify(std::string name, WorkWatch watch) {
  using Out = Result<Verified>;
  auto found = registry_.existing(name);
  if (!found) co_return Out(std::unexpected(found.error()));
  Collection& collection = **found;
  co_await folder_watch_.notice_changes(collection);
  // Held, so that no file of it goes meanwhile.
  const auto pinned = collection.versions.newest();
  Verified out;
  for (const CollectionFile& file : collection.files.blocking) out.problems.emplace_back(file.file.path, file.trouble);
  if (collection.health.blocked() && out.problems.empty()) {
    out.problems.emplace_back(collection.folder, collection.health.blocked()->message);
  }
  const std::vector<CollectionFile> files = collection.files.live;
  const auto all = static_cast<std::int64_t>(files.size());
  for (std::int64_t done = 0; done < all; ++done) {
    if (Status step = watch.step(done, all); !step) co_return Out(std::unexpected(step.error()));
    std::vector<CollectionFile> one(1, files[static_cast<std::size_t>(done)]);
    auto examined = co_await examiner_.examine(std::move(one), PartExaminer::Depth::Values);
    if (!examined) co_return Out(std::unexpected(examined.error()));
    for (const CollectionFile& file : *examined) {
      if (!file.trouble.empty()) {
        out.problems.emplace_back(file.file.path, file.trouble);
        continue;
      }
      ++out.files;
      out.records += file.file.rows;
    }
  }
  for (std::string& problem : shared_value_problems(collection)) {
    out.problems.emplace_back(collection.name, std::move(problem));
  }
  co_return out;
}

}  // namespace canvasback
