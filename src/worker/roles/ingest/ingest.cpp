#include "worker/roles/ingest/ingest.hpp"

#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <thread>

#include "base/compress.hpp"
#include "base/limits.hpp"
#include "base/ordered_pipeline.hpp"
#include "base/write_all.hpp"
#include "source/records/csv_reader.hpp"
#include "source/records/json_reader.hpp"
#include "source/records/record_splitter.hpp"
#include "source/records/schema_check.hpp"
#include "source/records/table_reader.hpp"
#include "task/record_task.hpp"
#include "task/spool.hpp"
#include "worker/roles/ingest/typed_input.hpp"
#include "worker/write/part_builder.hpp"

namespace canvasback {
namespace {

constexpr std::size_t kTypedRowBytes = 256;  // what a typed row is taken to weigh

RecordFormat record_format(InputFormat format) {
  return format == InputFormat::Ndjson ? RecordFormat::Ndjson : RecordFormat::Json;
}

// Hands on what is decoded; without an encoding, the bytes as they are.
class Decoder {
 public:
  static Result<Decoder> open(const std::string& encoding) {
    Decoder out;
    if (!encoding.empty()) {
      CANVASBACK_ASSIGN(out.decompressor_, make_decompressor(encoding, limits::kDecompressedRatioMax));
    }
    return out;
  }
  Status add(std::string_view bytes, const Decompressor::Take& take) {
    return decompressor_ ? decompressor_->add(bytes, take) : take(bytes);
  }
  Status end() { return decompressor_ ? decompressor_->end() : Status(); }

 private:
  std::unique_ptr<Decompressor> decompressor_;
};

Json error_to_json(const RecordError& error, std::int64_t record, std::int64_t line) {
  Json out;
  out.set("record", record);
  if (line > 0) out.set("line", line);
  if (!error.field.empty()) out.set("field", error.field);
  if (!error.rule.empty()) out.set("rule", error.rule);
  out.set("message", error.message);
  return out;
}

std::string describe(const Json& first, std::int64_t count) {
  const std::string where = first.find("line") != nullptr ? "line " + first.at("line").scalar_text()
                                                          : "record " + first.at("record").scalar_text();
  const Json* field = first.find("field");
  const std::string name = field != nullptr ? "\"" + std::string(field->as_string()) + "\": " : "";
  std::string text = where + ": " + name + std::string(first.at("message").as_string());
  if (count > 1) text += " (and " + std::to_string(count - 1) + " more)";
  return text;
}

// The file of refused records: a line of JSON for each, with what was wrong.
class Rejects {
 public:
  explicit Rejects(PartBuilder::OpenFile open_file) : open_file_(std::move(open_file)) {}

  Status add(Json error, std::string_view text) {
    if (!file_) {
      CANVASBACK_ASSIGN(file_, open_file_());
    }
    error.set("text", text);
    lines_ += error.dump();
    lines_ += '\n';
    return lines_.size() < limits::kMiB ? Status() : write();
  }
  Status finish() { return file_ ? write() : Status(); }
  bool any() const { return static_cast<bool>(file_); }

 private:
  Status write() {
    if (write_all(file_.get(), lines_) != 0) {
      return fail(ErrorCode::StorageLimit, "The refused records could not be kept.");
    }
    lines_.clear();
    return {};
  }

  PartBuilder::OpenFile open_file_;
  UniqueFd file_;
  std::string lines_;
};

class Ingest {
 public:
  Ingest(const IngestWork& work, WorkFeed& feed, int threads, const CancelToken& cancel,
         const std::function<void(const IngestProgress&)>& report)
      : work_(work),
        feed_(feed),
        threads_(threads),
        cancel_(cancel),
        report_(report),
        keys_(keys_of(work)),
        builder_(
            work.time_us, threads, [this] { return feed_.need_file(kNeedPart, cancel_); }, keys_ ? &*keys_ : nullptr),
        rejects_([this] { return feed_.need_file(kNeedRejects, cancel_); }) {
    result_.outcomes.resize(work.inputs.size());
    builder_.set_keeps_older(work.keeps_older);
    if (work.schema) builder_.set_filtered(single_keys(*work.schema));
  }

  Result<IngestResult> run() {
    const bool fed = work_.inputs.size() == 1 && work_.inputs[0].bytes < 0;
    if (work_.fingerprint_only) return only_fingerprint();
    const InputFormat format = work_.inputs.empty() ? InputFormat::Json : work_.inputs[0].format;
    if (work_.schema && !work_.inputs.empty()) {
      // A cell of CSV is a text that looks like something. The inputs of one task say the same of it.
      const bool cast = work_.inputs[0].cast.value_or(work_.schema->cast || format == InputFormat::Csv);
      CANVASBACK_ASSIGN(check_, SchemaCheck::make(*work_.schema, cast));
    }
    if (!fed) {
      CANVASBACK_TRY(run_gathered());
    } else if (format == InputFormat::Csv) {
      CANVASBACK_TRY(run_csv());
    } else if (format == InputFormat::Parquet || format == InputFormat::Arrow) {
      CANVASBACK_TRY(run_typed(format));
    } else {
      CANVASBACK_TRY(run_fed());
    }
    std::vector<KeptRequest> requests;
    for (std::size_t i = 0; i < work_.inputs.size(); ++i) {
      const IngestOutcome& outcome = result_.outcomes[i];
      const IngestInput& input = work_.inputs[i];
      if (input.key.empty() || outcome.error) continue;
      requests.push_back({input.key, outcome.records, outcome.quarantined, 0, work_.time_us,
                          fingerprint_ ? fingerprint_->finish() : input.fingerprint, outcome.id, outcome.record});
    }
    CANVASBACK_ASSIGN(result_.files, builder_.finish(std::move(requests), work_.deletes));
    CANVASBACK_TRY(rejects_.finish());
    result_.has_rejects = rejects_.any();
    return std::move(result_);
  }

 private:
  // The one input, as it would be hashed if it were kept.
  Result<IngestResult> only_fingerprint() {
    CANVASBACK_TRY(feed_decoded(work_.inputs[0], cancel_, [](std::string_view) { return Status(); }));
    result_.outcomes[0].fingerprint = fingerprint_->finish();
    return std::move(result_);
  }

  // All of an input that comes as it is fed, without its encoding.
  Status feed_decoded(const IngestInput& input, const CancelToken& cancel, const Decompressor::Take& take) {
    if (!input.key.empty() && input.fingerprint.empty()) fingerprint_.emplace(input.parameters);
    const auto hash_and_take = [&](std::string_view bytes) -> Status {
      if (fingerprint_) fingerprint_->add(bytes);
      return take(bytes);
    };
    CANVASBACK_ASSIGN(Decoder decoder, Decoder::open(input.encoding));
    while (true) {
      CANVASBACK_ASSIGN(auto piece, feed_.next_input(cancel));
      if (!piece) break;
      CANVASBACK_TRY(decoder.add(*piece, hash_and_take));
    }
    return decoder.end();
  }

  std::optional<KeyWriter> keys_of(const IngestWork& work) {
    if (!work.schema || work.key_secret.empty()) return std::nullopt;
    return KeyWriter(KeyColumns(*work.schema, work.key_secret), [this] { return feed_.need_file(kNeedKeys, cancel_); });
  }

  // Several bodies, all of them here before any is judged.
  Status run_gathered() {
    std::vector<RecordBlock> blocks;
    std::vector<std::size_t> inputs;  // whose a block is
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < work_.inputs.size(); ++i) {
      const IngestInput& input = work_.inputs[i];
      CANVASBACK_ASSIGN(std::string body, feed_.take_input(static_cast<std::size_t>(input.bytes), cancel_));
      const std::size_t before = blocks.size();
      const Status status = split(input, body, blocks);
      if (!status) {
        result_.outcomes[i].error = status.error();
        blocks.resize(before);
      }
      for (std::size_t at = before; at < blocks.size(); ++at) bytes += blocks[at].bytes.size();
      inputs.resize(blocks.size(), i);
    }
    const bool keep = std::ranges::any_of(work_.inputs, [](const IngestInput& input) { return input.quarantine; });
    JsonRecordReader reader(stamps(), keep, check_);
    auto texts = builder_.texts();
    ReadRecords read = reader.read(blocks, *texts);
    if (judge(read, inputs, blocks)) read = reader.read(blocks, *texts);  // without the refused ones
    CANVASBACK_TRY(settle(read, inputs));
    report_({read.records.rows, bytes});
    const auto again = [&reader, &blocks](const TextPlaces& places) -> Result<Shredded> {
      return std::move(reader.read(blocks, places).records);
    };
    CANVASBACK_TRY(builder_.add(std::move(read.records), texts, bytes, again));
    return builder_.settle();
  }

  static Status split(const IngestInput& input, std::string_view body, std::vector<RecordBlock>& blocks) {
    const auto take = [&blocks](RecordBlock block) -> Status {
      blocks.push_back(std::move(block));
      return {};
    };
    RecordSplitter splitter(record_format(input.format), limits::kIngestBlockBytes, take);
    CANVASBACK_ASSIGN(Decoder decoder, Decoder::open(input.encoding));
    CANVASBACK_TRY(decoder.add(body, [&](std::string_view bytes) { return splitter.add(bytes); }));
    CANVASBACK_TRY(decoder.end());
    return splitter.finish();
  }

  // Refuses the inputs with bad records that are not to be quarantined, and takes their blocks away; true where any
  // was.
  bool judge(const ReadRecords& read, std::vector<std::size_t>& inputs, std::vector<RecordBlock>& blocks) {
    std::vector<std::int64_t> counts(work_.inputs.size());
    for (std::size_t at = 0; at < blocks.size(); ++at) {
      counts[inputs[at]] += read.blocks[at].error_count + blocks[at].too_long_lines;
    }
    bool any = false;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] == 0 || work_.inputs[i].quarantine) continue;
      Place place;
      for (std::size_t at = 0; at < blocks.size(); ++at) {
        if (inputs[at] == i) note_errors(read.blocks[at], blocks[at].too_long_lines, place, result_.outcomes[i]);
      }
      refuse(result_.outcomes[i], counts[i]);
      any = true;
    }
    if (!any) return false;
    std::vector<RecordBlock> kept;
    std::vector<std::size_t> kept_inputs;
    for (std::size_t at = 0; at < blocks.size(); ++at) {
      if (result_.outcomes[inputs[at]].error) continue;
      kept.push_back(std::move(blocks[at]));
      kept_inputs.push_back(inputs[at]);
    }
    blocks = std::move(kept);
    inputs = std::move(kept_inputs);
    return true;
  }

  Status settle(const ReadRecords& read, const std::vector<std::size_t>& inputs) {
    std::vector<Place> places(work_.inputs.size());
    for (std::size_t at = 0; at < inputs.size(); ++at) {
      IngestOutcome& outcome = result_.outcomes[inputs[at]];
      const BlockOutcome& block = read.blocks[at];
      outcome.records += block.seen - block.error_count;
      outcome.quarantined += block.error_count;
      CANVASBACK_TRY(reject(block, places[inputs[at]], 0));
      note_errors(block, 0, places[inputs[at]], outcome);
    }
    std::int64_t row = 0;
    for (IngestOutcome& outcome : result_.outcomes) {
      if (outcome.records == 1) {
        outcome.id = id_at(read.records, row);
        outcome.record = key_at(read.records, row);
      }
      row += outcome.records;
    }
    return {};
  }

  static Json id_at(const Shredded& records, std::int64_t row) {
    for (const auto& [name, place] : records.members) {
      if (name != kIdColumn) continue;
      if (place.strings && place.strings->IsValid(row)) {
        return std::string(static_cast<const arrow::StringArray&>(*place.strings).GetView(row));
      }
      if (place.ints && place.ints->IsValid(row)) return static_cast<const arrow::Int64Array&>(*place.ints).Value(row);
    }
    return {};
  }

  // The key of a record as in its address; empty: records have none.
  std::vector<std::string> key_at(const Shredded& records, std::int64_t row) const {
    std::vector<std::string> out;
    if (!work_.schema) return out;
    for (const std::string& name : work_.schema->primary_key) {
      const auto found = std::ranges::find(records.members, name, &std::pair<std::string, Shredded>::first);
      if (found == records.members.end()) return {};
      out.push_back(key_value_text(found->second, row));
    }
    return out;
  }

  static std::string key_value_text(const Shredded& place, std::int64_t row) {
    const auto has = [row](const std::shared_ptr<arrow::Array>& lane) { return lane && lane->IsValid(row); };
    if (has(place.strings)) return std::string(static_cast<const arrow::StringArray&>(*place.strings).GetView(row));
    if (has(place.ints)) return std::to_string(static_cast<const arrow::Int64Array&>(*place.ints).Value(row));
    if (has(place.bools)) return static_cast<const arrow::BooleanArray&>(*place.bools).Value(row) ? "true" : "false";
    if (has(place.dates)) return key_text_of_day(static_cast<const arrow::Date32Array&>(*place.dates).Value(row));
    if (!has(place.timestamps)) return {};
    return key_text_of_time(static_cast<const arrow::TimestampArray&>(*place.timestamps).Value(row));
  }

  // Cells of text fields are text from the begin: as a number and back, 0.00001 would be 1e-05.
  CsvColumns csv_columns() const {
    CsvColumns out;
    if (!check_) return out;
    out.amounts = false;
    for (const SchemaField& field : work_.schema->fields) {
      if (field.type == FieldType::String) out.texts.insert(field.name);
    }
    if (work_.schema->find(kIdColumn) == nullptr) out.texts.emplace(kIdColumn);
    return out;
  }

  // Rows come typed or not at all: none is bad alone.
  Status run_csv() {
    RecordStamps stamped = stamps();
    const auto take = [&](Shredded records) -> Status {
      CANVASBACK_TRY(judge_typed(records));
      stamped.add_to(records);
      return keep_typed(std::move(records), {});
    };
    CsvRecordReader reader(take, csv_columns());
    CANVASBACK_TRY(feed_decoded(work_.inputs[0], cancel_, [&](std::string_view bytes) { return reader.add(bytes); }));
    return reader.finish();
  }

  Status run_typed(InputFormat format) {
    CANVASBACK_ASSIGN(UniqueFd spool, feed_.need_file(kNeedSpool, cancel_));
    const auto write = [&](std::string_view bytes) -> Status {
      if (write_all(spool.get(), bytes) == 0) return {};
      return fail(ErrorCode::StorageLimit, "The disk is full: the file was not kept.");
    };
    CANVASBACK_TRY(feed_decoded(work_.inputs[0], cancel_, write));
    RecordStamps stamped = stamps();
    return read_typed_file(spool.get(), format, [&](BatchPtr batch) -> Status {
      CANVASBACK_TRY(cancel_.check());
      const auto again = [this, batch](const TextPlaces& places) -> Result<Shredded> {
        CANVASBACK_ASSIGN(Shredded records, shred_batch(*batch, places));
        if (check_) static_cast<void>(check_->apply(records));  // judged before: only its casts are wanted
        stamps().add_to(records);
        return records;
      };
      CANVASBACK_ASSIGN(Shredded records, shred_batch(*batch, *builder_.texts()));
      CANVASBACK_TRY(judge_typed(records));
      stamped.add_to(records);
      return keep_typed(std::move(records), again);
    });
  }

  // Rows against the schema: one that breaks a rule refuses all of them.
  Status judge_typed(Shredded& records) {
    if (!check_) return {};
    const auto broken = check_->apply(records);
    if (broken.empty()) return {};
    IngestOutcome& outcome = result_.outcomes[0];
    const std::int64_t before = outcome.records;
    outcome.errors = Json::Array{};
    for (const BrokenRule& rule : broken) {
      if (outcome.errors.as_array().size() >= limits::kRecordErrorsMax) break;
      outcome.errors.push(error_to_json({0, 0, rule.field, rule.message, rule.rule}, before + rule.row, 0));
    }
    refuse(outcome, static_cast<std::int64_t>(broken.size()));
    return std::unexpected(*outcome.error);
  }

  RecordStamps stamps() const { return RecordStamps(work_.time_us, !check_ || check_->makes_ids()); }

  Status keep_typed(Shredded records, PartBuilder::ReadAgain again) {
    IngestOutcome& outcome = result_.outcomes[0];
    outcome.records += records.rows;
    outcome.errors = Json::Array{};
    report_({outcome.records, 0});
    const std::size_t weight = static_cast<std::size_t>(records.rows) * kTypedRowBytes;
    return builder_.add(std::move(records), builder_.texts(), weight, std::move(again));
  }

  // One body of any size, worked off while it comes.
  struct Item {
    RecordBlock block;
    std::shared_ptr<const TextPlaces> texts;
  };
  struct Read {
    std::shared_ptr<const RecordBlock> block;  // shared: read again where kinds want text
    std::shared_ptr<const TextPlaces> texts;
    ReadRecords records;
  };

  Status run_fed() {
    const IngestInput& input = work_.inputs[0];
    std::mutex mutex;
    auto texts = builder_.texts();
    using Pipeline = OrderedPipeline<Item, Read>;
    Pipeline pipeline({threads_, static_cast<std::size_t>(threads_) * 2 + 1, SIZE_MAX}, [&](Item item) -> Result<Read> {
      JsonRecordReader reader(stamps(), input.quarantine, check_);
      ReadRecords records = reader.read(std::span(&item.block, 1), *item.texts);
      item.block.index.reset();  // another block's, rather than kept for the few that are read again
      return Read{std::make_shared<const RecordBlock>(std::move(item.block)), std::move(item.texts),
                  std::move(records)};
    });
    std::thread feeding([&] {
      const auto take = [&](RecordBlock block) -> Status {
        std::shared_ptr<const TextPlaces> now;
        {
          std::scoped_lock lock(mutex);
          now = texts;
        }
        const std::size_t bytes = block.bytes.size();
        if (pipeline.push({std::move(block), std::move(now)}, bytes)) return {};
        return fail(ErrorCode::Cancelled, "The task was stopped.");
      };
      pipeline.close(feed_all(input, take));
    });
    Status status = consume(pipeline, [&](std::shared_ptr<const TextPlaces> now) {
      std::scoped_lock lock(mutex);
      texts = std::move(now);
    });
    pipeline.stop();
    feeding_cancel_.cancel(CancelReason::Client);  // it may be waiting for input
    feeding.join();
    return status;
  }

  Status feed_all(const IngestInput& input, const RecordSplitter::Take& take) {
    try {
      RecordSplitter splitter(record_format(input.format), limits::kIngestBlockBytes, take);
      const auto split = [&](std::string_view bytes) { return splitter.add(bytes); };
      CANVASBACK_TRY(feed_decoded(input, feeding_cancel_, split));
      return splitter.finish();
    } catch (const std::bad_alloc&) {
      return fail(ErrorCode::MemoryLimit, "The body needs more memory than a worker has.");
    }
  }

  template <class Pipeline, class Announce>
  Status consume(Pipeline& pipeline, Announce announce) {
    const IngestInput& input = work_.inputs[0];
    IngestOutcome& outcome = result_.outcomes[0];
    Place place;
    std::int64_t refused = 0;
    IngestProgress progress;
    while (true) {
      auto popped = pipeline.pop([&] { return cancel_.check(); });
      if (!popped) {
        // A body that is broken as a whole may have bad records before that place, which say more.
        if (refused > 0) break;
        return std::unexpected(popped.error());
      }
      if (!*popped) break;
      Read& read = **popped;
      const BlockOutcome& block = read.records.blocks[0];
      const std::int64_t bad = block.error_count + read.block->too_long_lines;
      outcome.records += block.seen - block.error_count;
      if (input.quarantine) {
        outcome.quarantined += bad;
        CANVASBACK_TRY(reject(block, place, read.block->too_long_lines));
      } else {
        refused += bad;
      }
      note_errors(block, read.block->too_long_lines, place, outcome);
      progress.records = outcome.records;
      progress.bytes += read.block->bytes.size();
      report_(progress);
      if (refused > 0) continue;  // only its errors are still of interest
      const auto again = [this, kept = read.block](const TextPlaces& places) -> Result<Shredded> {
        JsonRecordReader reader(stamps(), false, check_);
        return std::move(reader.read(std::span(kept.get(), 1), places).records);
      };
      CANVASBACK_TRY(builder_.add(std::move(read.records.records), read.texts, read.block->bytes.size(), again));
      announce(builder_.texts());
    }
    if (refused == 0) return {};
    refuse(outcome, refused);
    return std::unexpected(*outcome.error);
  }

  // Where in an input its next block begins.
  struct Place {
    std::int64_t record = 0;
    std::int64_t line = 0;
  };

  // Adds the errors of the lines left out before a block and its own to those that are told, and goes on behind it.
  static void note_errors(const BlockOutcome& block, std::int64_t too_long_lines, Place& place,
                          IngestOutcome& outcome) {
    if (outcome.errors.is_null()) outcome.errors = Json::Array{};
    const auto room = [&] { return outcome.errors.as_array().size() < limits::kRecordErrorsMax; };
    for (std::int64_t i = 0; i < too_long_lines; ++i) {
      ++place.line;
      if (room()) {
        outcome.errors.push(error_to_json({0, 0, {}, "The line is longer than 16 MiB."}, place.record, place.line));
      }
      ++place.record;
    }
    for (const RecordError& error : block.errors) {
      if (!room()) break;
      outcome.errors.push(
          error_to_json(error, place.record + error.record, error.line > 0 ? place.line + error.line : 0));
    }
    place.record += block.seen;
    place.line += block.lines;
  }

  Status reject(const BlockOutcome& block, Place place, std::int64_t too_long_lines) {
    place.record += too_long_lines;
    place.line += too_long_lines;
    for (std::size_t i = 0; i < block.rejected.size() && i < block.errors.size(); ++i) {
      const RecordError& error = block.errors[i];
      CANVASBACK_TRY(
          rejects_.add(error_to_json(error, place.record + error.record, error.line > 0 ? place.line + error.line : 0),
                       block.rejected[i]));
    }
    return {};
  }

  static void refuse(IngestOutcome& outcome, std::int64_t count) {
    outcome.records = 0;
    outcome.error = Error{ErrorCode::InvalidData,
                          "Nothing was kept: " + describe(outcome.errors.as_array()[0], count),
                          outcome.errors.dump(),
                          {},
                          0};
  }

  const IngestWork& work_;
  WorkFeed& feed_;
  const int threads_;
  const CancelToken& cancel_;
  CancelToken feeding_cancel_;
  const std::function<void(const IngestProgress&)>& report_;
  std::shared_ptr<const SchemaCheck> check_;  // nullptr: the collection has no schema
  std::optional<KeyWriter> keys_;             // where the front asks for them
  PartBuilder builder_;
  Rejects rejects_;
  IngestResult result_;
  std::optional<Fingerprint> fingerprint_;  // of an input that is fed, under an Idempotency-Key
};

}  // namespace

Result<IngestResult> run_ingest(const IngestWork& work, WorkFeed& feed, int threads, const CancelToken& cancel,
                                const std::function<void(const IngestProgress&)>& report) {
  return Ingest(work, feed, threads, cancel, report).run();
}

}  // namespace canvasback
