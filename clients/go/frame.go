package canvasback

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

const (
	frameHeaderBytes = 24
	frameVersion     = 1
	frameKindRows    = 1
	flagPartial      = 1
	flagCut          = 2
)

// Window is some rows of a view.
type Window struct {
	// From is the position of the first row in the view.
	From int64
	// Batch has the rows; none past the end of the view.
	Batch arrow.RecordBatch
	// Partial: the view has more of the rows asked for, but they would pass 8 MiB. Ask for the rest (View.Rows does).
	Partial bool
	// Cut: some cell is longer than CellBytes and was cut.
	Cut bool
	// ServerTime is how long the server worked on it.
	ServerTime time.Duration
}

// Release frees the rows.
func (window *Window) Release() { window.Batch.Release() }

// parseWindow reads a binary frame (docs/stream.md). The id is 0 where the frame has no header of ours.
func parseWindow(frame []byte) (*Window, uint32, error) {
	if len(frame) < frameHeaderBytes || frame[0] != frameVersion || frame[1] != frameKindRows {
		return nil, 0, fmt.Errorf("a frame of another version or kind: % x", frame[:min(len(frame), frameHeaderBytes)])
	}
	flags := binary.LittleEndian.Uint16(frame[2:])
	id := binary.LittleEndian.Uint32(frame[4:])
	window := &Window{
		From:       int64(binary.LittleEndian.Uint64(frame[8:])),
		Partial:    flags&flagPartial != 0,
		Cut:        flags&flagCut != 0,
		ServerTime: time.Duration(binary.LittleEndian.Uint32(frame[20:])) * time.Microsecond,
	}
	rows := int64(binary.LittleEndian.Uint32(frame[16:]))
	reader, err := ipc.NewReader(bytes.NewReader(frame[frameHeaderBytes:]))
	if err != nil {
		return nil, id, incomplete(err)
	}
	defer reader.Release()
	if reader.Next() {
		window.Batch = reader.RecordBatch()
		window.Batch.Retain()
	} else if reader.Err() != nil {
		return nil, id, incomplete(reader.Err())
	} else {
		window.Batch = array.NewRecordBuilder(memory.DefaultAllocator, reader.Schema()).NewRecordBatch()
	}
	if window.Batch.NumRows() != rows {
		err := fmt.Errorf("a window of %d rows has %d", rows, window.Batch.NumRows())
		window.Release()
		return nil, id, incomplete(err)
	}
	return window, id, nil
}
