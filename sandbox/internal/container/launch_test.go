package container

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/meshmanager/smm/sandbox/internal/container/initproc"
)

// A process that reads one JSON value and then closes the stream, which running its program does, must not have
// left anything unread, whatever the size of its buffer: the runtime would see a reset instead of the end.
func TestTheRequestIsOneJSONValueAndNothingElse(t *testing.T) {
	ours, theirs, err := socketPair()
	if err != nil {
		t.Fatal(err)
	}
	received := make(chan []byte, 1)
	go func() {
		defer theirs.Close()
		var request initproc.Create
		decoder := json.NewDecoder(theirs)
		if err := decoder.Decode(&request); err != nil {
			t.Error(err)
		}
		var rest bytes.Buffer
		if _, err := rest.ReadFrom(decoder.Buffered()); err != nil {
			t.Error(err)
		}
		received <- rest.Bytes()
	}()
	l := &launched{control: ours}
	defer l.close()
	if err := l.handshake(t.Context(), initproc.Create{Hostname: strings.Repeat("x", 100)}); err != nil {
		t.Error(err)
	}
	if rest := <-received; len(rest) != 0 {
		t.Errorf("%q follows the request", rest)
	}
}
