#include "source/records/place_builder.hpp"

#include <algorithm>
#include <cstring>

namespace canvasback::records {

void PlaceBuilder::begin_list(std::int64_t row) {
  seen_ |= bit(Kind::List);
  lists_.add(row, true);
  // Rows without a list have an empty range.
  offsets_.resize(static_cast<std::size_t>(row) + 1, static_cast<std::int32_t>(item_count_));
  offsets_.back() = static_cast<std::int32_t>(item_count_);
  if (!items_) items_ = std::make_unique<PlaceBuilder>(texts_ != nullptr ? texts_->items.get() : nullptr);
}

PlaceBuilder& PlaceBuilder::member(std::string_view key) {
  auto found = index_.find(key);
  if (found == index_.end()) {
    found = index_.emplace(std::string(key), members_.size()).first;
    const TextPlaces* texts = texts_ != nullptr ? texts_->find(key) : nullptr;
    const bool plain =
        std::ranges::none_of(key, [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; });
    auto made = std::make_unique<Member>(Member{std::string(key), plain, PlaceBuilder(texts)});
    const std::string quoted = made->key + '"';
    const std::size_t head = std::min(quoted.size(), sizeof made->head);
    std::memcpy(made->head, quoted.data(), head);
    std::memset(made->mask, 0xFF, head);
    members_.push_back(std::move(made));
  }
  expected_ = found->second + 1;
  return members_[found->second]->place;
}

Shredded PlaceBuilder::finish(std::int64_t rows) {
  Shredded out;
  out.rows = rows;
  out.seen = seen_;
  out.ints = ints_.finish(rows, arrow::int64());
  out.bigs = bigs_.finish(rows, arrow::decimal128(38, 0));
  out.doubles = doubles_.finish(rows, arrow::float64());
  out.bools = bools_.finish(rows);
  out.strings = strings_.finish(rows, arrow::utf8());
  out.dates = dates_.finish(rows, arrow::date32());
  out.timestamps = timestamps_.finish(rows, arrow::timestamp(arrow::TimeUnit::MICRO));
  out.binaries = binaries_.finish(rows, arrow::binary());
  out.list_texts = list_texts_.finish(rows, arrow::utf8());
  out.object_texts = object_texts_.finish(rows, arrow::utf8());
  out.lists = lists_.finish(rows);
  out.objects = objects_.finish(rows);
  if (items_) {
    offsets_.resize(static_cast<std::size_t>(rows) + 1, static_cast<std::int32_t>(item_count_));
    out.offsets = arrow::Buffer::FromVector(std::move(offsets_));
    out.items = std::make_unique<Shredded>(items_->finish(item_count_));
  }
  for (auto& member : members_) out.members.emplace_back(std::move(member->key), member->place.finish(rows));
  return out;
}

}  // namespace canvasback::records
