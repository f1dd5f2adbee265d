#include "service/job/job_registry.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/limits.hpp"

namespace canvasback {
namespace {

class JobRegistryTest : public testing::Test {
 protected:
  std::shared_ptr<Job> add(std::string id, std::int64_t now_us = 0, bool stream = false) {
    JobSpec spec;
    spec.id = std::move(id);
    spec.delivery = stream ? JobDelivery::Stream : JobDelivery::File;
    auto job = registry_.add(std::move(spec), now_us);
    EXPECT_TRUE(job) << job.error().message;
    return job ? *job : nullptr;
  }
  // A finished file job.
  std::shared_ptr<Job> done(const std::string& id, std::uint64_t bytes, std::int64_t now_us) {
    auto job = add(id, now_us);
    EXPECT_TRUE(registry_.hold(*job, bytes));
    job->path = "/" + id;
    end_job(*job, {1, bytes, ""}, now_us);
    return job;
  }
  ErrorCode refused(std::string id, bool stream = false) {
    JobSpec spec;
    spec.id = std::move(id);
    spec.delivery = stream ? JobDelivery::Stream : JobDelivery::File;
    auto job = registry_.add(std::move(spec), 0);
    EXPECT_FALSE(job);
    return job ? ErrorCode::DataProcessing : job.error().code;
  }

  std::vector<std::string> removed_;
  JobRegistry registry_{{4, 1000, 60}, [this](const std::string& path) { removed_.push_back(path); }};
};

using Paths = std::vector<std::string>;

TEST_F(JobRegistryTest, TheLongestUnusedFileGoesFirst) {
  auto first = done("file-one", 400, 1);
  auto second = done("file-two", 400, 2);
  first->used_us = 3;  // fetched
  auto third = add("file-three", 4);
  EXPECT_TRUE(registry_.hold(*third, 200));
  EXPECT_TRUE(removed_.empty()) << "as much as the budget is allowed";
  EXPECT_TRUE(registry_.hold(*third, 1));
  EXPECT_EQ(removed_, Paths{"/file-two"});
  EXPECT_TRUE(second->path.empty());
  EXPECT_EQ(second->state, JobState::Done) << "only its file is gone";
  EXPECT_EQ(registry_.held_bytes(), 601U);
}

TEST_F(JobRegistryTest, WhatIsBeingFetchedOrWrittenStays) {
  auto fetched = done("file-one", 400, 1);
  fetched->readers = 1;
  auto writing = add("file-two", 2);
  EXPECT_TRUE(registry_.hold(*writing, 600));
  EXPECT_EQ(registry_.hold(*writing, 1).error().code, ErrorCode::StorageLimit);
  EXPECT_EQ(refused("file-three"), ErrorCode::StorageLimit) << "nothing can be had";
  EXPECT_NE(add("stream-one", 3, true), nullptr) << "streams need none";
  registry_.release(*writing);
  EXPECT_EQ(registry_.held_bytes(), 400U);
  add("file-three", 4);
  fetched->readers = 0;
  EXPECT_TRUE(registry_.hold(*writing, 1000));
  EXPECT_EQ(removed_, Paths{"/file-one"});
}

TEST_F(JobRegistryTest, WithoutBudgetThereAreNoFileJobs) {
  JobRegistry none({4, 0, 60}, [](const std::string&) {});
  EXPECT_EQ(none.add({}, 0).error().code, ErrorCode::StorageLimit);
  JobSpec stream;
  stream.delivery = JobDelivery::Stream;
  EXPECT_TRUE(none.add(stream, 0));
}

TEST_F(JobRegistryTest, TheirNumberIsBounded) {
  add("job-number-1");
  done("job-number-2", 10, 1);
  add("job-number-3");
  add("job-number-4");
  add("job-number-5");
  EXPECT_EQ(removed_, Paths{"/job-number-2"}) << "the oldest that ended";
  EXPECT_EQ(registry_.find("job-number-2").error().code, ErrorCode::JobNotFound);
  EXPECT_EQ(refused("job-number-6"), ErrorCode::TooManyRequests) << "all are under way";
  EXPECT_EQ(registry_.jobs().size(), 4U);
  EXPECT_EQ(registry_.jobs()[0]->spec.id, "job-number-1");
}

TEST_F(JobRegistryTest, OldOnesAreForgotten) {
  auto old = done("job-number-1", 10, 100);
  add("job-number-2", 0);
  registry_.expire(159);
  EXPECT_TRUE(removed_.empty());
  old->readers = 1;
  registry_.expire(200);
  EXPECT_TRUE(removed_.empty()) << "somebody fetches it";
  old->readers = 0;
  registry_.expire(200);
  EXPECT_EQ(removed_, Paths{"/job-number-1"});
  EXPECT_EQ(registry_.held_bytes(), 0U);
  EXPECT_TRUE(registry_.find("job-number-2")) << "one that is under way never grows old";
}

TEST_F(JobRegistryTest, ATokenIsTakenOnce) {
  auto stream = add("stream-one", 0, true);
  EXPECT_EQ(refused("stream-one", true), ErrorCode::JobConflict);
  end_job(*stream, Error{ErrorCode::Cancelled, "", {}, {}, 0}, 1);
  EXPECT_EQ(stream->state, JobState::Cancelled);
  add("stream-one", 2, true);
  done("file-one", 1, 1);
  EXPECT_EQ(refused("file-one", true), ErrorCode::JobConflict) << "its file is still wanted";
}

TEST_F(JobRegistryTest, TokensThatAreNone) {
  for (std::string token : {"short", "with space", "dots..dots", "slash/slash", "nul", "ünïcödé-token"}) {
    EXPECT_EQ(refused(token), ErrorCode::InvalidData) << token;
  }
  EXPECT_EQ(refused(std::string("null\0byte", 9)), ErrorCode::InvalidData);
  EXPECT_EQ(refused(std::string(limits::kJobTokenBytesMax + 1, 'x')), ErrorCode::InvalidData);
  add(std::string(limits::kJobTokenBytesMax, 'x'));
  EXPECT_EQ(add("")->spec.id.size(), 32U) << "made where none is given";
}

TEST(Job, ProgressBecomesRateAndTimeLeft) {
  Job job;
  EXPECT_FALSE(view_of(job, 5, 10).rows_per_second) << "it has not begun";
  job.state = JobState::Running;
  job.started_us = 1'000'000;
  job.rows = 300;
  job.bytes = 600;
  job.share = 0.25;
  JobView view = view_of(job, 4'000'000, 10);
  EXPECT_DOUBLE_EQ(*view.rows_per_second, 100);
  EXPECT_DOUBLE_EQ(*view.bytes_per_second, 200);
  EXPECT_DOUBLE_EQ(*view.seconds_left, 9);
  job.share = -1;
  EXPECT_FALSE(view_of(job, 4'000'000, 10).seconds_left);
  end_job(job, {1200, 2400, "x"}, 5'000'000);
  view = view_of(job, 99'000'000, 10);
  EXPECT_DOUBLE_EQ(*view.rows_per_second, 300) << "time stands still at the end";
  EXPECT_FALSE(view.seconds_left);
}

}  // namespace
}  // namespace canvasback
