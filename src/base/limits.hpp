// Every bound of the program, by name: queues, bodies, batches, waits. Units are in the names.
// A limit that a user may change is the default of a setting in server/config and named there alike.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace canvasback::limits {

using std::chrono::milliseconds;
using std::chrono::seconds;

inline constexpr std::size_t kKiB = 1024;
inline constexpr std::size_t kMiB = 1024 * kKiB;
inline constexpr std::size_t kGiB = 1024 * kMiB;

// HTTP requests.
inline constexpr std::size_t kHeaderBytesMax = 16 * kKiB;
inline constexpr std::size_t kTargetBytesMax = 8 * kKiB;
inline constexpr std::size_t kBodyBytesMax = 8 * kMiB;  // JSON bodies (SQL, parameters)
inline constexpr std::size_t kSqlBytesMax = 1 * kMiB;
inline constexpr std::size_t kConnectionsMax = 1024;          // or fewer: see kDescriptorsReserve
inline constexpr std::size_t kDescriptorsReserve = 320;       // of RLIMIT_NOFILE: for workers, files and logs
inline constexpr std::size_t kConnectionsPerClientMax = 512;  // loopback: all of them
inline constexpr milliseconds kAcceptPause{100};              // when no descriptor is left
inline constexpr seconds kAcceptWarningPeriod{60};            // connections that were refused are logged so often
inline constexpr milliseconds kHalfClosedProbe{1000};         // no answer yet: whether the client is still there
inline constexpr seconds kHeaderTimeout{10};                  // a slow writer of headers is cut
inline constexpr seconds kBodyTimeout{30};
inline constexpr seconds kLingerTime{5};  // for the rest of a request that is answered before its end
inline constexpr std::size_t kLingerBytesMax = 256 * kMiB;
inline constexpr seconds kIdleTimeout{75};                          // keep-alive
inline constexpr seconds kSlowReaderWindow{30};                     // a stream must move, within this window,
inline constexpr std::size_t kSlowReaderBytesMin = 64 * kKiB * 30;  // at least so many bytes
inline constexpr std::size_t kSmallBodyBytes = 1 * kMiB;  // of a streamed body: so much is bounded by idle time, and
inline constexpr seconds kSmallBodyWindow{300};           // by this much waiting for it; beyond it comes at a rate:
inline constexpr seconds kSlowSenderWindow{30};           // within this window of waiting
inline constexpr std::size_t kSlowSenderBytesMin = 64 * kKiB * 30;
inline constexpr seconds kUploadYieldAfter{3};             // a slower body gives way after this, where others wait
inline constexpr seconds kUploadWaitMax{20};               // for the place of one
inline constexpr std::size_t kFileNameBytesMax = 255;      // in Content-Disposition
inline constexpr std::size_t kMessageBytesMax = 2 * kKiB;  // of an error's message, which may quote a statement

// JSON from outside.
inline constexpr std::size_t kJsonDepthMax = 64;
inline constexpr std::size_t kFilterDepthMax = 16;
inline constexpr std::size_t kFilterNodesMax = 1000;
inline constexpr std::size_t kColumnsMax = 65'536;
inline constexpr std::size_t kParametersMax = 1000;
inline constexpr std::size_t kSortKeysMax = 32;
inline constexpr std::size_t kAggregateColumnsMax = 256;
inline constexpr std::int64_t kHistogramBinsMax = 10'000;
inline constexpr std::int64_t kTopValuesMax = 10'000;

// Workers and their socket.
inline constexpr std::size_t kFrameBytesMax = 64 * kMiB;
inline constexpr std::size_t kDataFrameBytes = 256 * kKiB;
inline constexpr std::size_t kWorkersMax = 64;
inline constexpr std::size_t kQueueMax = 256;  // tasks waiting, both lanes together
inline constexpr seconds kQueueWaitMax{30};
inline constexpr milliseconds kProgressPeriod{200};
inline constexpr milliseconds kCancelGrace{250};  // from asking to SIGKILL
inline constexpr milliseconds kMemorySamplePeriod{100};
inline constexpr seconds kParkAfter{1};                  // blocked on its socket for so long,
inline constexpr milliseconds kParkAfterContended{100};  // or so, where other tasks wait
inline constexpr std::size_t kStreamsWaitingMax = 128;   // tasks of the stream lane that wait
inline constexpr seconds kHeartbeatPeriod{2};            // of workers that are fed, while they have a task
inline constexpr seconds kSilenceMax{20};                // without a sign of life such a worker is killed
inline constexpr seconds kIngestStallMax{120};           // nor does it sit on input for longer
inline constexpr seconds kRoleTaskMax{6 * 3600};         // of one merge or check
inline constexpr std::size_t kIngestParkedMax = 16;      // processes whose clients send nothing, beside the others
inline constexpr seconds kWorkerStartTimeout{20};
inline constexpr std::size_t kIdleGrowthBytesMax = 256 * kMiB;
inline constexpr std::size_t kWorkerMemoryBytesMin = 512 * kMiB;
inline constexpr seconds kDefaultTimeout{300};  // of one task, where none is given
inline constexpr milliseconds kMaxTimeout{3'600'000};

// Batches and blocks inside a worker.
inline constexpr std::int64_t kBatchRows = 65'536;
inline constexpr std::size_t kBatchBytesTarget = 4 * kMiB;    // a batch of wide rows has fewer of them
inline constexpr std::size_t kScanBytesInFlight = 32 * kMiB;  // decoded but not yet taken, per scan
inline constexpr std::size_t kEngineBytesInFlight = 32 * kMiB;
inline constexpr int kBlocksInFlightPerThread = 2;  // formatted but not yet written

// Text files that are served (docs/text-files.md).
inline constexpr std::size_t kTextBlockBytes = 1 * kMiB;     // scanned at once, by one thread
inline constexpr std::size_t kTextRowBytesMax = 256 * kMiB;  // a longer row is rather a quote that nothing closes
inline constexpr std::size_t kTextPartBytes = 16 * kMiB;     // a part ends behind the row that reaches it
inline constexpr std::size_t kTextColumnsMax = 16'384;
inline constexpr std::size_t kTextReasonBytesMax = 60;  // of a cell that a reason shows

// Datasets and the decoded-block cache.
inline constexpr std::size_t kDatasetFilesMax = 100'000;
inline constexpr std::size_t kCacheEntryBytesMax = 128 * kMiB;
inline constexpr std::size_t kCacheBytes = 2 * kGiB;
inline constexpr std::size_t kBlocksMappedBytesMax = 64 * kMiB;  // kept mapped, per worker
inline constexpr std::size_t kPageBytesMax = 32 * kMiB;          // a larger page is streamed
inline constexpr std::size_t kBlocksWaitingMax = 8;              // to be decoded for the cache, per worker
inline constexpr milliseconds kBlockIdleTime{30};                // without a task: time to decode for the cache
inline constexpr std::int64_t kPageRowsMax = 20'000;             // up to here a rows request is a bounded task
inline constexpr seconds kDatasetRefreshPeriod{2};

// Profiles: of one answer, and of those kept by file identity (the setting profile_cache).
inline constexpr std::size_t kProfileBytesMax = 64 * kMiB;
inline constexpr std::size_t kProfileCacheBytes = 32 * kMiB;
inline constexpr std::size_t kProfileColumnsAtOnce = 64;  // of a dataset that the engine reads

// Views and the WebSocket that reads them.
inline constexpr std::int64_t kWindowRowsMax = 20'000;
inline constexpr std::size_t kWindowBytesMax = 8 * kMiB;      // a larger window is answered with fewer rows,
inline constexpr std::size_t kWindowRowBytesMax = 16 * kMiB;  // down to one of so many bytes
inline constexpr std::int64_t kWindowCellBytesMin = 64;
inline constexpr std::int64_t kViewFirstRows = 200;        // prepared before everything else
inline constexpr std::int64_t kViewFirstRowsMax = 10'000;  // also all that is left of a view that is too large
inline constexpr std::size_t kViewPartBytesMax = 32 * kMiB;
inline constexpr std::size_t kViewRowsBytesMax = 64 * kMiB;  // a smaller result is kept as rows, not as positions
inline constexpr std::int64_t kColumnPartRows = 1'048'576;
inline constexpr std::size_t kTablesMappedMax = 1024;  // table files open, per worker
inline constexpr std::size_t kViewsMax = 1000;         // known to the server; of unused ones the oldest goes
inline constexpr std::size_t kViewsOpenMax = 32;       // per connection
inline constexpr std::size_t kStreamsMax = 64;
inline constexpr std::size_t kStreamTextBytesMax = 1 * kMiB;  // of a client's message
inline constexpr std::size_t kStreamWindowsWaitingMax = 256;
inline constexpr std::size_t kStreamWindowsAtOnce = 4;
inline constexpr std::size_t kStreamUnsentBytesMax = 16 * kMiB;
inline constexpr std::size_t kStreamUnsentTextsMax = 1000;  // then nothing more is read
inline constexpr std::size_t kStreamPieceBytes = 128 * kKiB;
inline constexpr std::int64_t kStreamCredits = 16;
inline constexpr std::int64_t kStreamCreditsMax = 64;
inline constexpr int kStreamSlots = 16;
inline constexpr milliseconds kViewNoticePeriod{200};
inline constexpr seconds kStreamIdleTimeout{40};  // half of it is the ping's period

// Tiles.
inline constexpr std::int64_t kTileSizeMin = 16;
inline constexpr std::int64_t kTileSizeMax = 1024;
inline constexpr std::int64_t kTileZoomMax = 30;

// Dashboards (docs/dashboards.md).
inline constexpr std::size_t kDashboardBytesMax = 256 * kKiB;
inline constexpr std::size_t kDashboardDepthMax = 16;
inline constexpr std::size_t kDashboardNodesMax = 20'000;
inline constexpr std::size_t kDashboardProblemsMax = 100;
inline constexpr std::size_t kDashboardModelsMax = 16;
inline constexpr std::size_t kDashboardNamesMax = 64;  // dimensions, and measures, of one source
inline constexpr std::size_t kDashboardTilesMax = 60;
inline constexpr std::size_t kDashboardBinsMax = 200;
inline constexpr std::size_t kDashboardValuesMax = 1000;     // of one filter
inline constexpr std::size_t kDashboardFilesMax = 1000;      // in the data folder
inline constexpr std::int64_t kDashboardTopMax = 1000;       // values of a dimension, series of a chart
inline constexpr std::int64_t kDashboardGroupsMax = 50'000;  // rows of one tile
inline constexpr std::size_t kDashboardQueryTilesMax = 100;
inline constexpr std::size_t kDashboardKnownMax = 200;
inline constexpr std::size_t kLiveRollupSetsMax = 64;  // sources, needs and time zones
inline constexpr std::size_t kDashboardAnswerBytesMax = 16 * kMiB;

// Jobs and their files below DATA/jobs (the settings job_files and job_files_age_s).
inline constexpr std::size_t kJobsMax = 1000;        // known; of those that ended the oldest is forgotten
inline constexpr std::size_t kJobTokenBytesMin = 8;  // of an id that the client chose
inline constexpr std::size_t kJobTokenBytesMax = 64;
inline constexpr std::size_t kJobFilesBytes = 10 * 1000 * std::size_t{1000} * 1000;
inline constexpr seconds kJobFilesAge{24 * 3600};
inline constexpr seconds kJobFilesAgeMax{366 * 24 * 3600};
inline constexpr std::size_t kDiskFreeBytesMin = 256 * kMiB;  // a job's file leaves so much of the disk free
inline constexpr milliseconds kJobEventPeriod{200};
inline constexpr seconds kJobHeartbeat{5};           // of events where nothing changes
inline constexpr milliseconds kJobRetryPeriod{200};  // a job whose task was refused for overload tries again
inline constexpr std::size_t kFilePieceBytes = 256 * kKiB;

// Collections: records that are kept (docs/collections.md).
inline constexpr std::size_t kIngestBodyBytesMax = 8 * kMiB;     // gathered with others into one commit
inline constexpr std::size_t kIngestStreamBytesMax = 64 * kGiB;  // a body that is a commit by itself
inline constexpr std::size_t kDecompressedRatioMax = 200;        // of a compressed body, beyond the first 64 MiB
inline constexpr std::size_t kRecordBytesMax = 16 * kMiB;
inline constexpr std::size_t kRecordDepthMax = 64;
inline constexpr std::size_t kStructMembersMax = 256;  // an object with more keys is JSON text
inline constexpr std::size_t kStructDepthMax = 16;     // and so is one that lies deeper
inline constexpr std::size_t kRecordKeysMax = 4096;    // columns of a collection
inline constexpr std::size_t kRecordErrorsMax = 100;   // told of one request
inline constexpr std::size_t kInputFrameBytes = 1 * kMiB;
inline constexpr std::size_t kIngestBlockBytes = 2 * kMiB;  // parsed at once, by one thread
inline constexpr std::int64_t kPartRowGroupRows = 122'880;
inline constexpr std::int64_t kCommitRowGroupRows = 16'384;    // small: written while what follows is parsed
inline constexpr std::size_t kPartRowGroupBytes = 128 * kMiB;  // of source text
inline constexpr std::size_t kGroupBytesMax = 16 * kMiB;       // of requests in one commit
inline constexpr std::size_t kGroupRequestsMax = 1024;
inline constexpr std::size_t kIngestWaitingBytesMax = 64 * kMiB;  // of requests that wait for a commit
inline constexpr std::size_t kIngestStreamsMax = 16;              // bodies on their way at once
inline constexpr std::size_t kCommitsUnmergedMax = 256;           // past it 429
inline constexpr std::size_t kCommitsMergeAt = 16;
inline constexpr std::int64_t kSmallCommitRows = 65'536;    // commits of more are merged among themselves
inline constexpr std::int64_t kSmallMergeRows = 262'144;    // merges of more have a process of their own
inline constexpr int kLargeMergeNice = 10;                  // of that process: requests go first
inline constexpr std::size_t kWriteBehindBytes = 8 * kMiB;  // of a file: then the disk is asked to begin
inline constexpr int kIngestProcesses = 4;                  // the last of them is for short bodies alone
inline constexpr std::size_t kIdempotencyKeysMax = 10'000;  // remembered, per collection
inline constexpr std::size_t kIdempotencyKeyBytesMax = 128;
inline constexpr seconds kIdempotencyAge{24 * 3600};
inline constexpr std::size_t kFeedBytesMax = 64 * kMiB;  // of one answer
inline constexpr std::size_t kSearchWordsMax = 16;
inline constexpr milliseconds kSearchBudget{1000};  // of a search; what is left then is for the next request
inline constexpr milliseconds kSearchBudgetMax{30'000};
inline constexpr std::size_t kConflictsMax = 1000;   // listed at GET /schema
inline constexpr milliseconds kSyncInterval{1000};   // durability = interval
inline constexpr std::size_t kWorkerFilesMax = 128;  // descriptors handed to a worker at once

// Schemas of collections.
inline constexpr std::size_t kSchemasMax = 1000;
inline constexpr std::size_t kSchemaFieldsMax = 4096;
inline constexpr std::size_t kSchemaNameBytesMax = 256;
inline constexpr std::size_t kSchemaPatternBytesMax = 4096;
inline constexpr std::size_t kSchemaKeysMax = 16;  // the primary key and unique fields
inline constexpr std::int64_t kBenchmarkRecordsMax = 1'000'000;
inline constexpr std::int64_t kBenchmarkSingleRecordsMax = 10'000;
inline constexpr std::size_t kSchemaVersionsMax = 1000;  // kept; the oldest go

// MySQL as a source: the defaults of a login, and what is read from it.
inline constexpr seconds kMysqlConnectTimeout{10};
inline constexpr seconds kMysqlReadTimeout{120};
inline constexpr seconds kMysqlStatementTimeout{60};             // no snapshot is open for longer
inline constexpr seconds kMysqlNetWriteTimeout{60};              // of the server, for a reader that is slow
inline constexpr std::size_t kMysqlTextRowsMax = 100'000;        // of an answer that is taken as text
inline constexpr std::size_t kMysqlPacketBytesMax = 256 * kMiB;  // of one row
inline constexpr std::int64_t kMysqlBatchRows = 32'768;
inline constexpr std::size_t kMysqlBatchesAhead = 3;  // decoded and not yet taken

// Shutting down.
inline constexpr seconds kDrainDeadline{10};

}  // namespace canvasback::limits
