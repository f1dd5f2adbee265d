package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// Saved is a finished download; Path is empty where the user decided against it.
type Saved struct {
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
}

// save asks where a download goes and writes it there: to a file beside it first, so that a broken download never looks
// like a whole one.
func (relay *Relay) save(ctx context.Context, href, filename string) (*Saved, error) {
	if !strings.HasPrefix(href, "/api/") {
		return nil, errors.New("only files of the server can be saved")
	}
	path, err := relay.Save(filename)
	if err != nil || path == "" {
		return &Saved{}, err
	}
	target, key := relay.targetOf(href)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String()+href, nil)
	if err != nil {
		return nil, err
	}
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	response, err := relay.proxy.Transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, formBytesMax))
		return nil, fmt.Errorf("the server answered %s: %s", response.Status, text)
	}
	written, err := writeWhole(path, response.Body)
	return &Saved{Path: path, Bytes: written}, err
}

func writeWhole(path string, from io.Reader) (written int64, err error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	written, err = io.Copy(file, from)
	if err == nil {
		err = file.Chmod(0o644)
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	return written, err
}
