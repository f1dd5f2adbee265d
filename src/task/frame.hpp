// Frames: what crosses the socket pair between the front and a worker. A frame is an 8-byte header (payload length
// as little-endian u32, kind as u8, three zero bytes) and the payload: JSON, or for Data where the answer's bytes lie
// in the ring that both share (task/byte_ring.hpp).
//
//   front → worker   Hello (sandbox and engine settings, first)  Catalog (entries new to this worker)  Task  Cancel
//                    Taken (no payload: there is room in the ring again)  Files (descriptors of a dataset, sent along)
//   worker → front   Ready (sandboxed, engine open)  Head (before the first data: totals)  Data*  LastData  Progress*
//                    CacheOffer (a decoded block in its spill folder, after the answer)  Done | Failed (ends a task)
// Of the roles that write (task/collection_task.hpp) also:
//   front → worker   Input* (where in the ring the bytes lie that a task is fed)  InputEnd
//                    Files (descriptors, sent along with the frame)
//   worker → front   NeedFile (answered by Files)  InputTaken (it is worked off up to that position of the ring)
//                    Alive (now and then, during a task of a role that is fed)
// LastData is Data with Done right behind it, sent together.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace canvasback {

enum class FrameKind : std::uint8_t {
  Hello = 1,
  Catalog = 2,
  Task = 3,
  Cancel = 4,
  Taken = 5,
  Input = 6,
  InputEnd = 7,
  Files = 8,
  Ready = 16,
  Head = 17,
  Data = 18,
  Progress = 19,
  CacheOffer = 20,
  Done = 21,
  Failed = 22,
  LastData = 23,
  NeedFile = 24,
  InputTaken = 25,
  Alive = 26,
};

inline constexpr std::size_t kFrameHeaderBytes = 8;

struct FrameHeader {
  FrameKind kind;
  std::uint32_t payload_bytes;
};

std::array<char, kFrameHeaderBytes> encode_header(FrameKind kind, std::size_t payload_bytes);
// Errors: DataProcessing for an unknown kind or a length over limits::kFrameBytesMax.
Result<FrameHeader> decode_header(std::string_view bytes);

std::string make_frame(FrameKind kind, std::string_view payload);

Json to_json(const Error& error);
Error error_from_json(const Json& json);

}  // namespace canvasback
