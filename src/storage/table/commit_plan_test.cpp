// The steps of a commit, and what a folder is read as after a crash at each of them.
#include "storage/table/commit_plan.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "storage/table/file_set.hpp"

namespace canvasback {
namespace {

CommitFiles two_parts() {
  return {"/c", "/q", {{11, "/c/.writing-1.tmp"}, {12, "/c/.writing-2.tmp"}}, WrittenFile{13, "/c/.writing-3.tmp"}};
}

TEST(CommitPlan, EverythingInItsOrder) {
  const CommitPlan plan = plan_commit(two_parts(), 7, true, NumberNote{1007, {}});
  const std::vector<FileStep> before{{StepKind::NoteNumbers, "/c"},
                                     {StepKind::MakeFolder, "/q"},
                                     {StepKind::Sync, "/c/.writing-3.tmp", {}, 13},
                                     {StepKind::Rename, "/c/.writing-3.tmp", "/q/commit_000000000007.ndjson"},
                                     {StepKind::SyncFolder, "/q"},
                                     {StepKind::Sync, "/c/.writing-1.tmp", {}, 11},
                                     {StepKind::Sync, "/c/.writing-2.tmp", {}, 12}};
  const std::vector<FileStep> naming{{StepKind::Rename, "/c/.writing-1.tmp", "/c/commit_000000000007_1of2.parquet"},
                                     {StepKind::Rename, "/c/.writing-2.tmp", "/c/commit_000000000007_2of2.parquet"},
                                     {StepKind::SyncFolder, "/c"}};
  EXPECT_EQ(plan.before, before);
  EXPECT_EQ(plan.naming, naming);
  EXPECT_EQ(plan.names(), (std::vector<std::string>{"/q/commit_000000000007.ndjson", plan.paths[0], plan.paths[1]}));
  EXPECT_EQ(plan.numbers->used_up_to, 1007U);
}

TEST(CommitPlan, WithoutSyncsOnlyRefusedRecordsAreSynced) {
  CommitFiles files = two_parts();
  const CommitPlan plan = plan_commit(files, 7, false, {});
  EXPECT_EQ(plan.before.size(), 4U);
  EXPECT_EQ(plan.naming.size(), 2U);
  files.rejects.reset();
  EXPECT_TRUE(plan_commit(files, 7, false, {}).before.empty());
}

TEST(CommitPlan, RefusedRecordsAloneNameNothingElse) {
  CommitFiles files = two_parts();
  files.parts.clear();
  const CommitPlan plan = plan_commit(files, 7, true, {});
  EXPECT_EQ(plan.before.size(), 4U);
  EXPECT_TRUE(plan.naming.empty());
  EXPECT_TRUE(plan.paths.empty());
}

// What is on a disk: names as they are, and as they would be after a power cut.
class FakeFiles {
 public:
  explicit FakeFiles(const CommitFiles& files) {
    for (const WrittenFile& part : files.parts) now_[part.path] = part.fd;
  }

  void carry_out(const FileStep& step) {
    switch (step.kind) {
      case StepKind::Sync: synced_.insert(step.fd); break;
      case StepKind::Rename:
        if (!now_.contains(step.path)) return;  // of refused records
        now_[step.target] = now_.at(step.path);
        now_.erase(step.path);
        unsure_.insert(step.target);
        break;
      case StepKind::SyncFolder: unsure_.clear(); break;
      case StepKind::NoteNumbers:
      case StepKind::MakeFolder: break;
    }
  }

  // Every folder that a power cut may leave: each name that was not synced is there or not, in all ways.
  std::vector<std::vector<CollectionFile>> after_power_cuts() const {
    std::vector<std::vector<CollectionFile>> out;
    const std::vector<std::string> unsure(unsure_.begin(), unsure_.end());
    for (std::size_t kept = 0; kept < std::size_t{1} << unsure.size(); ++kept) {
      std::set<std::string> lost;
      for (std::size_t i = 0; i < unsure.size(); ++i) {
        if ((kept >> i & 1) == 0) lost.insert(unsure[i]);
      }
      out.push_back(read(lost));
    }
    return out;
  }

 private:
  std::vector<CollectionFile> read(const std::set<std::string>& lost) const {
    std::vector<CollectionFile> out;
    for (const auto& [path, fd] : now_) {
      const auto name = parse_part_name(file_name(path));
      if (!name || lost.contains(path)) continue;
      CollectionFile file;
      file.file.path = path;
      file.name = *name;
      if (!synced_.contains(fd)) file.trouble = "torn";
      out.push_back(std::move(file));
    }
    return out;
  }

  std::map<std::string, int> now_;  // the descriptor stands for what is in it
  std::set<int> synced_;
  std::set<std::string> unsure_;
};

std::vector<FileStep> all_steps(const CommitPlan& plan) {
  std::vector<FileStep> out = plan.before;
  out.insert(out.end(), plan.naming.begin(), plan.naming.end());
  return out;
}

TEST(CommitPlan, APowerCutLeavesAllOfItOrNothing) {
  const CommitFiles files = two_parts();
  const std::vector<FileStep> steps = all_steps(plan_commit(files, 7, true, {}));
  for (std::size_t done = 0; done <= steps.size(); ++done) {
    FakeFiles disk(files);
    for (std::size_t i = 0; i < done; ++i) disk.carry_out(steps[i]);
    for (const auto& folder : disk.after_power_cuts()) {
      const FileSet read = select_files(folder, {});
      EXPECT_TRUE(read.live.empty() || read.live.size() == files.parts.size()) << "after step " << done;
      EXPECT_TRUE(read.blocking.empty()) << "after step " << done;
      EXPECT_TRUE(done < steps.size() || !read.live.empty());
    }
  }
}

// The test above would not notice a commit that is never synced if the fake disk forgave it.
TEST(CommitPlan, WithoutItsSyncsAPowerCutTearsIt) {
  const CommitFiles files = two_parts();
  FakeFiles disk(files);
  for (const FileStep& step : all_steps(plan_commit(files, 7, false, {}))) disk.carry_out(step);
  std::size_t torn = 0;
  for (const auto& folder : disk.after_power_cuts()) torn += select_files(folder, {}).blocking.size();
  EXPECT_GT(torn, 0U);
  // That is why the note says up to where all is on the disk: what is torn behind it is nobody's loss.
  FolderNotes notes;
  notes.synced_up_to = 6;
  for (const auto& folder : disk.after_power_cuts()) EXPECT_TRUE(select_files(folder, {}, notes).blocking.empty());
}

}  // namespace
}  // namespace canvasback
