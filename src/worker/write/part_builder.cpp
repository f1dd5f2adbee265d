#include "worker/write/part_builder.hpp"

#include <arrow/table.h>

#include <algorithm>
#include <array>

#include "base/limits.hpp"
#include "record/twins.hpp"
#include "worker/write/column_choices.hpp"

namespace canvasback {
namespace {

TextPlaces copy_of(const TextPlaces& places) {
  TextPlaces out;
  out.lists = places.lists;
  out.objects = places.objects;
  for (const auto& [name, member] : places.members) out.members.emplace_back(name, copy_of(member));
  if (places.items) out.items = std::make_unique<TextPlaces>(copy_of(*places.items));
  return out;
}

// The first row that has a value of this kind.
std::int64_t first_row_of(const Shredded& place, Kind kind) {
  const arrow::Array* lane = nullptr;
  switch (kind) {
    case Kind::Int:
    case Kind::WideInt: lane = place.ints.get(); break;
    case Kind::BigInt: lane = place.bigs.get(); break;
    case Kind::Double: lane = place.doubles.get(); break;
    case Kind::Bool: lane = place.bools.get(); break;
    case Kind::String: lane = place.strings.get(); break;
    case Kind::List: lane = place.lists.get(); break;
    case Kind::Object: lane = place.objects.get(); break;
    case Kind::ListText: lane = place.list_texts.get(); break;
    case Kind::ObjectText: lane = place.object_texts.get(); break;
    case Kind::Date: lane = place.dates.get(); break;
    case Kind::Timestamp: lane = place.timestamps.get(); break;
    case Kind::Binary: lane = place.binaries.get(); break;
    case Kind::Null: break;
  }
  for (std::int64_t row = 0; lane != nullptr && row < lane->length(); ++row) {
    if (!lane->IsValid(row)) continue;
    if (kind == Kind::Int || kind == Kind::WideInt) {
      const std::int64_t value = static_cast<const arrow::Int64Array*>(lane)->Value(row);
      const bool wide = value > kExactDoubleInteger || value < -kExactDoubleInteger;
      if (wide != (kind == Kind::WideInt)) continue;
    }
    return row;
  }
  return 0;
}

constexpr std::array kKindsOfValues{Kind::Bool,   Kind::Int,       Kind::WideInt, Kind::BigInt,   Kind::Double,
                                    Kind::String, Kind::List,      Kind::Object,  Kind::ListText, Kind::ObjectText,
                                    Kind::Date,   Kind::Timestamp, Kind::Binary};

constexpr std::int64_t kBloomValuesMin = 256;
// Of one file: until its footer is written, Bloom filters and descriptions of all its row groups are held, a byte or
// two for each row.
constexpr std::int64_t kFileRowsMax = 4'194'304;

}  // namespace

PartBuilder::PartBuilder(std::int64_t time_us, int threads, OpenFile open_file, KeyWriter* keys)
    : time_us_(time_us), threads_(threads), open_file_(std::move(open_file)), keys_(keys) {}

Status PartBuilder::add(Shredded records, std::shared_ptr<const TextPlaces> texts, std::size_t source_bytes,
                        ReadAgain again) {
  if (records.rows == 0) return {};
  group_rows_ += records.rows;
  group_bytes_ += source_bytes;
  records_ += records.rows;
  blocks_.push_back({std::move(records), std::move(texts), std::move(again)});
  if (group_rows_ < limits::kCommitRowGroupRows && group_bytes_ < limits::kPartRowGroupBytes) return {};
  return flush();
}

// Reads blocks again until what their kinds ask for is how they were read.
Status PartBuilder::settle_kinds() {
  while (true) {
    Kinds kinds = kinds_;
    for (const Block& block : blocks_) kinds.merge(kinds_of(block.records));
    settle_twins(kinds);
    if (kinds.members.size() > limits::kRecordKeysMax) {
      return fail(ErrorCode::InvalidData, "The records have more keys than a collection may have columns.");
    }
    TextPlaces places = copy_of(*texts_);
    if (places.add_from(kinds)) texts_ = std::make_shared<const TextPlaces>(std::move(places));
    bool again = false;
    for (Block& block : blocks_) {
      // A block that has no way back has no lists or objects either.
      if (block.texts == texts_ || *block.texts == *texts_ || !block.again) continue;
      const std::int64_t rows = block.records.rows;
      CANVASBACK_ASSIGN(block.records, block.again(*texts_));
      if (block.records.rows != rows) {
        return fail(ErrorCode::DataProcessing, "Records were read twice, and differed.");
      }
      block.texts = texts_;
      again = true;
    }
    if (again) continue;
    kinds_ = std::move(kinds);
    return {};
  }
}

void PartBuilder::note_firsts(const Shredded& records, std::int64_t first_record) {
  for (const auto& [key, member] : records.members) {
    for (Kind kind : kKindsOfValues) {
      if ((member.seen & bit(kind)) == 0) continue;
      const bool known = std::ranges::any_of(
          info_.firsts, [&](const FirstSeen& first) { return first.kind == bit(kind) && first.key == key; });
      if (!known) info_.firsts.push_back({key, bit(kind), first_record + first_row_of(member, kind)});
    }
  }
}

Status PartBuilder::flush() {
  if (blocks_.empty()) return {};
  CANVASBACK_TRY(settle_kinds());
  CANVASBACK_ASSIGN(SchemaPtr schema, schema_of(kinds_));
  std::vector<arrow::ArrayVector> chunks(static_cast<std::size_t>(schema->num_fields()));
  std::int64_t first_record = records_ - group_rows_;
  for (const Block& block : blocks_) {
    note_firsts(block.records, first_record);
    first_record += block.records.rows;
    CANVASBACK_ASSIGN(arrow::ArrayVector columns, columns_from(block.records, kinds_));
    if (keys_ != nullptr) CANVASBACK_TRY(keys_->add(*schema, columns, block.records.rows));
    for (std::size_t i = 0; i < columns.size(); ++i) chunks[i].push_back(std::move(columns[i]));
  }
  arrow::ChunkedArrayVector columns;
  for (arrow::ArrayVector& arrays : chunks) {
    columns.push_back(std::make_shared<arrow::ChunkedArray>(std::move(arrays)));
  }
  const auto table = arrow::Table::Make(schema, std::move(columns), group_rows_);
  const bool full = writer_ && writer_->rows() + group_rows_ > kFileRowsMax;
  if (full || !schema_ || !schema->Equals(*schema_)) {
    CANVASBACK_TRY(end_file({}));
    CANVASBACK_TRY(begin_file(std::move(schema), *table));
  }
  CANVASBACK_TRY(writer_->write_row_group(*table));
  file_kinds_ = kinds_;
  blocks_.clear();
  group_rows_ = 0;
  group_bytes_ = 0;
  return {};
}

Status PartBuilder::begin_file(SchemaPtr schema, const arrow::Table& first) {
  CANVASBACK_ASSIGN(file_, open_file_());
  PartWriterOptions options;
  options.quick = true;
  ColumnChoices choices = choose_columns(first);
  options.dictionary_columns = std::move(choices.dictionary);
  options.uncompressed_columns = std::move(choices.uncompressed);
  options.bloom_values = std::max<std::int64_t>(first.num_rows(), kBloomValuesMin);
  options.threads = threads_;
  options.bloom_columns = filtered_columns(*schema, filtered_);
  schema_ = std::move(schema);
  CANVASBACK_ASSIGN(writer_, PartWriter::open(file_.get(), schema_, std::move(options)));
  return {};
}

Status PartBuilder::end_file(std::vector<KeptRequest> requests) {
  if (!writer_) return {};
  info_.kinds = file_kinds_;
  info_.records = writer_->rows();
  info_.time_us = time_us_;
  info_.requests = std::move(requests);
  info_.keeps_older = keeps_older_;
  CANVASBACK_ASSIGN(WrittenPart written, writer_->finish(to_json(info_).dump()));
  files_.push_back({written.rows, written.bytes, std::move(written.row_group_rows), std::exchange(info_, {})});
  writer_.reset();
  file_.reset();
  return {};
}

Result<std::vector<IngestFile>> PartBuilder::finish(std::vector<KeptRequest> requests,
                                                    std::vector<KeptDelete> deletes) {
  CANVASBACK_TRY(flush());
  if (!deletes.empty()) {
    if (!writer_) {
      file_kinds_.member(kIngestedAtColumn).seen |= bit(Kind::Timestamp);
      CANVASBACK_ASSIGN(SchemaPtr schema, schema_of(file_kinds_));
      auto none = arrow::Table::MakeEmpty(schema);
      if (!none.ok()) return fail(ErrorCode::DataProcessing, "A commit could not be begun.", none.status().ToString());
      CANVASBACK_TRY(begin_file(std::move(schema), **none));
    }
    info_.deletes = std::move(deletes);
  }
  if (keys_ != nullptr) CANVASBACK_TRY(keys_->finish());
  CANVASBACK_TRY(end_file(std::move(requests)));
  return std::move(files_);
}

}  // namespace canvasback
