#include "worker/roles/pull/changes.hpp"

#include "base/limits.hpp"

namespace canvasback {

Result<std::int64_t> Changes::take(const PulledRows& rows) {
  CANVASBACK_ASSIGN(const auto places, copy_.locate(rows.keys));
  std::vector<std::int64_t> changed;
  for (std::size_t row = 0; row < places.size(); ++row) {
    if (places[row] && places[row]->hash == rows.hashes[row]) continue;
    copy_.put(rows.keys[row], rows_ + static_cast<std::int64_t>(changed.size()), rows.changed_us[row], rows.hashes[row],
              places[row]);
    ++(places[row] ? updated_ : inserted_);
    changed.push_back(static_cast<std::int64_t>(row));
  }
  if (changed.empty()) return 0;
  CANVASBACK_ASSIGN(const PulledRows kept, rows.take(changed));
  CANVASBACK_TRY(write(kept));
  return static_cast<std::int64_t>(changed.size());
}

void Changes::remove(std::string_view key, const TableCopy::Place& place) {
  copy_.remove(key, place);
  ++deleted_;
}

Status Changes::write(const PulledRows& rows) {
  if (!writer_) {
    CANVASBACK_ASSIGN(writer_,
                      PulledPartWriter::open(next_number_++, std::string(kRecent), schema_, threads_, feed_, cancel_));
  }
  CANVASBACK_TRY(writer_->add(rows));
  rows_ += rows.rows();
  return writer_->rows() < kPulledPartRows ? Status() : end_part();
}

Status Changes::end_part() {
  CANVASBACK_ASSIGN(PulledPart part, writer_->finish());
  parts_.push_back(std::move(part));
  writer_.reset();
  return {};
}

Result<std::vector<PulledPart>> Changes::finish() {
  if (writer_) CANVASBACK_TRY(end_part());
  std::vector<std::vector<std::int64_t>> dead(parts_.size());
  for (const std::int64_t row : copy_.dead_of_cycle()) {
    std::int64_t rest = row;
    std::size_t part = 0;
    for (; rest >= parts_[part].rows; ++part) rest -= parts_[part].rows;
    dead[part].push_back(rest);
  }
  for (std::size_t i = 0; i < parts_.size(); ++i) parts_[i].dead.add(std::move(dead[i]));
  return std::move(parts_);
}

}  // namespace canvasback
