package local

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

const recentMax = 10

// Recent is what was opened last, the latest first: paths of files and folders, and addresses of servers. Keys of
// servers are not kept.
type Recent struct {
	path    string
	mutex   sync.Mutex
	entries []string
}

// List is the entries at present.
func (recent *Recent) List() []string {
	recent.mutex.Lock()
	defer recent.mutex.Unlock()
	return slices.Clone(recent.entries)
}

// LoadRecent reads the list from a file; one that is not there or cannot be read is an empty list.
func LoadRecent(path string) *Recent {
	recent := &Recent{path: path}
	if text, err := os.ReadFile(path); err == nil {
		_ = json.Unmarshal(text, &recent.entries) // a damaged list is no reason not to start
	}
	return recent
}

// Add puts entries in front, and writes the list.
func (recent *Recent) Add(entries ...string) error {
	recent.mutex.Lock()
	defer recent.mutex.Unlock()
	for _, entry := range slices.Backward(entries) {
		recent.entries = slices.DeleteFunc(recent.entries, func(other string) bool { return other == entry })
		recent.entries = slices.Insert(recent.entries, 0, entry)
	}
	recent.entries = recent.entries[:min(len(recent.entries), recentMax)]
	text, err := json.Marshal(recent.entries)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(recent.path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(recent.path, text, 0o600)
}
