// What crosses the socket between front and worker: headers, and JSON of tasks, datasets and errors. Either side may be
// lied to by the other once its sandbox is broken.
#include "task/frame.hpp"

#include "base/limits.hpp"
#include "fuzz/support.hpp"
#include "task/byte_ring.hpp"
#include "task/task.hpp"

using namespace canvasback;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  if (size >= kFrameHeaderBytes) {
    if (const auto header = decode_header(text.substr(0, kFrameHeaderBytes))) {
      FUZZ_CHECK(header->payload_bytes <= limits::kFrameBytesMax);
      const auto again = encode_header(header->kind, header->payload_bytes);
      FUZZ_CHECK(text.starts_with(std::string_view(again.data(), again.size())));
    }
  }
  if (const auto piece = decode_piece(text.substr(0, kRingPieceBytes))) {
    FUZZ_CHECK(encode_piece(*piece) == text.substr(0, kRingPieceBytes));
    static RingReader ring(RingMemory::create().value());
    if (const auto bytes = ring.view(*piece)) {
      FUZZ_CHECK(bytes->data() >= ring.memory().bytes());
      FUZZ_CHECK(bytes->data() + bytes->size() <= ring.memory().bytes() + kRingBytes);
      for (char byte : *bytes) FUZZ_CHECK(byte == 0);
    }
  }
  const auto json = Json::parse(text);
  if (!json) return 0;
  if (const auto task = task_from_json(*json)) {
    const Json once = to_json(*task);
    const auto again = task_from_json(once);
    FUZZ_CHECK(again);
    FUZZ_CHECK(to_json(*again).dump() == once.dump());
  }
  if (const auto dataset = dataset_from_json(*json)) {
    const Json once = to_json(*dataset);
    const auto again = dataset_from_json(once);
    FUZZ_CHECK(again);
    FUZZ_CHECK(to_json(*again).dump() == once.dump());
    static_cast<void>(dataset->bytes());
  }
  const Error error = error_from_json(*json);
  FUZZ_CHECK(to_json(error_from_json(to_json(error))).dump() == to_json(error).dump());
  return 0;
}
