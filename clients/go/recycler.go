package canvasback

import (
	"sync"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

const (
	recycledMax      = 4        // buffers that a stream keeps for its next batches
	recycledBytesMin = 64 << 10 // smaller ones cost nothing to make
)

// recycler gives the memory of a released batch to the next one. Fresh memory for each, cleared and faulted in page by
// page, takes a tenth of a stream's time (BenchmarkStream). Memory is not cleared: IPC bodies are overwritten whole.
type recycler struct {
	memory.GoAllocator
	mutex sync.Mutex
	free  [][]byte
}

// Allocate returns size bytes of any content.
func (recycler *recycler) Allocate(size int) []byte {
	recycler.mutex.Lock()
	for i, buffer := range recycler.free {
		if cap(buffer) >= size && cap(buffer) <= 2*size {
			last := len(recycler.free) - 1
			recycler.free[i] = recycler.free[last]
			recycler.free = recycler.free[:last]
			recycler.mutex.Unlock()
			return buffer[:size]
		}
	}
	recycler.mutex.Unlock()
	return recycler.GoAllocator.Allocate(size)
}

// Free takes a buffer back that nobody refers to any more.
func (recycler *recycler) Free(buffer []byte) {
	if cap(buffer) < recycledBytesMin {
		return
	}
	recycler.mutex.Lock()
	defer recycler.mutex.Unlock()
	if len(recycler.free) == recycledMax { // the batches have changed their size: the oldest fits them least
		recycler.free = append(recycler.free[:0], recycler.free[1:]...)
	}
	recycler.free = append(recycler.free, buffer)
}
